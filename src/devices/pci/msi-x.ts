import type { Board } from '../../base/board.ts';
import type { MmioHandler, MmioSize } from '../../base/mmio.ts';
import type { PciEndpoint } from './pci-endpoint.ts';

/** Bytes of a table entry: address, data, vector control (PCI Local Bus Specification 3.0, 6.8.2). */
const ENTRY = 16;
const CAPABILITY_ID = 0x11;
const CONTROL = { functionMask: 0x4000, enable: 0x8000 } as const;
const VECTOR_MASKED = 1;
/** Where the array of pending bits begins in the range of registers, in bytes. */
const PENDING_OFFSET = 0x800;
/** Of the range of registers that the table and the pending bits lie in. */
export const MSI_X_LENGTH = 0x1000;

/** The most vectors whose table leaves room for the pending bits. */
const MOST_VECTORS = PENDING_OFFSET / ENTRY;

/** The MSI-X capability of a function, with its table and pending bits in a range of registers of their own. */
export class MsiX {
  /** The registers, to be mounted by a base address register of `MSI_X_LENGTH` bytes. */
  readonly handler: MmioHandler;
  readonly vectors: number;
  readonly #board: Board;
  readonly #table: Uint8Array;
  readonly #view: DataView;
  readonly #pending: Uint8Array;
  #endpoint: PciEndpoint | undefined;
  #capability = 0;

  /** @param vectors 1 to 128 */
  constructor(board: Board, vectors: number) {
    if (!(vectors >= 1 && vectors <= MOST_VECTORS))
      throw new RangeError(`MSI-X of 1 to ${MOST_VECTORS} vectors, not ${vectors}.`);
    this.#board = board;
    this.vectors = vectors;
    this.#table = new Uint8Array(vectors * ENTRY);
    this.#view = new DataView(this.#table.buffer);
    this.#pending = new Uint8Array(vectors);
    this.reset();
    this.handler = {
      read: (offset, size) => this.#read(offset, size),
      write: (offset, size, value) => this.#write(offset, size, value),
    };
  }

  /** Adds the capability. `register` is the base address register that mounts the handler. */
  connect(endpoint: PciEndpoint, register: number): void {
    const body = new Uint8Array(10);
    const view = new DataView(body.buffer);
    view.setUint16(0, this.vectors - 1, true);
    view.setUint32(2, register, true);
    view.setUint32(6, PENDING_OFFSET | register, true);
    this.#endpoint = endpoint;
    this.#capability = endpoint.addCapability({
      id: CAPABILITY_ID,
      body,
      writable: Uint8Array.of(0, 0xc0),
      onWrite: () => this.#sendPending(),
    });
  }

  /** While it is enabled, the function does not use its interrupt pin. */
  get isEnabled(): boolean {
    return (this.#control & CONTROL.enable) !== 0;
  }

  /** Sends vector `index`, or keeps it until it is not masked any more. Numbers that are no vector send nothing. */
  signal(index: number): void {
    if (index >= this.vectors || !this.isEnabled) return;
    if (this.#isMasked(index)) this.#pending[index] = 1;
    else this.#send(index);
  }

  reset(): void {
    this.#table.fill(0);
    this.#pending.fill(0);
    for (let index = 0; index < this.vectors; index += 1) this.#view.setUint32(index * ENTRY + 12, VECTOR_MASKED, true);
  }

  /** The table and after it the pending bits, a byte each, for a snapshot. */
  save(): Uint8Array {
    const saved = new Uint8Array(this.stateLength);
    saved.set(this.#table);
    saved.set(this.#pending, this.#table.length);
    return saved;
  }

  /** Bytes that `save` gives. */
  get stateLength(): number {
    return this.vectors * (ENTRY + 1);
  }

  /** Restore the function's configuration space first. */
  restore(saved: Uint8Array): void {
    this.#table.set(saved.subarray(0, this.#table.length));
    this.#pending.set(saved.subarray(this.#table.length));
  }

  get #control(): number {
    return this.#endpoint?.space.readConfiguration(this.#capability + 2, 2) ?? 0;
  }

  #isMasked(index: number): boolean {
    return (
      (this.#control & CONTROL.functionMask) !== 0 ||
      this.#endpoint?.isBusMaster !== true ||
      (this.#view.getUint32(index * ENTRY + 12, true) & VECTOR_MASKED) !== 0
    );
  }

  #send(index: number): void {
    this.#pending[index] = 0;
    const at = index * ENTRY;
    this.#board.signalMessage(this.#view.getBigUint64(at, true) & ~3n, this.#view.getUint32(at + 8, true));
  }

  #sendPending(): void {
    if (!this.isEnabled) return;
    for (let index = 0; index < this.vectors; index += 1) {
      if (this.#pending[index] === 1 && !this.#isMasked(index)) this.#send(index);
    }
  }

  #read(offset: number, size: MmioSize): number {
    let value = 0;
    for (let byte = 0; byte < size; byte += 1) value |= this.#byteAt(offset + byte) << (byte * 8);
    return value >>> 0;
  }

  #byteAt(offset: number): number {
    if (offset < this.#table.length) return this.#table[offset] as number;
    const first = (offset - PENDING_OFFSET) * 8;
    if (first < 0) return 0;
    let bits = 0;
    for (let bit = 0; bit < 8; bit += 1) bits |= (this.#pending[first + bit] ?? 0) << bit;
    return bits;
  }

  /** Software writes whole or double words; narrower accesses have no defined effect, and none here. */
  #write(offset: number, size: MmioSize, value: number): void {
    if (size !== 4 || (offset & 3) !== 0 || offset >= this.#table.length) return;
    this.#view.setUint32(offset, value, true);
    this.#sendPending();
  }
}
