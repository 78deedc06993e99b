const float = new DataView(new ArrayBuffer(8));
const utf8 = new TextEncoder();

/** Grows as it is written to. Integers are LEB128 (core specification 2.0, section 5.2.2) unless said otherwise. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param capacity bytes to allocate at first */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets what was written and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  /** A view of what was written, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes the low 8 bits of `value` as one byte. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** @param value 0 to 2^32 - 1 */
  unsigned(value: number): void {
    if (this.#length + 5 > this.#bytes.length) this.#grow(5);
    const bytes = this.#bytes;
    let length = this.#length;
    let rest = value >>> 0;
    while (rest > 0x7f) {
      bytes[length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[length++] = rest;
    this.#length = length;
  }

  /** A byte, then a number as `unsigned` writes it. */
  byteAndUnsigned(first: number, value: number): void {
    if (this.#length + 6 > this.#bytes.length) this.#grow(6);
    const bytes = this.#bytes;
    let length = this.#length;
    bytes[length++] = first;
    let rest = value >>> 0;
    while (rest > 0x7f) {
      bytes[length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[length++] = rest;
    this.#length = length;
  }

  /** @param value -2^31 to 2^32 - 1; from 2^31 on it is written as the negative number of the same 32 bits */
  signed32(value: number): void {
    if (this.#length + 5 > this.#bytes.length) this.#grow(5);
    const bytes = this.#bytes;
    let length = this.#length;
    let rest = value | 0;
    while (rest > 0x3f || rest < -0x40) {
      bytes[length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    bytes[length++] = rest & 0x7f;
    this.#length = length;
  }

  /** @param value a bigint of which the low 64 bits count, or a safe integer */
  signed64(value: bigint | number): void {
    const small = Number(value);
    if (small === (small | 0)) {
      this.signed32(small);
      return;
    }
    if (this.#length + 10 > this.#bytes.length) this.#grow(10);
    let rest = BigInt.asIntN(64, BigInt(value));
    while (rest > 0x3fn || rest < -0x40n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest & 0x7fn);
  }

  /** Little-endian IEEE 754 binary32, rounded to nearest. */
  float32(value: number): void {
    float.setFloat32(0, value, true);
    for (let index = 0; index < 4; index++) this.byte(float.getUint8(index));
  }

  /** Little-endian IEEE 754 binary64. */
  float64(value: number): void {
    float.setFloat64(0, value, true);
    for (let index = 0; index < 8; index++) this.byte(float.getUint8(index));
  }

  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    // A few are copied sooner than the host's own way of copying is called.
    if (length > 32) this.#bytes.set(bytes, this.#length);
    else for (let index = 0; index < length; index++) this.#bytes[this.#length + index] = bytes[index]!;
    this.#length += length;
  }

  /** The length in bytes, then the text in UTF-8. */
  name(text: string): void {
    const mark = this.#length;
    this.unsigned(text.length);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) this.byte(unit);
      else {
        this.#length = mark;
        return this.#encoded(text);
      }
    }
  }

  #encoded(text: string): void {
    const bytes = utf8.encode(text);
    this.unsigned(bytes.length);
    this.bytes(bytes);
  }

  /**
   * Starts something preceded by its length in bytes.
   * @returns the mark to give to `endSized`
   */
  beginSized(): number {
    if (this.#length + 5 > this.#bytes.length) this.#grow(5);
    this.#length += 5;
    return this.#length;
  }

  /** Fills in the length in five bytes, which LEB128 allows, so that nothing written since has to move. */
  endSized(mark: number): void {
    let rest = this.#length - mark;
    for (let index = mark - 5; index < mark - 1; index++) {
      this.#bytes[index] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[mark - 1] = rest;
  }

  #grow(more: number): void {
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    bytes.set(this.view());
    this.#bytes = bytes;
  }
}
