// The end of what a guest wrote on its console, for when it fails.

import type { CharacterBackend } from '../../base/character-backend.ts';

const KEPT = 64 * 1024;

/** Keeps the last bytes, and passes all of them to `also` if there is one. */
export class ConsoleLog implements CharacterBackend {
  readonly #also: ((bytes: Uint8Array) => void) | undefined;
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(also?: (bytes: Uint8Array) => void) {
    this.#also = also;
  }

  write(bytes: Uint8Array): void {
    this.#also?.(bytes);
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    // Joined now and then, because a serial port delivers one byte at a time.
    if (this.#chunks.length > 4096 || this.#length > 2 * KEPT) this.#join();
  }

  connect(): void {}

  /** The last lines, at most `count`. */
  lastLines(count: number): string[] {
    return this.#lines().slice(-count);
  }

  /** What the first group of `pattern` matches in the first line that it matches. */
  find(pattern: RegExp): string | undefined {
    return this.#lines().flatMap((line) => pattern.exec(line)?.[1] ?? [])[0];
  }

  #lines(): string[] {
    this.#join();
    const text = new TextDecoder().decode(this.#chunks[0]);
    return text.split(/\r*\n/).filter((line) => line !== '');
  }

  #join(): void {
    const joined = Buffer.concat(this.#chunks).subarray(-KEPT);
    this.#chunks = [Uint8Array.from(joined)];
    this.#length = joined.length;
  }
}
