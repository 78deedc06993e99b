/** Offsets in the command block (ATA/ATAPI-6, 7). */
export const REGISTER = {
  data: 0,
  /** Error when read, features when written. */
  error: 1,
  /** Interrupt reason of a packet device. */
  count: 2,
  low: 3,
  /** Byte count of a packet device, low half. */
  mid: 4,
  high: 5,
  device: 6,
  /** Status when read, command when written. */
  status: 7,
} as const;

export const STATUS = { error: 0x01, request: 0x08, seekComplete: 0x10, fault: 0x20, ready: 0x40, busy: 0x80 } as const;
/** The device is ready and rests. */
export const AT_REST = STATUS.ready | STATUS.seekComplete;

export const ERROR = { aborted: 0x04, notFound: 0x10, uncorrectable: 0x40 } as const;

export const CONTROL = { interruptDisable: 0x02, reset: 0x04, highOrder: 0x80 } as const;
export const DEVICE = { second: 0x10, lba: 0x40 } as const;
/** Bits of the device register that read as ones. */
export const DEVICE_OBSOLETE = 0xa0;

/** What a packet device says in the count register about the transfer. */
export const REASON = { command: 0x01, toHost: 0x02 } as const;

/** What a device has after power-on or a reset in its registers, by which software knows its kind. */
export const DIAGNOSTIC_PASSED = 0x01;
