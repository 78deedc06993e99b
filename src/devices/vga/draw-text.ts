import { planeAddress } from './scan-out.ts';
import type { ScanLine, ScanOut } from './scan-out.ts';
import { ATTRIBUTE, SEQUENCER } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';

/** Whether what blinks is shown now. */
export interface BlinkPhase {
  readonly cursor: boolean;
  readonly characters: boolean;
}

/** The phase after so many frames: the cursor is on and off for 8 frames each, blinking characters for 16. */
export const blinkPhase = (frames: number): BlinkPhase => ({
  cursor: Math.floor(frames / 8) % 2 === 0,
  characters: Math.floor(frames / 16) % 2 === 0,
});

/** Draws character cells of one scan line as colour numbers 0 to 15 into `into`, one more column than are shown. */
export const drawText = (
  state: VgaState,
  words: Uint32Array,
  geometry: ScanOut,
  line: ScanLine,
  phase: BlinkPhase,
  into: Uint8Array,
): void => {
  const { rowScan } = line;
  const { dots } = geometry;
  const mode = state.attribute[ATTRIBUTE.mode] as number;
  const blinks = (mode & 0x08) !== 0;
  const joinsLines = (mode & 0x04) !== 0;
  const underline = ((state.crtc[0x14] as number) & 0x1f) === rowScan;
  const [fontOfDim, fontOfBright] = fonts(state.sequencer[SEQUENCER.fontSelect] as number);
  const cursor = cursorOn(state, rowScan) && phase.cursor ? cursorAddress(state) : -1;
  let at = 0;
  for (let column = 0; column <= geometry.columns; column += 1) {
    const counter = (line.counter + column) & 0xffff;
    const cell = words[planeAddress(state, counter, rowScan)] as number;
    const character = cell & 0xff;
    const attribute = (cell >>> 8) & 0xff;
    const font = (attribute & 0x08) !== 0 ? fontOfBright : fontOfDim;
    const foreground = attribute & 15;
    const background = (attribute >> 4) & (blinks ? 7 : 15);
    let glyph = ((words[(font + character * 32 + rowScan) & 0xffff] as number) >>> 16) & 0xff;
    if (underline && (attribute & 0x77) === 0x01) glyph = 0xff;
    if (blinks && (attribute & 0x80) !== 0 && !phase.characters) glyph = 0;
    // The ninth dot repeats the eighth of characters that draw lines.
    let pattern = dots === 9 ? (glyph << 1) | (joinsLines && (character & 0xe0) === 0xc0 ? glyph & 1 : 0) : glyph;
    if (underline && (attribute & 0x77) === 0x01) pattern |= pattern >> 1;
    if (counter === cursor) pattern = 0x1ff;
    for (let bit = dots - 1; bit >= 0; bit -= 1) {
      into[at] = ((pattern >> bit) & 1) === 1 ? foreground : background;
      at += 1;
    }
  }
};

/** Where in plane 2 the fonts begin that attribute bit 3 chooses from: the one for 0, the one for 1. */
const fonts = (select: number): readonly [number, number] => [
  ((select & 0x03) << 14) | ((select & 0x10) << 9),
  ((select & 0x0c) << 12) | ((select & 0x20) << 8),
];

const cursorOn = (state: VgaState, rowScan: number): boolean => {
  const start = state.crtc[0x0a] as number;
  const end = (state.crtc[0x0b] as number) & 0x1f;
  return (start & 0x20) === 0 && rowScan >= (start & 0x1f) && rowScan <= end;
};

/** The counter's value at the cursor, its skew included. */
export const cursorAddress = ({ crtc }: VgaState): number =>
  (((crtc[0x0e] as number) << 8) + (crtc[0x0f] as number) + (((crtc[0x0b] as number) >> 5) & 3)) & 0xffff;
