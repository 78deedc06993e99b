const utf8 = new TextDecoder('utf-8');

/** Reads a WebAssembly binary from front to back. Throws a RangeError where the bytes end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
    this.end = end;
  }

  byte(): number {
    if (this.position >= this.end) throw new RangeError(`The WebAssembly binary ends too early, at ${this.position}.`);
    return this.#bytes[this.position++]!;
  }

  /** An unsigned LEB128 number below 2^32. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** A signed LEB128 number of at most 64 bits. */
  signed(): bigint {
    let value = 0n;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return BigInt.asIntN(shift + 7, value);
    }
  }

  float32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  name(): string {
    return utf8.decode(this.bytes(this.unsigned()));
  }

  /** Reads a vector: its length, then that many of what `read` reads. */
  vector<Entry>(read: (reader: ByteReader) => Entry): Entry[] {
    return Array.from({ length: this.unsigned() }, () => read(this));
  }

  #advance(length: number): number {
    const start = this.position;
    if (length > this.end - start) throw new RangeError(`The WebAssembly binary ends too early, at ${this.end}.`);
    this.position += length;
    return start;
  }
}
