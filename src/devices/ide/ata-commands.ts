/** Commands of disks (ATA/ATAPI-6, 8). Some have two codes, of which the second is obsolete. */
export const ATA = {
  nop: 0x00,
  deviceReset: 0x08,
  recalibrate: 0x10,
  read: 0x20,
  readOnce: 0x21,
  readExtended: 0x24,
  readDmaExtended: 0x25,
  readNativeMaxExtended: 0x27,
  readMultipleExtended: 0x29,
  write: 0x30,
  writeOnce: 0x31,
  writeExtended: 0x34,
  writeDmaExtended: 0x35,
  writeMultipleExtended: 0x39,
  writeDmaForcedExtended: 0x3d,
  verify: 0x40,
  verifyOnce: 0x41,
  verifyExtended: 0x42,
  seek: 0x70,
  diagnose: 0x90,
  setParameters: 0x91,
  packet: 0xa0,
  identifyPacket: 0xa1,
  readMultiple: 0xc4,
  writeMultiple: 0xc5,
  setMultiple: 0xc6,
  readDma: 0xc8,
  readDmaOnce: 0xc9,
  writeDma: 0xca,
  writeDmaOnce: 0xcb,
  writeMultipleForcedExtended: 0xce,
  standbyImmediate: 0xe0,
  idleImmediate: 0xe1,
  standby: 0xe2,
  idle: 0xe3,
  checkPower: 0xe5,
  sleep: 0xe6,
  flush: 0xe7,
  flushExtended: 0xea,
  identify: 0xec,
  setFeatures: 0xef,
  readNativeMax: 0xf8,
} as const;

/** Features that SET FEATURES (8.46) turns on and off. */
export const FEATURE = {
  writeCacheOn: 0x02,
  transferMode: 0x03,
  lookAheadOff: 0x55,
  keepAfterReset: 0x66,
  writeCacheOff: 0x82,
  lookAheadOn: 0xaa,
  revertAfterReset: 0xcc,
} as const;

/** Kinds of transfer modes, in the high five bits of the count register. */
export const TRANSFER_MODE = { programmed: 0x00, flowControl: 0x08, multiword: 0x20, ultra: 0x40 } as const;
/** The fastest of each kind. */
export const FASTEST = { programmed: 4, multiword: 2, ultra: 5 } as const;

/** Whether there is such a transfer mode. */
export function isTransferMode(value: number): boolean {
  const mode = value & 7;
  switch (value & 0xf8) {
    case TRANSFER_MODE.programmed:
      return mode <= 1;
    case TRANSFER_MODE.flowControl:
      return mode <= FASTEST.programmed;
    case TRANSFER_MODE.multiword:
      return mode <= FASTEST.multiword;
    case TRANSFER_MODE.ultra:
      return mode <= FASTEST.ultra;
    default:
      return false;
  }
}
