import { EventQueue } from '../base/event-queue.ts';
import type { Timer, TimerCallback } from '../base/timer.ts';
import { NEVER } from '../base/units.ts';
import type { Nanoseconds } from '../base/units.ts';

/** The time in which a network lives: that of its peers, whatever clock the guest has. */
export interface NetworkTime {
  /** Nanoseconds since some instant. Never runs backwards. */
  now(): Nanoseconds;
  timer(callback: TimerCallback): Timer;
  /** Calls `callback` as soon as whatever runs now has returned. */
  soon(callback: () => void): void;
}

/** The host's own time. */
export class HostTime implements NetworkTime {
  readonly #events = new EventQueue();
  #wake: unknown;
  /** When the host is to wake us, at the latest. */
  #wakeAt: Nanoseconds = NEVER;

  constructor() {
    this.#events.onSooner(() => this.#schedule());
  }

  now(): Nanoseconds {
    return performance.now() * 1e6;
  }

  timer(callback: TimerCallback): Timer {
    return this.#events.timer(callback);
  }

  soon(callback: () => void): void {
    void Promise.resolve().then(callback);
  }

  /** A timer that moves later costs the host nothing: it is woken for the earlier instant and looks again. */
  #schedule(): void {
    const next = this.#events.nextDeadline();
    if (next >= this.#wakeAt) return;
    clearTimeout(this.#wake);
    this.#wakeAt = next;
    this.#wake = setTimeout(
      () => {
        this.#wakeAt = NEVER;
        this.#events.runDue(this.now());
        this.#schedule();
      },
      Math.max(0, Math.ceil((next - this.now()) / 1e6)),
    );
    // Where timers keep a process running, as in Node.js, a network alone is no reason to.
    (this.#wake as { unref?: () => void }).unref?.();
  }
}
