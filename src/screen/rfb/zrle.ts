import { Deflate, Z_SYNC_FLUSH } from 'pako';
import { ByteOutput } from './byte-output.ts';
import { countColours, forEachTile } from './picture.ts';
import type { Picture } from './picture.ts';
import type { PixelFormat } from './pixel-format.ts';

const TILE = 64;
const PLAIN_RLE = 128;
const LARGEST_PALETTE = 16;
/** Speed before size: the network is near. */
const LEVEL = 1;

/** The ZRLE encoding (RFC 6143, 7.7.6): tiles of 64 by 64 pixels, through one zlib stream for the whole connection. */
export class ZrleEncoder {
  readonly #zlib = new Deflate({ level: LEVEL });
  #compressed = new ByteOutput();

  constructor() {
    this.#zlib.onData = (bytes) => void this.#compressed.append(bytes);
  }

  encode(picture: Picture, format: PixelFormat, into: ByteOutput): void {
    const plain = new ByteOutput();
    const compact = compactPixel(format);
    forEachTile(picture, TILE, (tile) => encodeTile(tile, compact, plain));
    this.#compressed = new ByteOutput();
    this.#zlib.push(plain.bytes(), Z_SYNC_FLUSH);
    into.u32(this.#compressed.length).append(this.#compressed.bytes());
  }
}

/** Writes a pixel in as few bytes as it takes. */
interface CompactPixel {
  readonly size: number;
  readonly write: (pixel: number, into: ByteOutput) => void;
}

/** Pixels of 32 bits whose colours leave the highest or the lowest byte free go without it. */
const compactPixel = (format: PixelFormat): CompactPixel => {
  const { bytes, bigEndian } = format;
  const used = [format.red, format.green, format.blue].reduce(
    (bits, { maximum, shift }) => (bits | (maximum << shift)) >>> 0,
    0,
  );
  if (bytes < 4 || !format.trueColour || format.depth > 24 || (used > 0xff_ffff && (used & 0xff) !== 0)) {
    return { size: bytes, write: (pixel, into) => void into.pixel(pixel, bytes, bigEndian) };
  }
  const shift = used <= 0xff_ffff ? 0 : 8;
  return { size: 3, write: (pixel, into) => void into.pixel(pixel >>> shift, 3, bigEndian) };
};

const encodeTile = (tile: Picture, compact: CompactPixel, into: ByteOutput): void => {
  const { pixels } = tile;
  const colours = countColours(pixels, LARGEST_PALETTE);
  if (colours !== undefined) {
    into.u8(colours.size);
    for (const colour of colours.keys()) compact.write(colour, into);
    if (colours.size > 1) packIndexes(tile, [...colours.keys()], into);
    return;
  }
  const runs = countRuns(pixels);
  if (runs * (compact.size + 1) < pixels.length * compact.size) {
    into.u8(PLAIN_RLE);
    writeRuns(pixels, compact, into);
    return;
  }
  into.u8(0);
  for (const pixel of pixels) compact.write(pixel, into);
};

/** One, two or four bits a pixel, the first highest; each row begins with a byte. */
const packIndexes = ({ width, pixels }: Picture, palette: readonly number[], into: ByteOutput): void => {
  const bits = palette.length <= 2 ? 1 : palette.length <= 4 ? 2 : 4;
  const indexes = new Map(palette.map((colour, index) => [colour, index]));
  for (let start = 0; start < pixels.length; start += width) {
    let byte = 0;
    let filled = 0;
    for (let x = 0; x < width; x += 1) {
      byte = (byte << bits) | (indexes.get(pixels[start + x] as number) as number);
      filled += bits;
      if (filled < 8) continue;
      into.u8(byte);
      byte = 0;
      filled = 0;
    }
    if (filled > 0) into.u8(byte << (8 - filled));
  }
};

const countRuns = (pixels: Uint32Array): number => {
  let runs = 0;
  for (let at = 0; at < pixels.length; at += 1) if (at === 0 || pixels[at] !== pixels[at - 1]) runs += 1;
  return runs;
};

/** A colour, then the length less one as bytes that add up, of which all but the last are 255. */
const writeRuns = (pixels: Uint32Array, compact: CompactPixel, into: ByteOutput): void => {
  for (let at = 0; at < pixels.length;) {
    const colour = pixels[at] as number;
    const start = at;
    while (at < pixels.length && pixels[at] === colour) at += 1;
    compact.write(colour, into);
    let left = at - start - 1;
    for (; left >= 255; left -= 255) into.u8(255);
    into.u8(left);
  }
};
