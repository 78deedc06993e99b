/** Aligned numbers in machine memory. Quicker than a DataView, except in code that V8 has optimized to the full. */
export class MachineView {
  readonly #bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #words: Int32Array;

  constructor(memory: ArrayBufferLike) {
    this.#bytes = new Uint8Array(memory);
    this.#halves = new Uint16Array(memory);
    this.#words = new Int32Array(memory);
  }

  u8(address: number): number {
    return this.#bytes[address]!;
  }

  u16(address: number): number {
    return this.#halves[address >>> 1]!;
  }

  i32(address: number): number {
    return this.#words[address >>> 2]!;
  }

  u32(address: number): number {
    return this.#words[address >>> 2]! >>> 0;
  }

  i64(address: number): bigint | number {
    const low = this.i32(address);
    const high = this.i32(address + 4);
    return high === low >> 31 ? low : (BigInt(high) << 32n) | BigInt(low >>> 0);
  }
}
