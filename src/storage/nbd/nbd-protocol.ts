// The NBD protocol, as its specification (the document proto.md of the NBD project) names things. All numbers are big-endian.

/** "NBDMAGIC", what a server says first. */
export const SERVER_MAGIC = 0x4e42_444d_4147_4943n;
/** "IHAVEOPT": the server haggles options, as all have done since 2011. */
export const OPTION_MAGIC = 0x4948_4156_454f_5054n;
export const OPTION_REPLY_MAGIC = 0x0003_e889_0455_65a9n;
export const REQUEST_MAGIC = 0x2560_9513;
export const SIMPLE_REPLY_MAGIC = 0x6744_6698;

/** Bits of the handshake flags, the same for both sides. */
export const HANDSHAKE = { fixedNewstyle: 1, noZeroes: 2 } as const;
export const OPTION = { exportName: 1, abort: 2, go: 7 } as const;
export const OPTION_REPLY = { ack: 1, info: 3 } as const;
/** What a server may refuse with. */
export const OPTION_ERROR = {
  unsupported: 0x8000_0001,
  policy: 0x8000_0002,
  tlsRequired: 0x8000_0005,
  unknown: 0x8000_0006,
  blockSizeRequired: 0x8000_0008,
} as const;
export const INFO = { export: 0, blockSize: 3 } as const;

/** Bits of the transmission flags: what the server can do. */
export const TRANSMISSION = { readOnly: 2, flush: 4, fua: 8, trim: 32, writeZeroes: 64 } as const;

export const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6 } as const;
export type Command = (typeof COMMAND)[keyof typeof COMMAND];
/** Bits of a command's flags. */
export const COMMAND_FLAG = { forceUnitAccess: 1, noHole: 2 } as const;

export const REQUEST_LENGTH = 28;
export const SIMPLE_REPLY_LENGTH = 16;

/** What an error number of a reply means; the protocol has numbers of its own that are those of Linux. */
export function errorText(error: number): string {
  const texts = new Map([
    [1, 'operation not permitted'],
    [5, 'input/output error'],
    [12, 'out of memory'],
    [22, 'invalid request'],
    [28, 'no space left'],
    [75, 'value too large'],
    [95, 'not supported'],
    [108, 'the server is shutting down'],
  ]);
  return texts.get(error) ?? `error ${error}`;
}

/** One request, without its data. @param handle comes back in the reply */
export function encodeRequest(
  command: Command,
  flags: number,
  handle: number,
  offset: number,
  length: number,
): Uint8Array {
  const bytes = new Uint8Array(REQUEST_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST_MAGIC);
  view.setUint16(4, flags);
  view.setUint16(6, command);
  view.setUint32(12, handle);
  view.setBigUint64(16, BigInt(offset));
  view.setUint32(24, length);
  return bytes;
}
