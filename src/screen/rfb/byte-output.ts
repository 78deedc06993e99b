/** Big-endian bytes of unknown length. */
export class ByteOutput {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
    return this;
  }

  u16(value: number): this {
    return this.u8(value >> 8).u8(value);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value);
  }

  /** The low `size` bytes of a value, the lowest first or last. */
  pixel(value: number, size: number, bigEndian: boolean): this {
    this.#reserve(size);
    for (let byte = 0; byte < size; byte += 1) {
      this.#bytes[this.#length + byte] = value >>> ((bigEndian ? size - 1 - byte : byte) * 8);
    }
    this.#length += size;
    return this;
  }

  /** ASCII with its length before it. */
  text(value: string): this {
    return this.u32(value.length).ascii(value);
  }

  ascii(value: string): this {
    for (let index = 0; index < value.length; index += 1) this.u8(value.charCodeAt(index));
    return this;
  }

  append(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
