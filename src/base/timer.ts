import type { Nanoseconds } from './units.ts';

/** A one-shot timer on the domain's clock. */
export interface Timer {
  /** When it is due, in nanoseconds since power-on; `NEVER` while it is not armed. */
  readonly deadline: Nanoseconds;
  /** Arms the timer, or moves it. A deadline in the past is due at once, but never runs inside this call. */
  arm(deadline: Nanoseconds): void;
  cancel(): void;
}

/** Called when a timer is due, with the deadline it was armed for (the clock may be past it). */
export type TimerCallback = (deadline: Nanoseconds) => void;
