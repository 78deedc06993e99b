// The clocks a domain can live by.

import type { Clock } from '../base/clock.ts';
import type { Nanoseconds } from '../base/units.ts';

/** A clock that the run loop drives. */
export interface DomainClock extends Clock {
  /** Stops and restarts time around a pause. */
  pause(): void;
  resume(): void;
  /** How many instructions to run until `deadline`, at least 1 and at most `most`. */
  budgetUntil(deadline: Nanoseconds, most: number): number;
  /** After a slice: `retired` instructions in all, `ran` of them in this slice. */
  afterSlice(retired: number, ran: number): void;
  /**
   * The processor is halted until `deadline` (may be Infinity). Gives the milliseconds that the host should wait before it
   * looks again, or 0 when time has already been moved on.
   */
  idle(deadline: Nanoseconds): number;
}

const NANOSECONDS_A_MILLISECOND = 1e6;
/** Between looks at the host's clock. */
const SLICE_NANOSECONDS = 1e6;

/** Real time of the host, as `performance.now` gives it. */
export class HostClock implements DomainClock {
  readonly wallClockStart = Date.now();
  #origin = performance.now();
  #pausedAt = -1;
  /** Instructions a nanosecond, estimated from the slices so far. */
  #rate = 0.1;
  #sliceStart = 0;

  now(): Nanoseconds {
    const time = this.#pausedAt >= 0 ? this.#pausedAt : performance.now();
    return (time - this.#origin) * NANOSECONDS_A_MILLISECOND;
  }

  pause(): void {
    if (this.#pausedAt < 0) this.#pausedAt = performance.now();
  }

  resume(): void {
    if (this.#pausedAt < 0) return;
    this.#origin += performance.now() - this.#pausedAt;
    this.#pausedAt = -1;
  }

  budgetUntil(deadline: Nanoseconds, most: number): number {
    this.#sliceStart = this.now();
    const span = Math.min(Math.max(deadline - this.#sliceStart, 1000), SLICE_NANOSECONDS);
    return Math.max(64, Math.min(most, Math.ceil(span * this.#rate)));
  }

  afterSlice(_retired: number, ran: number): void {
    const took = this.now() - this.#sliceStart;
    // Slices that ended early for other reasons would spoil the estimate.
    if (ran > 1000 && took > 0) this.#rate = Math.min(4, this.#rate * 0.8 + (ran / took) * 0.2);
  }

  idle(deadline: Nanoseconds): number {
    const left = (deadline - this.now()) / NANOSECONDS_A_MILLISECOND;
    return left <= 0 ? 0 : left;
  }
}

/** What an instruction takes on the clock that instructions drive. */
const NANOSECONDS_AN_INSTRUCTION = 5;

/** Time as a function of retired instructions, so that a run with the same inputs is the same run. Halted time passes at once. */
export class InstructionClock implements DomainClock {
  /** A fixed date, for the same reason: 2024-01-01 00:00:00 UTC. */
  readonly wallClockStart = Date.UTC(2024, 0, 1);
  readonly #retired: () => number;
  /** Nanoseconds skipped while the processor was halted. */
  #skipped = 0;

  /** @param retired gives the number of instructions retired since power-on, exact inside a slice too */
  constructor(retired: () => number) {
    this.#retired = retired;
  }

  now(): Nanoseconds {
    return this.#retired() * NANOSECONDS_AN_INSTRUCTION + this.#skipped;
  }

  pause(): void {}
  resume(): void {}

  budgetUntil(deadline: Nanoseconds, most: number): number {
    return Math.max(1, Math.min(most, Math.ceil((deadline - this.now()) / NANOSECONDS_AN_INSTRUCTION)));
  }

  afterSlice(): void {}

  idle(deadline: Nanoseconds): number {
    if (deadline === Infinity) return Infinity;
    this.#skipped += Math.max(0, deadline - this.now());
    return 0;
  }
}
