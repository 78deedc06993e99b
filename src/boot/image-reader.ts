import { UserError } from '../base/errors.ts';
import { formatAddress, formatBytes } from './format-bytes.ts';

/** Reads little-endian numbers out of a file that may end anywhere. Offsets are in bytes. */
export class ImageReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;

  /** @param what names the file in messages, such as `kernel`. */
  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(offset: number): number {
    this.#need(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#need(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.#need(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  /**
   * A 64-bit address, offset or length.
   *
   * @throws UserError when it is 2^52 or more, which no file and no guest memory reaches.
   */
  u64(offset: number): number {
    this.#need(offset, 8);
    const value = this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 2 ** 32;
    if (value >= 2 ** 52) {
      throw new UserError(
        `The ${this.#what} holds the impossible address or size ${formatAddress(value)} at offset ${formatAddress(offset)}; the file is damaged, so fetch or build it again.`,
      );
    }
    return value;
  }

  /**
   * A part of the file, not copied.
   *
   * @throws UserError when the file is too short for it.
   */
  slice(offset: number, length: number): Uint8Array {
    this.#need(offset, length);
    return this.bytes.subarray(offset, offset + length);
  }

  #need(offset: number, length: number): void {
    if (offset >= 0 && offset + length <= this.bytes.length) return;
    throw new UserError(
      `The ${this.#what} is cut short: it has ${formatBytes(this.bytes.length)} but says it holds ${formatBytes(length)} at offset ${formatAddress(offset)}; fetch or build it again.`,
    );
  }
}
