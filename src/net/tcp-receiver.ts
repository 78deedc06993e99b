import { compact } from './memory-budget.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { advance, distance } from './sequence.ts';

/** Segments kept out of order at most, a whole window of the usual size: what a peer could make us look through. */
const MOST_SEGMENTS = 1024;
/** What a kept segment costs besides its bytes. */
const OVERHEAD = 128;

interface KeptSegment {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** The receiving half of a TCP connection: puts bytes into order, and says how many more it takes. */
export class TcpReceiver {
  /** The next byte expected (RCV.NXT). */
  next: number;
  /** The end of the window that the peer knows of. It never moves back. */
  #edge: number;
  /** By sequence number; may overlap. */
  #kept: KeptSegment[] = [];
  #end: number | undefined;
  #ended = false;
  readonly #budget: MemoryBudget;
  readonly #deliver: (bytes: Uint8Array) => boolean;

  /** `deliver` takes bytes in order, or returns false to have the peer send them again. */
  constructor(next: number, budget: MemoryBudget, deliver: (bytes: Uint8Array) => boolean) {
    this.next = next;
    this.#edge = next;
    this.#budget = budget;
    this.#deliver = deliver;
  }

  /** Whether everything up to the peer's FIN has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that the peer may send now. */
  get window(): number {
    return distance(this.#edge, this.next);
  }

  /** Moves the window's end to `room` bytes ahead, if that is further. Returns the window. */
  offer(room: number): number {
    if (room > this.window) this.#edge = advance(this.next, room);
    return this.window;
  }

  /** Whether a segment of `length` (SYN and FIN count) has anything in the window (RFC 9293, 3.10.7.4). */
  isAcceptable(sequence: number, length: number): boolean {
    const start = distance(sequence, this.next);
    if (length === 0) return start >= 0 && start <= this.window;
    return start + length > 0 && (start < this.window || start === 0);
  }

  /** Takes an acceptable segment. False when it was not the next one in order: it is to be acknowledged at once. */
  accept(sequence: number, payload: Uint8Array, isLast: boolean): boolean {
    if (this.#ended) return false;
    const old = Math.max(0, distance(this.next, sequence));
    const room = distance(this.#edge, sequence);
    const end = Math.min(payload.length, room);
    if (isLast && payload.length <= room) this.#end ??= advance(sequence, payload.length);
    const fresh = payload.subarray(Math.min(old, end), end);
    const start = advance(sequence, old);
    let inOrder = old === 0 && end === payload.length;
    if (start !== this.next) {
      if (fresh.length > 0) this.#keep(start, fresh);
      return false;
    }
    if (fresh.length > 0 && !this.#take(fresh)) return false;
    if (this.#kept.length > 0) {
      inOrder = false;
      this.#drain();
    }
    if (this.#end === this.next) {
      this.#ended = true;
      this.next = advance(this.next, 1);
      this.release();
    }
    return inOrder;
  }

  /** Forgets what is kept out of order. */
  release(): void {
    for (const { bytes } of this.#kept) this.#budget.give(bytes.length + OVERHEAD);
    this.#kept = [];
  }

  #take(bytes: Uint8Array): boolean {
    if (!this.#deliver(bytes)) return false;
    this.next = advance(this.next, bytes.length);
    return true;
  }

  #keep(sequence: number, bytes: Uint8Array): void {
    if (this.#kept.length >= MOST_SEGMENTS) return;
    let index = this.#kept.length;
    while (index > 0 && distance((this.#kept[index - 1] as KeptSegment).sequence, sequence) > 0) index -= 1;
    const before = this.#kept[index - 1];
    // What is there already is not kept twice.
    if (before !== undefined && distance(advance(before.sequence, before.bytes.length), sequence) >= bytes.length)
      return;
    if (!this.#budget.take(bytes.length + OVERHEAD)) return;
    this.#kept.splice(index, 0, { sequence, bytes: compact(bytes) });
  }

  /** Delivers kept segments that are in order now. */
  #drain(): void {
    let done = 0;
    for (const { sequence, bytes } of this.#kept) {
      const old = distance(this.next, sequence);
      if (old < 0) break;
      done += 1;
      this.#budget.give(bytes.length + OVERHEAD);
      if (old < bytes.length) this.#take(bytes.subarray(old));
    }
    this.#kept.splice(0, done);
  }
}
