import { LinuxError } from '../base/linux-error.ts';
import { HEADER_LENGTH } from './message-type.ts';

/** Reads the fields of a message one after the other. EINVAL past its end. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = HEADER_LENGTH;

  /** @param message as long as it says it is, and longer than a header */
  constructor(message: Uint8Array) {
    this.#bytes = message;
    this.#view = new DataView(message.buffer, message.byteOffset, message.length);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A string of up to 65,535 bytes: UTF-8 by the protocol, but names are whatever bytes their file system has. */
  string(): Uint8Array {
    return this.bytes(this.u16());
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) throw new LinuxError('EINVAL');
    this.#offset += length;
    return start;
  }
}
