import type { ByteOutput } from './byte-output.ts';

/** How a client wants pixels (RFC 6143, 7.4). */
export interface PixelFormat {
  /** 1, 2 or 4. */
  readonly bytes: number;
  readonly depth: number;
  readonly bigEndian: boolean;
  /** Whether pixels are colours; otherwise they index a colour map, which is fixed here. */
  readonly trueColour: boolean;
  readonly red: Channel;
  readonly green: Channel;
  readonly blue: Channel;
}

export interface Channel {
  /** The value of full brightness. */
  readonly maximum: number;
  readonly shift: number;
}

export const PIXEL_FORMAT_LENGTH = 16;

/** What the server offers: 32 bits, blue lowest. */
export const SERVER_FORMAT: PixelFormat = {
  bytes: 4,
  depth: 24,
  bigEndian: false,
  trueColour: true,
  red: { maximum: 255, shift: 16 },
  green: { maximum: 255, shift: 8 },
  blue: { maximum: 255, shift: 0 },
};

/** The colours of a colour map: three bits of red and of green, two of blue. */
const MAPPED = { red: { maximum: 7, shift: 5 }, green: { maximum: 7, shift: 2 }, blue: { maximum: 3, shift: 0 } };

export const writePixelFormat = (into: ByteOutput, format: PixelFormat): void => {
  into.u8(format.bytes * 8).u8(format.depth);
  into.u8(format.bigEndian ? 1 : 0).u8(format.trueColour ? 1 : 0);
  const channels = [format.red, format.green, format.blue];
  for (const { maximum } of channels) into.u16(maximum);
  for (const { shift } of channels) into.u8(shift);
  into.u8(0).u16(0);
};

/** Reads a format; undefined when there is none such. */
export const readPixelFormat = (from: DataView, offset: number): PixelFormat | undefined => {
  const bits = from.getUint8(offset);
  if (bits !== 8 && bits !== 16 && bits !== 32) return undefined;
  const trueColour = from.getUint8(offset + 3) !== 0;
  const channel = (n: number): Channel => ({
    maximum: from.getUint16(offset + 4 + n * 2),
    shift: from.getUint8(offset + 10 + n) & 31,
  });
  return {
    bytes: bits / 8,
    depth: from.getUint8(offset + 1),
    bigEndian: from.getUint8(offset + 2) !== 0,
    trueColour,
    ...(trueColour ? { red: channel(0), green: channel(1), blue: channel(2) } : MAPPED),
  };
};

/** Turns pixels 0xFFBBGGRR into a client's. */
export type PixelConversion = (pixel: number) => number;

export const pixelConversion = (format: PixelFormat): PixelConversion => {
  const table = ({ maximum, shift }: Channel): Uint32Array =>
    Uint32Array.from({ length: 256 }, (_, value) => Math.round((value * maximum) / 255) << shift);
  const [red, green, blue] = [table(format.red), table(format.green), table(format.blue)];
  return (pixel) =>
    ((red[pixel & 0xff] as number) |
      (green[(pixel >>> 8) & 0xff] as number) |
      (blue[(pixel >>> 16) & 0xff] as number)) >>>
    0;
};

/** `SetColourMapEntries` with all 256 colours of the fixed map (RFC 6143, 7.6.2). */
export const writeColourMap = (into: ByteOutput): void => {
  into.u8(1).u8(0).u16(0).u16(256);
  for (let index = 0; index < 256; index += 1) {
    for (const { maximum, shift } of [MAPPED.red, MAPPED.green, MAPPED.blue]) {
      into.u16(Math.round((((index >> shift) & maximum) * 0xffff) / maximum));
    }
  }
};
