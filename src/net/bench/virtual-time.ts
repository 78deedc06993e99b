import { EventQueue } from '../../base/event-queue.ts';
import type { Timer, TimerCallback } from '../../base/timer.ts';
import type { NetworkTime } from '../network-time.ts';

/** A network's time that stands still until it is told to move. */
export class VirtualTime implements NetworkTime {
  readonly #events = new EventQueue();
  #now = 0;
  #soon: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  timer(callback: TimerCallback): Timer {
    return this.#events.timer(callback);
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Runs what is to run soon, and what that leads to. */
  settle(): void {
    for (let callback = this.#soon.shift(); callback !== undefined; callback = this.#soon.shift()) callback();
  }

  /** Moves the time forward, stopping at every timer on the way. */
  advance(nanoseconds: number): void {
    const end = this.#now + nanoseconds;
    this.settle();
    for (let next = this.#events.nextDeadline(); next <= end; next = this.#events.nextDeadline()) {
      this.#now = Math.max(this.#now, next);
      this.#events.runDue(this.#now);
      this.settle();
    }
    this.#now = end;
  }
}
