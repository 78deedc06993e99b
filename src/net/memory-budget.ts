/** Bytes that all connections of a network may hold together, so that many slow ones cannot fill the host's memory. */
export class MemoryBudget {
  readonly #total: number;
  #used = 0;

  /** `total` is in bytes. */
  constructor(total: number) {
    this.#total = total;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether so little is left that each connection has to make do with a little. */
  get isShort(): boolean {
    return this.#used > this.#total / 2;
  }

  /** Takes `count` bytes; false, and nothing taken, when they are not there. */
  take(count: number): boolean {
    if (this.#used + count > this.#total) return false;
    this.#used += count;
    return true;
  }

  /** Takes `count` bytes that are held already, whether they are there or not. */
  force(count: number): void {
    this.#used += count;
  }

  give(count: number): void {
    this.#used -= count;
  }
}

/** The bytes themselves, or a copy when they are a small part of a large buffer that they would keep alive. */
export function compact(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes;
}
