import type { Nanoseconds } from '../../base/units.ts';
import { SEQUENCER } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';
import { isVbe } from './vbe.ts';

/** When the beam is where. Lines count from the first one shown, characters from the left one. */
export interface CrtTiming {
  /** One line, blanking included, in nanoseconds. */
  readonly line: Nanoseconds;
  readonly lines: number;
  readonly shownLines: number;
  /** The part of a line that is shown, 0 to 1. */
  readonly shownPart: number;
  readonly retraceStart: number;
  readonly retraceLines: number;
}

/** Pixel clocks that bits 2 and 3 of the miscellaneous output register select, in Hz; the outer ones come from a feature connector. */
const CLOCKS = [25_175_000, 28_322_000, 25_175_000, 25_175_000] as const;
/** An extended mode's timing is nobody's business but software's that waits for a retrace: 60 Hz, a twentieth of it blank. */
const VBE_REFRESH = 60;
const VBE_BLANK = 1.05;

/** One frame, in nanoseconds. */
export const framePeriod = (timing: CrtTiming): Nanoseconds => timing.line * timing.lines;

/** The timing that the registers make. Total and all its parts are at least a line or a character, whatever they say. */
export const crtTiming = (state: VgaState): CrtTiming => {
  if (isVbe(state)) {
    const lines = Math.ceil(state.vbeHeight * VBE_BLANK) + 4;
    const line = 1e9 / VBE_REFRESH / lines;
    const retraceStart = state.vbeHeight + 1;
    return { line, lines, shownLines: state.vbeHeight, shownPart: 0.8, retraceStart, retraceLines: 2 };
  }
  const crtc = (index: number): number => state.crtc[index] as number;
  const overflow = crtc(0x07);
  const clocking = state.sequencer[SEQUENCER.clocking] as number;
  const dots = ((clocking & 1) !== 0 ? 8 : 9) * ((clocking & 8) !== 0 ? 2 : 1);
  const characters = crtc(0x00) + 5;
  const clock = CLOCKS[(state.miscellaneous >> 2) & 3] as number;
  const twice = (crtc(0x17) & 0x04) !== 0 ? 2 : 1;
  const retraceStart = crtc(0x10) | ((overflow & 0x04) << 6) | ((overflow & 0x80) << 2);
  return {
    line: (characters * dots * 1e9) / clock,
    lines: ((crtc(0x06) | ((overflow & 0x01) << 8) | ((overflow & 0x20) << 4)) + 2) * twice,
    shownLines: ((crtc(0x12) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1) * twice,
    shownPart: Math.min((crtc(0x01) + 1) / characters, 1),
    retraceStart: retraceStart * twice,
    // The end register has the last line's low four bits.
    retraceLines: ((crtc(0x11) - retraceStart) & 15 || 16) * twice,
  };
};

/** Input status 1: bit 0 while nothing is shown, bit 3 during the vertical retrace. */
export const inputStatus = (timing: CrtTiming, now: Nanoseconds): number => {
  const position = (now % framePeriod(timing)) / timing.line;
  const line = Math.floor(position);
  const isShown = line < timing.shownLines && position - line < timing.shownPart;
  const isRetrace = line >= timing.retraceStart && line < timing.retraceStart + timing.retraceLines;
  return (isShown ? 0 : 0x01) | (isRetrace ? 0x08 : 0);
};
