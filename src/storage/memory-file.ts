import type { StorageFile } from '../base/storage-file.ts';

/** A file in memory, that nothing survives. It grows to twice its size when it has to. */
export class MemoryFile implements StorageFile {
  readonly name: string;
  readonly isReadOnly: boolean;
  #bytes: Uint8Array;
  #size: number;

  constructor(name: string, content: Uint8Array = new Uint8Array(), isReadOnly = false) {
    this.name = name;
    this.isReadOnly = isReadOnly;
    this.#bytes = content.slice();
    this.#size = content.length;
  }

  get size(): number {
    return this.#size;
  }

  /** A copy of what is in it. */
  content(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const available = this.#bytes.subarray(Math.min(offset, this.#size), Math.min(offset + into.length, this.#size));
    into.set(available);
    into.fill(0, available.length);
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    if (this.isReadOnly) throw new Error(`${this.name} is read-only`);
    this.#grow(offset + from.length);
    this.#bytes.set(from, offset);
  }

  async resize(size: number): Promise<void> {
    this.#bytes.fill(0, Math.min(size, this.#size), this.#size);
    this.#grow(size);
    this.#size = size;
  }

  async flush(): Promise<void> {
    // There is no stable storage behind it.
  }

  async close(): Promise<void> {
    // Its content may still be asked for.
  }

  #grow(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#size = Math.max(size, this.#size);
  }
}
