import { NEVER } from './units.ts';
import type { Nanoseconds } from './units.ts';
import type { Timer, TimerCallback } from './timer.ts';

/** How many callbacks one `runDue` may run: a periodic timer of a hostile guest must not hold the run loop. */
const MOST_CALLBACKS = 10_000;

/**
 * The timers of a domain, in a binary heap by deadline. Timers due at one instant run in the order in
 * which they were armed, so that a run with the same inputs is the same run.
 */
export class EventQueue {
  #heap: QueueTimer[] = [];
  #armings = 0;
  #running = false;
  #sooner: (deadline: Nanoseconds) => void = () => {};

  /**
   * Has `listener` called whenever the earliest deadline moves forward outside `runDue`: a guest that
   * programs a timer in the middle of a slice may have to be stopped sooner than was planned.
   */
  onSooner(listener: (deadline: Nanoseconds) => void): void {
    this.#sooner = listener;
  }

  /** A new timer, not armed. */
  timer(callback: TimerCallback): Timer {
    return new QueueTimer(this, callback);
  }

  /** The earliest deadline, or `NEVER`. */
  nextDeadline(): Nanoseconds {
    return this.#heap[0]?.deadline ?? NEVER;
  }

  /**
   * Runs every timer due at `now`, earliest first, those armed meanwhile included. Returns how many ran.
   * Stops after ten thousand; the rest run at the next call.
   */
  runDue(now: Nanoseconds): number {
    let ran = 0;
    this.#running = true;
    try {
      while (ran < MOST_CALLBACKS) {
        const first = this.#heap[0];
        if (first === undefined || first.deadline > now) break;
        const { deadline } = first;
        this.remove(first);
        ran += 1;
        first.callback(deadline);
      }
    } finally {
      this.#running = false;
    }
    return ran;
  }

  /** Puts a timer into the heap or moves it. For `QueueTimer` alone. */
  insert(timer: QueueTimer, deadline: Nanoseconds): void {
    this.remove(timer);
    if (!(deadline < NEVER)) return;
    const earliest = this.nextDeadline();
    timer.deadline = deadline;
    timer.order = this.#armings;
    this.#armings += 1;
    timer.index = this.#heap.length;
    this.#heap.push(timer);
    this.#siftUp(timer);
    if (deadline < earliest && !this.#running) this.#sooner(deadline);
  }

  /** Takes a timer out of the heap, if it is in it. For `QueueTimer` alone. */
  remove(timer: QueueTimer): void {
    const { index } = timer;
    if (index < 0) return;
    timer.index = -1;
    timer.deadline = NEVER;
    const last = this.#heap.pop() as QueueTimer;
    if (last === timer) return;
    last.index = index;
    this.#heap[index] = last;
    this.#siftUp(last);
    this.#siftDown(last);
  }

  #siftUp(timer: QueueTimer): void {
    while (timer.index > 0) {
      const parent = this.#heap[(timer.index - 1) >> 1] as QueueTimer;
      if (!before(timer, parent)) return;
      this.#swap(timer, parent);
    }
  }

  #siftDown(timer: QueueTimer): void {
    for (;;) {
      const left = this.#heap[timer.index * 2 + 1];
      const right = this.#heap[timer.index * 2 + 2];
      const child = right !== undefined && left !== undefined && before(right, left) ? right : left;
      if (child === undefined || !before(child, timer)) return;
      this.#swap(timer, child);
    }
  }

  #swap(a: QueueTimer, b: QueueTimer): void {
    const { index } = a;
    a.index = b.index;
    b.index = index;
    this.#heap[a.index] = a;
    this.#heap[b.index] = b;
  }
}

class QueueTimer implements Timer {
  deadline: Nanoseconds = NEVER;
  /** The place in the heap, -1 when not armed. */
  index = -1;
  /** Counts armings, to order timers with the same deadline. */
  order = 0;
  readonly callback: TimerCallback;
  readonly #queue: EventQueue;

  constructor(queue: EventQueue, callback: TimerCallback) {
    this.#queue = queue;
    this.callback = callback;
  }

  arm(deadline: Nanoseconds): void {
    this.#queue.insert(this, deadline);
  }

  cancel(): void {
    this.#queue.remove(this);
  }
}

const before = (a: QueueTimer, b: QueueTimer): boolean =>
  a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
