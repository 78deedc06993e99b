import type { Nanoseconds } from './units.ts';

/** The time a domain lives in. It never runs backwards. */
export interface Clock {
  /** Nanoseconds since power-on. */
  now(): Nanoseconds;
  /** The wall-clock time at power-on, in milliseconds since 1970-01-01 UTC. */
  readonly wallClockStart: number;
}

/** The wall-clock time of a domain now, in milliseconds since 1970-01-01 UTC, with a fraction. */
export const wallClockMilliseconds = (clock: Clock): number => clock.wallClockStart + clock.now() / 1e6;
