import { countShift, planeAddress } from './scan-out.ts';
import type { ScanLine, ScanOut } from './scan-out.ts';
import type { VgaState } from './vga-state.ts';

/** Eight bits, the highest first, spread to the lowest bits of eight nibbles, the first lowest. */
const SPREAD = Uint32Array.from({ length: 256 }, (_, byte) => {
  let nibbles = 0;
  for (let bit = 0; bit < 8; bit += 1) nibbles |= ((byte >> (7 - bit)) & 1) << (bit * 4);
  return nibbles >>> 0;
});

/** Eight pixels of a word of four planes as eight nibbles, the left one lowest. */
const planarNibbles = (word: number): number =>
  (SPREAD[word & 0xff] as number) |
  ((SPREAD[(word >>> 8) & 0xff] as number) << 1) |
  ((SPREAD[(word >>> 16) & 0xff] as number) << 2) |
  ((SPREAD[word >>> 24] as number) << 3);

/** Two bits a pixel: planes 0 and 1 one after the other give bits 0 and 1, planes 2 and 3 bits 2 and 3. */
const pairNibbles = (word: number): number => {
  let nibbles = 0;
  for (let pixel = 0; pixel < 8; pixel += 1) {
    const byte = pixel >> 2;
    const shift = 6 - (pixel & 3) * 2;
    const low = (word >>> (byte * 8 + shift)) & 3;
    const high = (word >>> (byte * 8 + 16 + shift)) & 3;
    nibbles |= (low | (high << 2)) << (pixel * 4);
  }
  return nibbles;
};

/** Draws one scan line of a graphics mode as colour numbers into `into`, one character clock more than is shown. */
export const drawGraphics = (
  state: VgaState,
  words: Uint32Array,
  geometry: ScanOut,
  line: ScanLine,
  into: Uint8Array,
): void => {
  const shift = countShift(state);
  const nibblesOf = geometry.format === 'cga' ? pairNibbles : planarNibbles;
  let at = 0;
  for (let column = 0; column <= geometry.columns; column += 1) {
    const counter = (line.counter + (column >> shift)) & 0xffff;
    const word = words[planeAddress(state, counter, line.rowScan)] as number;
    if (geometry.format === '256') {
      into[at] = word;
      into[at + 1] = word >>> 8;
      into[at + 2] = word >>> 16;
      into[at + 3] = word >>> 24;
      at += 4;
    } else at = putNibbles(nibblesOf(word), into, at);
  }
};

const putNibbles = (nibbles: number, into: Uint8Array, at: number): number => {
  for (let pixel = 0; pixel < 8; pixel += 1) into[at + pixel] = (nibbles >>> (pixel * 4)) & 15;
  return at + 8;
};

/** Draws `columns` groups of eight pixels of four planes, from word `first` of video memory on: an extended 16-colour mode. */
export const drawPlanes = (words: Uint32Array, first: number, columns: number, into: Uint8Array): void => {
  for (let column = 0; column < columns; column += 1) {
    putNibbles(planarNibbles(words[(first + column) % words.length] as number), into, column * 8);
  }
};
