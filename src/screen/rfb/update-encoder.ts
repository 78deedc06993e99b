import type { Display, Rectangle } from '../../base/display.ts';
import type { ByteOutput } from './byte-output.ts';
import { encodeHextile } from './hextile.ts';
import type { Picture } from './picture.ts';
import { pixelConversion, SERVER_FORMAT } from './pixel-format.ts';
import type { PixelConversion, PixelFormat } from './pixel-format.ts';
import { ZrleEncoder } from './zrle.ts';

/** Encodings of pixels, as numbered in RFC 6143, 7.7. */
export const ENCODING = { raw: 0, hextile: 5, zrle: 16 } as const;
/** Rows of a rectangle that are encoded at once; a multiple of what tiles are high. */
const BAND = 64;

/** Turns parts of a display into rectangles of an update, in the format and encoding that a client asked for. */
export class UpdateEncoder {
  readonly #display: Display;
  readonly #zrle = new ZrleEncoder();
  #format = SERVER_FORMAT;
  #convert: PixelConversion = pixelConversion(SERVER_FORMAT);
  #encoding: number = ENCODING.raw;

  constructor(display: Display) {
    this.#display = display;
  }

  setFormat(format: PixelFormat): void {
    this.#format = format;
    this.#convert = pixelConversion(format);
  }

  /** Takes the first encoding of a client's list that the server has too. */
  choose(encodings: readonly number[]): void {
    const known: readonly number[] = Object.values(ENCODING);
    this.#encoding = encodings.find((encoding) => known.includes(encoding)) ?? ENCODING.raw;
  }

  /** Appends `area` and returns how many rectangles it became. What is outside the display is black. */
  encode(area: Rectangle, into: ByteOutput): number {
    let count = 0;
    for (let y = area.y; y < area.y + area.height; y += BAND) {
      const band = { ...area, y, height: Math.min(BAND, area.y + area.height - y) };
      writeRectangle(into, band, this.#encoding);
      const picture = this.#extract(band);
      if (this.#encoding === ENCODING.zrle) this.#zrle.encode(picture, this.#format, into);
      else if (this.#encoding === ENCODING.hextile) encodeHextile(picture, this.#format, into);
      else for (const pixel of picture.pixels) into.pixel(pixel, this.#format.bytes, this.#format.bigEndian);
      count += 1;
    }
    return count;
  }

  #extract({ x, y, width, height }: Rectangle): Picture {
    const { size, pixels: bytes } = this.#display;
    const source = new Uint32Array(bytes.buffer, bytes.byteOffset, size.width * size.height);
    const pixels = new Uint32Array(width * height).fill(this.#convert(0xff00_0000));
    const shown = Math.max(Math.min(width, size.width - x), 0);
    for (let row = 0; row < height && y + row < size.height; row += 1) {
      const from = (y + row) * size.width + x;
      for (let column = 0; column < shown; column += 1) {
        pixels[row * width + column] = this.#convert(source[from + column] as number);
      }
    }
    return { width, height, pixels };
  }
}

/** The head of a rectangle: where it is, and how it is encoded. */
export const writeRectangle = (into: ByteOutput, { x, y, width, height }: Rectangle, encoding: number): void => {
  into.u16(x).u16(y).u16(width).u16(height).u32(encoding);
};
