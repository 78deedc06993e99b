/** Commands in packets (MMC-5, 6; SPC-3, 6). */
export const PACKET = {
  testUnitReady: 0x00,
  requestSense: 0x03,
  inquiry: 0x12,
  startStop: 0x1b,
  preventRemoval: 0x1e,
  readCapacity: 0x25,
  read10: 0x28,
  seek10: 0x2b,
  readToc: 0x43,
  getConfiguration: 0x46,
  getEventStatus: 0x4a,
  readDiscInformation: 0x51,
  readTrackInformation: 0x52,
  modeSense10: 0x5a,
  read12: 0xa8,
  setSpeed: 0xbb,
  mechanismStatus: 0xbd,
  readCd: 0xbe,
} as const;

export const SENSE_KEY = { none: 0, notReady: 2, mediumError: 3, illegalRequest: 5, unitAttention: 6 } as const;

/** Additional sense code and its qualifier. */
export const SENSE_CODE = {
  none: 0x0000,
  unrecoveredRead: 0x1100,
  unknownCommand: 0x2000,
  outOfRange: 0x2100,
  invalidField: 0x2400,
  mediumChanged: 0x2800,
  wasReset: 0x2900,
  noMedium: 0x3a01,
  trayOpen: 0x3a02,
  removalPrevented: 0x5302,
} as const;

/** What GET EVENT STATUS NOTIFICATION tells of the medium. */
export const MEDIUM_EVENT = { none: 0, ejectRequest: 1, newMedium: 2, removal: 3 } as const;

/** In bytes. */
export const FRAME = 2048;

/** The fields of a packet have the high byte first. */
export const be16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
export const be32 = (bytes: Uint8Array, at: number): number => be16(bytes, at) * 0x1_0000 + be16(bytes, at + 2);

/** Bytes with the high one first, as many as `size` says. */
export const big = (value: number, size: 2 | 4): number[] =>
  Array.from({ length: size }, (_, at) => (value >>> ((size - 1 - at) * 8)) & 0xff);
