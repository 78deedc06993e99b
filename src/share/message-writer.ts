import { LinuxError } from '../base/linux-error.ts';
import { HEADER_LENGTH } from './message-type.ts';

/** Writes the fields of a message one after the other. EMSGSIZE when it becomes longer than `limit` bytes. */
export class MessageWriter {
  readonly #limit: number;
  #bytes = new Uint8Array(192);
  #view = new DataView(this.#bytes.buffer);
  #length = HEADER_LENGTH;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** In bytes, with the header. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes there is room for. */
  get room(): number {
    return this.#limit - this.#length;
  }

  u8(value: number): void {
    const at = this.#extend(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#extend(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#extend(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#extend(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
  }

  string(value: Uint8Array): void {
    if (value.length > 0xffff) throw new LinuxError('EMSGSIZE');
    this.u16(value.length);
    this.space(value.length).set(value);
  }

  /** The next `length` bytes, to be filled before anything else is written. */
  space(length: number): Uint8Array {
    const at = this.#extend(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Overwrites two bytes. */
  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  /** Overwrites four bytes. */
  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Takes back what is beyond `length` bytes. */
  shorten(length: number): void {
    this.#length = length;
  }

  /** The whole message. */
  finish(type: number, tag: number): Uint8Array {
    this.#view.setUint32(0, this.#length, true);
    this.#view.setUint8(4, type);
    this.#view.setUint16(5, tag, true);
    return this.#bytes.subarray(0, this.#length);
  }

  #extend(length: number): number {
    const at = this.#length;
    const end = at + length;
    if (end > this.#limit) throw new LinuxError('EMSGSIZE');
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, Math.min(this.#bytes.length * 2, this.#limit)));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = end;
    return at;
  }
}
