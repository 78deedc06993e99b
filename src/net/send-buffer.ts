/** Chunks smaller than this (bytes) are gathered, so that a peer which sends single bytes does not cost an object for each. */
const SMALL = 4096;
const GATHERED = 16_384;

/** Bytes on their way to the guest, in order, until they are acknowledged. */
export class SendBuffer {
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are acknowledged. */
  #start = 0;
  #length = 0;
  /** What small chunks are gathered in: the last of `#chunks` is its beginning. */
  #gathering: Uint8Array | undefined;

  get length(): number {
    return this.#length;
  }

  /** Appends bytes, which nobody changes afterwards. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    if (bytes.length >= SMALL) {
      this.#chunks.push(bytes);
      this.#gathering = undefined;
      return;
    }
    const last = this.#chunks.at(-1);
    if (this.#gathering === undefined || last === undefined || last.length + bytes.length > GATHERED) {
      this.#gathering = new Uint8Array(GATHERED);
      this.#gathering.set(bytes);
      this.#chunks.push(this.#gathering.subarray(0, bytes.length));
      return;
    }
    this.#gathering.set(bytes, last.length);
    this.#chunks[this.#chunks.length - 1] = this.#gathering.subarray(0, last.length + bytes.length);
  }

  /** Gives up the first `count` bytes. */
  drop(count: number): void {
    this.#length -= count;
    this.#start += count;
    let gone = 0;
    for (let first = this.#chunks[0]; first !== undefined && this.#start >= first.length; first = this.#chunks[gone]) {
      this.#start -= first.length;
      gone += 1;
    }
    if (gone > 0) this.#chunks.splice(0, gone);
    if (this.#chunks.length === 0) this.#gathering = undefined;
  }

  /** Copies `count` bytes from `offset` on, which are there, to `target` at `at`. */
  copy(offset: number, count: number, target: Uint8Array, at: number): void {
    let skip = this.#start + offset;
    let copied = 0;
    for (const chunk of this.#chunks) {
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const part = chunk.subarray(skip, skip + count - copied);
      target.set(part, at + copied);
      copied += part.length;
      skip = 0;
      if (copied === count) return;
    }
  }
}
