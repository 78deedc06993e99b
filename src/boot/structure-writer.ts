/** A zeroed structure that a kernel reads, filled in little-endian order. Offsets are in bytes. */
export class StructureWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(offset: number, value: number): this {
    this.#view.setUint8(offset, value);
    return this;
  }

  u16(offset: number, value: number): this {
    this.#view.setUint16(offset, value, true);
    return this;
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  /** Writes a number of up to 53 bits as 64. */
  u64(offset: number, value: number): this {
    return this.u32(offset, value).u32(offset + 4, Math.floor(value / 2 ** 32));
  }

  copy(offset: number, bytes: Uint8Array): this {
    this.bytes.set(bytes, offset);
    return this;
  }
}
