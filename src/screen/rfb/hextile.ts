import type { ByteOutput } from './byte-output.ts';
import { countColours, forEachTile } from './picture.ts';
import type { Picture } from './picture.ts';
import type { PixelFormat } from './pixel-format.ts';

const TILE = 16;
const MASK = { raw: 0x01, background: 0x02, foreground: 0x04, subrectangles: 0x08, coloured: 0x10 } as const;
const MOST_SUBRECTANGLES = 255;

/** The Hextile encoding (RFC 6143, 7.7.4): tiles of 16 by 16 pixels, each a background with rectangles on it, or raw. */
export const encodeHextile = (picture: Picture, format: PixelFormat, into: ByteOutput): void =>
  forEachTile(picture, TILE, (tile) => encodeTile(tile, format, into));

const encodeTile = (tile: Picture, format: PixelFormat, into: ByteOutput): void => {
  const { bytes, bigEndian } = format;
  const counts = countColours(tile.pixels, TILE * TILE) as Map<number, number>;
  const [background] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  if (counts.size === 1) {
    into.u8(MASK.background).pixel(background, bytes, bigEndian);
    return;
  }
  const foreground = counts.size === 2 ? [...counts.keys()].find((colour) => colour !== background) : undefined;
  const rectangles = subrectangles(tile, background);
  const raw = 1 + tile.pixels.length * bytes;
  const length = 2 + bytes * 2 + rectangles.length * (2 + (foreground === undefined ? bytes : 0));
  if (rectangles.length <= MOST_SUBRECTANGLES && length < raw) {
    const kind = foreground === undefined ? MASK.coloured : MASK.foreground;
    into.u8(MASK.background | MASK.subrectangles | kind).pixel(background, bytes, bigEndian);
    if (foreground !== undefined) into.pixel(foreground, bytes, bigEndian);
    into.u8(rectangles.length);
    for (const { x, y, width, height, colour } of rectangles) {
      if (foreground === undefined) into.pixel(colour, bytes, bigEndian);
      into.u8((x << 4) | y).u8(((width - 1) << 4) | (height - 1));
    }
    return;
  }
  into.u8(MASK.raw);
  for (const pixel of tile.pixels) into.pixel(pixel, bytes, bigEndian);
};

interface Subrectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: number;
}

/** Covers all that is not background: runs of a colour to the right, drawn out downwards as far as they go. */
const subrectangles = ({ width, height, pixels }: Picture, background: number): readonly Subrectangle[] => {
  const found: Subrectangle[] = [];
  const done = new Uint8Array(pixels.length);
  const has = (x: number, y: number, colour: number): boolean =>
    x < width && done[y * width + x] === 0 && pixels[y * width + x] === colour;
  for (let at = 0; at < pixels.length; at += 1) {
    const colour = pixels[at] as number;
    if (colour === background || done[at] === 1) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    let right = x + 1;
    while (has(right, y, colour)) right += 1;
    let bottom = y + 1;
    const isRun = (row: number): boolean => {
      for (let column = x; column < right; column += 1) if (!has(column, row, colour)) return false;
      return true;
    };
    while (bottom < height && isRun(bottom)) bottom += 1;
    for (let row = y; row < bottom; row += 1) done.fill(1, row * width + x, row * width + right);
    found.push({ x, y, width: right - x, height: bottom - y, colour });
  }
  return found;
};
