import { crtTiming } from './crt-timing.ts';
import { ATTRIBUTE, GRAPHICS, SEQUENCER } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';

/** How the serialiser makes dots of what is fetched for a character clock. */
export type PixelFormat = 'text' | 'planar' | 'cga' | '256';

/** What the registers of a VGA say about the picture, but for its colours. */
export interface ScanOut {
  readonly format: PixelFormat;
  /** Character clocks of a row that are shown, 1 to 256. */
  readonly columns: number;
  /** Dots of a character clock: 8 or 9. */
  readonly dots: number;
  /** How often each dot is repeated to the right: 2 with the dot clock halved or in 256-colour modes. */
  readonly stretch: number;
  readonly width: number;
  readonly height: number;
  /** Scan lines of a character row, 1 to 32. */
  readonly rowHeight: number;
}

/** Where a scan line is in memory. */
export interface ScanLine {
  /** The memory address counter at the left. */
  readonly counter: number;
  /** Which line of the character row it is. */
  readonly rowScan: number;
  /** Dots that the line is moved to the left. */
  readonly panning: number;
}

/** Reads the geometry out of the registers. Bounded: at most 4608 by 2048. */
export const scanOut = (state: VgaState): ScanOut => {
  const mode = state.attribute[ATTRIBUTE.mode] as number;
  const shift = state.graphics[GRAPHICS.mode] as number;
  const isGraphics = (mode & 1) !== 0 || ((state.graphics[GRAPHICS.miscellaneous] as number) & 1) !== 0;
  let format: PixelFormat = 'text';
  if (isGraphics) format = (shift & 0x40) !== 0 ? '256' : (shift & 0x20) !== 0 ? 'cga' : 'planar';
  const clocking = state.sequencer[SEQUENCER.clocking] as number;
  const columns = (state.crtc[0x01] as number) + 1;
  const dots = (clocking & 1) !== 0 || isGraphics ? 8 : 9;
  const isSlow = (clocking & 8) !== 0;
  return {
    format,
    columns,
    dots,
    stretch: (isSlow ? 2 : 1) * (format === '256' ? 2 : 1),
    width: columns * dots * (isSlow ? 2 : 1),
    height: crtTiming(state).shownLines,
    rowHeight: ((state.crtc[0x09] as number) & 0x1f) + 1,
  };
};

/** Which character row and line of it scan line `y` of the picture shows, and where it begins. */
export const scanLine = (state: VgaState, geometry: ScanOut, y: number): ScanLine => {
  const crtc = (index: number): number => state.crtc[index] as number;
  const compare = crtc(0x18) | ((crtc(0x07) & 0x10) << 4) | ((crtc(0x09) & 0x40) << 3);
  const line = (crtc(0x17) & 0x04) !== 0 ? y >> 1 : y;
  const isSplit = line > compare;
  const presetRow = crtc(0x08) & 0x1f;
  let row = isSplit ? line - compare - 1 : line;
  if ((crtc(0x09) & 0x80) !== 0) row >>= 1;
  if (!isSplit) row += presetRow;
  const pitch = crtc(0x13) * 2;
  const start = isSplit ? 0 : ((crtc(0x0c) << 8) | crtc(0x0d)) + ((crtc(0x08) >> 5) & 3);
  const pansSplit = ((state.attribute[ATTRIBUTE.mode] as number) & 0x20) === 0;
  return {
    counter: (start + Math.floor(row / geometry.rowHeight) * pitch) & 0xffff,
    rowScan: row % geometry.rowHeight,
    panning: isSplit && !pansSplit ? 0 : panningOf(state, geometry),
  };
};

/** Pel panning in dots: 256-colour modes count in halves, cells of nine dots begin with 8. */
const panningOf = (state: VgaState, geometry: ScanOut): number => {
  const value = state.attribute[ATTRIBUTE.panning] as number;
  if (geometry.format === '256') return (value & 7) >> 1;
  if (geometry.dots === 9) return value >= 8 ? 0 : value + 1;
  return value & 7;
};

/**
 * The byte of each plane that the counter selects: byte, word or doubleword addressing, and the row scan counter in place of
 * address bits 13 and 14 as the CGA and the Hercules adapter had it (Technical Reference, CRT controller mode control).
 */
export const planeAddress = (state: VgaState, counter: number, rowScan: number): number => {
  const mode = state.crtc[0x17] as number;
  let address = counter;
  if (((state.crtc[0x14] as number) & 0x40) !== 0) address = (counter << 2) | ((counter >> 12) & 3);
  else if ((mode & 0x40) === 0) address = (counter << 1) | ((counter >> ((mode & 0x20) !== 0 ? 15 : 13)) & 1);
  if ((mode & 0x01) === 0) address = (address & ~0x2000) | ((rowScan & 1) << 13);
  if ((mode & 0x02) === 0) address = (address & ~0x4000) | ((rowScan & 2) << 13);
  return address & 0xffff;
};

/** How many character clocks the counter stands still for: as a power of two. */
export const countShift = (state: VgaState): number => {
  if (((state.crtc[0x14] as number) & 0x20) !== 0) return 2;
  return ((state.crtc[0x17] as number) & 0x08) !== 0 ? 1 : 0;
};
