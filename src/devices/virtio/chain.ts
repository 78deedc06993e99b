import { guestPhysical } from '../../base/address.ts';
import type { GuestMemory } from '../../base/guest-memory.ts';

/** A piece of guest memory that a descriptor names. */
export interface ChainBuffer {
  /** Guest-physical, in bytes. Whatever the guest wrote: it need not be memory. */
  readonly address: number;
  /** In bytes, 0 to 2^32 - 1. */
  readonly length: number;
}

/**
 * One request of the driver: buffers that the device reads, and after them buffers that it writes (virtio 1.2, 2.6.4). The lengths are the
 * guest's word, up to terabytes: a device moves a bounded piece at a time.
 */
export class Chain {
  /** What the driver knows the chain by: the index of its first descriptor, or its buffer ID. */
  readonly id: number;
  /** How many descriptors of a packed ring it takes. */
  readonly descriptors: number;
  /** Bytes that the device may read, and may write. */
  readonly readLength: number;
  readonly writeLength: number;
  #memory: GuestMemory | undefined;
  readonly #readable: readonly ChainBuffer[];
  readonly #writable: readonly ChainBuffer[];

  constructor(
    memory: GuestMemory,
    id: number,
    descriptors: number,
    readable: readonly ChainBuffer[],
    writable: readonly ChainBuffer[],
  ) {
    this.#memory = memory;
    this.id = id;
    this.descriptors = descriptors;
    this.#readable = readable;
    this.#writable = writable;
    this.readLength = totalOf(readable);
    this.writeLength = totalOf(writable);
  }

  /** The driver has reset the device, and the buffers are its own again: reads give zeroes and writes are dropped from now on. */
  abandon(): void {
    this.#memory = undefined;
  }

  /** Up to `length` bytes from `offset` on, of those the device may read: fewer when the chain has fewer. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.readLength - offset)));
    eachPiece(this.#readable, offset, bytes.length, (address, done, piece) => {
      if (this.#memory !== undefined) bytes.set(this.#memory.readBytes(guestPhysical(address), piece), done);
    });
    return bytes;
  }

  /** Writes to the bytes that the device may write, from `offset` on. What goes beyond their end is dropped. Returns how many were written. */
  write(offset: number, bytes: Uint8Array): number {
    return eachPiece(this.#writable, offset, bytes.length, (address, done, piece) => {
      this.#memory?.writeBytes(guestPhysical(address), bytes.subarray(done, done + piece));
    });
  }
}

const totalOf = (buffers: readonly ChainBuffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

/** Visits the pieces of `length` bytes from `offset` on, and returns how many bytes there were. */
function eachPiece(
  buffers: readonly ChainBuffer[],
  offset: number,
  length: number,
  visit: (address: number, done: number, piece: number) => void,
): number {
  let skip = offset;
  let done = 0;
  for (const buffer of buffers) {
    if (done >= length) break;
    if (skip >= buffer.length) {
      skip -= buffer.length;
      continue;
    }
    const piece = Math.min(buffer.length - skip, length - done);
    visit(buffer.address + skip, done, piece);
    skip = 0;
    done += piece;
  }
  return done;
}
