// What was typed or piped in, on its way to a serial port that takes a few bytes at a time.

import type { CharacterInput } from '../../base/character-backend.ts';

// Above this many waiting bytes the source is asked to pause.
const ENOUGH = 64 * 1024;

export class InputQueue {
  #input: CharacterInput | undefined;
  #waiting: Uint8Array[] = [];
  #length = 0;
  #onDrained: (() => void) | undefined;

  /** Where the bytes go. What was pushed before is delivered now. */
  connect(input: CharacterInput): void {
    this.#input = input;
    input.onRoom(() => this.#deliver());
    this.#deliver();
  }

  /** Queues bytes. False when the source should wait for `onDrained`. */
  push(bytes: Uint8Array): boolean {
    if (bytes.length > 0) {
      this.#waiting.push(bytes);
      this.#length += bytes.length;
      this.#deliver();
    }
    return this.#length < ENOUGH;
  }

  /** Calls `listener`, once, when the queue is connected and nothing waits any more. */
  onDrained(listener: () => void): void {
    this.#onDrained = listener;
    this.#tellDrained();
  }

  /** Sends the guest a break. */
  sendBreak(): void {
    this.#input?.receiveBreak();
  }

  #deliver(): void {
    const input = this.#input;
    if (input === undefined) return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = input.receive(first);
      this.#length -= taken;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        break;
      }
      this.#waiting.shift();
    }
    this.#tellDrained();
  }

  #tellDrained(): void {
    if (this.#length > 0 || this.#input === undefined) return;
    const listener = this.#onDrained;
    this.#onDrained = undefined;
    listener?.();
  }
}
