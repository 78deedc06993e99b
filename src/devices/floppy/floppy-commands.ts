/** Command codes without their MT, MFM and SK bits (82077AA data sheet, 5.0). */
export const COMMAND = {
  readTrack: 0x02,
  specify: 0x03,
  senseDrive: 0x04,
  write: 0x05,
  read: 0x06,
  recalibrate: 0x07,
  senseInterrupt: 0x08,
  writeDeleted: 0x09,
  readId: 0x0a,
  readDeleted: 0x0c,
  formatTrack: 0x0d,
  dumpRegisters: 0x0e,
  seek: 0x0f,
  version: 0x10,
  perpendicular: 0x12,
  configure: 0x13,
  lock: 0x14,
  verify: 0x16,
} as const;

/** How many bytes each command has, its code included. What is not here is invalid. */
const LENGTHS: Readonly<Record<number, number>> = {
  [COMMAND.readTrack]: 9,
  [COMMAND.specify]: 3,
  [COMMAND.senseDrive]: 2,
  [COMMAND.write]: 9,
  [COMMAND.read]: 9,
  [COMMAND.recalibrate]: 2,
  [COMMAND.senseInterrupt]: 1,
  [COMMAND.writeDeleted]: 9,
  [COMMAND.readId]: 2,
  [COMMAND.readDeleted]: 9,
  [COMMAND.formatTrack]: 6,
  [COMMAND.dumpRegisters]: 1,
  [COMMAND.seek]: 3,
  [COMMAND.version]: 1,
  [COMMAND.perpendicular]: 2,
  [COMMAND.configure]: 4,
  [COMMAND.lock]: 1,
  [COMMAND.verify]: 9,
};

export const commandOf = (code: number): number => code & 0x1f;

/** Bytes of the command that begins with `code`; 1 for an invalid one, which is answered at once. */
export const commandLength = (code: number): number => LENGTHS[commandOf(code)] ?? 1;

/** Bits of the status registers that come as results (82077AA data sheet, 5.2.1). */
export const STATUS_0 = { abnormal: 0x40, invalid: 0x80, afterReset: 0xc0, seekEnd: 0x20, equipment: 0x10 } as const;
export const STATUS_1 = { endOfTrack: 0x80, dataError: 0x20, overrun: 0x10, noData: 0x04, notWritable: 0x02, noMark: 0x01 } as const; // prettier-ignore
export const STATUS_2 = { wrongCylinder: 0x10, dataError: 0x20 } as const;
