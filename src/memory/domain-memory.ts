// A domain's guest-physical memory, as its devices and boot loaders reach it: by way of the p2m, page by page.

import { PAGE_SIZE } from '../base/address.ts';
import type { GuestPhysical } from '../base/address.ts';
import type { GuestMemory } from '../base/guest-memory.ts';
import { FRAME_CODE, FRAME_FLAGS } from '../core/layout.ts';
import type { CoreExports } from './core-exports.ts';

/** Beyond this a guest-physical address has no frame number of 32 bits, and no p2m reaches that far. */
const HIGHEST = 2 ** 44;

export class DomainMemory implements GuestMemory {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #core: CoreExports;
  /** Machine address of the frame flags. */
  readonly #flags: number;

  /** @param memory machine memory whose fixed tables are set up */
  constructor(memory: WebAssembly.Memory, core: CoreExports) {
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#core = core;
    this.#flags = this.#view.getUint32(FRAME_FLAGS, true);
  }

  readBytes(address: GuestPhysical, length: number): Uint8Array {
    const result = new Uint8Array(length);
    this.#eachPage(
      address,
      length,
      (machine, done, piece) => {
        if (machine === 0) result.fill(0xff, done, done + piece);
        else result.set(this.#bytes.subarray(machine, machine + piece), done);
      },
      (gfn) => this.#core.frameForRead(gfn),
    );
    return result;
  }

  writeBytes(address: GuestPhysical, bytes: Uint8Array): void {
    this.#write(address, bytes, (gfn) => this.#core.frameForWrite(gfn));
  }

  /** As `writeBytes`, but writes ROM too: for firmware. */
  loadBytes(address: GuestPhysical, bytes: Uint8Array): void {
    this.#write(address, bytes, (gfn) => this.#core.frameForLoad(gfn));
  }

  read8(address: GuestPhysical): number {
    const machine = this.#within(address, 1, false);
    return machine === 0 ? 0xff : this.#view.getUint8(machine);
  }

  read16(address: GuestPhysical): number {
    const machine = this.#within(address, 2, false);
    if (machine !== 0) return this.#view.getUint16(machine, true);
    return viewOf(this.readBytes(address, 2)).getUint16(0, true);
  }

  read32(address: GuestPhysical): number {
    const machine = this.#within(address, 4, false);
    if (machine !== 0) return this.#view.getUint32(machine, true);
    return viewOf(this.readBytes(address, 4)).getUint32(0, true);
  }

  read64(address: GuestPhysical): bigint {
    const machine = this.#within(address, 8, false);
    if (machine !== 0) return this.#view.getBigUint64(machine, true);
    return viewOf(this.readBytes(address, 8)).getBigUint64(0, true);
  }

  write8(address: GuestPhysical, value: number): void {
    const machine = this.#within(address, 1, true);
    if (machine === 0) return;
    this.#view.setUint8(machine, value);
    this.#wrote(machine, 1);
  }

  write16(address: GuestPhysical, value: number): void {
    const bytes = new Uint8Array(2);
    viewOf(bytes).setUint16(0, value, true);
    this.writeBytes(address, bytes);
  }

  write32(address: GuestPhysical, value: number): void {
    const machine = this.#within(address, 4, true);
    if (machine !== 0) {
      this.#view.setUint32(machine, value, true);
      this.#wrote(machine, 4);
      return;
    }
    const bytes = new Uint8Array(4);
    viewOf(bytes).setUint32(0, value, true);
    this.writeBytes(address, bytes);
  }

  write64(address: GuestPhysical, value: bigint): void {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.writeBytes(address, bytes);
  }

  #write(address: GuestPhysical, bytes: Uint8Array, frameFor: (gfn: number) => number): void {
    this.#eachPage(
      address,
      bytes.length,
      (machine, done, piece) => {
        if (machine === 0) return;
        this.#bytes.set(bytes.subarray(done, done + piece), machine);
        this.#wrote(machine, piece);
      },
      frameFor,
    );
  }

  /** Calls back for each page that [address, address + length) touches, with the machine address there, or 0; once for all that is no address. */
  #eachPage(
    address: number,
    length: number,
    visit: (machine: number, done: number, piece: number) => void,
    frameFor: (gfn: number) => number,
  ): void {
    let done = 0;
    while (done < length) {
      const at = address + done;
      if (!isAddress(at)) {
        visit(0, done, length - done);
        return;
      }
      const offset = at % PAGE_SIZE;
      const piece = Math.min(length - done, PAGE_SIZE - offset);
      const frame = frameFor(Math.floor(at / PAGE_SIZE)) >>> 0;
      visit(frame === 0 ? 0 : frame + offset, done, piece);
      done += piece;
    }
  }

  /** Machine address of `size` bytes that lie in one page of memory, else 0. */
  #within(address: number, size: number, isWrite: boolean): number {
    if (!isAddress(address)) return 0;
    const offset = address % PAGE_SIZE;
    if (offset + size > PAGE_SIZE) return 0;
    const gfn = Math.floor(address / PAGE_SIZE);
    const frame = (isWrite ? this.#core.frameForWrite(gfn) : this.#core.frameForRead(gfn)) >>> 0;
    return frame === 0 ? 0 : frame + offset;
  }

  /** Whatever was decoded from these bytes is no longer what they say. */
  #wrote(machine: number, length: number): void {
    const flags = this.#bytes[this.#flags + Math.floor(machine / PAGE_SIZE)] as number;
    if (flags & FRAME_CODE) this.#core.invalidateMachine(machine, length);
  }
}

/** Devices take addresses from the guest, so anything may come here. */
const isAddress = (address: number): boolean => address >= 0 && address < HIGHEST && Number.isInteger(address);

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
