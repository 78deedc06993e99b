import type { Nanoseconds } from './units.ts';

const NANOSECONDS_A_SECOND = 1e9;

/**
 * How many whole periods of a `hertz` oscillator fit into `time`. Seconds and the rest are taken
 * apart so that no product exceeds 2^53 for frequencies up to 9 MHz, and the answer is exact.
 */
export const ticksIn = (time: Nanoseconds, hertz: number): number => {
  const whole = Math.floor(time);
  const seconds = Math.floor(whole / NANOSECONDS_A_SECOND);
  const rest = whole - seconds * NANOSECONDS_A_SECOND;
  return seconds * hertz + Math.floor((rest * hertz) / NANOSECONDS_A_SECOND);
};

/** The first instant at which `ticksIn` reports at least `ticks`, so that a timer armed for a tick never fires before it. */
export const timeOfTick = (ticks: number, hertz: number): Nanoseconds => {
  const seconds = Math.floor(ticks / hertz);
  const rest = ticks - seconds * hertz;
  const time = seconds * NANOSECONDS_A_SECOND + Math.ceil((rest * NANOSECONDS_A_SECOND) / hertz);
  // The division may round down by one.
  return ticksIn(time, hertz) < ticks ? time + 1 : time;
};
