/** Bytes gathered one by one, to be taken all at once. */
export class OutputBuffer {
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of the bytes at the end. */
  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** Drops all but the last `count` bytes. */
  keepLast(count: number): void {
    if (this.#length <= count) return;
    this.#bytes.copyWithin(0, this.#length - count, this.#length);
    this.#length = count;
  }

  /** Removes all bytes and gives them; undefined when there are none. */
  take(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }
}
