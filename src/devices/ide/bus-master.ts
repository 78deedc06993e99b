import { guestPhysical } from '../../base/address.ts';
import type { GuestMemory } from '../../base/guest-memory.ts';
import type { PortSize } from '../../base/port-io.ts';
import type { ChannelState } from './ide-state.ts';

const REGISTER = { command: 0, status: 2, table: 4 } as const;
const COMMAND = { start: 0x01, writable: 0x09 } as const;
const STATUS = { active: 0x01, error: 0x02, interrupt: 0x04, capabilities: 0x60 } as const;

const LAST = 0x8000_0000;
const LONGEST_REGION = 0x1_0000;

/**
 * The bus master of one channel (Programming Interface for Bus Master IDE Controller 1.0): it moves data between the drive
 * and regions of guest memory that a table of descriptors names.
 */
export class BusMaster {
  readonly #memory: GuestMemory;
  readonly #onStart: () => void;
  state: ChannelState;

  /** @param onStart is called when software lets the bus master move data */
  constructor(memory: GuestMemory, state: ChannelState, onStart: () => void) {
    this.#memory = memory;
    this.state = state;
    this.#onStart = onStart;
  }

  /** Whether software lets it move data, and there are regions left. */
  get isActive(): boolean {
    return (this.state.masterStatus & STATUS.active) !== 0;
  }

  /** Whether software has started it and not stopped it, be there regions left or not. */
  get isStarted(): boolean {
    return (this.state.command & COMMAND.start) !== 0;
  }

  /** `offset` is 0 to 7. */
  read(offset: number, size: PortSize): number {
    const bytes = [this.state.command, 0, this.state.masterStatus, 0];
    let value = 0;
    for (let at = 0; at < size; at++) {
      const from = offset + at;
      const byte = from < REGISTER.table ? (bytes[from] ?? 0) : this.state.table >>> ((from - REGISTER.table) * 8);
      value |= (byte & 0xff) << (at * 8);
    }
    return value >>> 0;
  }

  write(offset: number, size: PortSize, value: number): void {
    // The command takes effect when the rest of what was written has.
    for (let at = size - 1; at >= 0; at--) this.#writeByte(offset + at, (value >>> (at * 8)) & 0xff);
  }

  #writeByte(offset: number, value: number): void {
    const { state } = this;
    if (offset >= REGISTER.table && offset < REGISTER.table + 4) {
      const shift = (offset - REGISTER.table) * 8;
      state.table = ((state.table & ~(0xff << shift)) | (value << shift)) & 0xffff_fffc;
      state.table >>>= 0;
    } else if (offset === REGISTER.status) {
      const kept = state.masterStatus & (STATUS.active | STATUS.error | STATUS.interrupt);
      state.masterStatus = (kept & ~(value & (STATUS.error | STATUS.interrupt))) | (value & STATUS.capabilities);
    } else if (offset === REGISTER.command) this.#command(value & COMMAND.writable);
  }

  #command(command: number): void {
    const { state } = this;
    const wasStarted = (state.command & COMMAND.start) !== 0;
    state.command = command;
    if ((command & COMMAND.start) === 0) {
      state.masterStatus &= ~STATUS.active;
      return;
    }
    if (wasStarted) return;
    state.masterStatus |= STATUS.active;
    state.next = state.table;
    state.length = 0;
    state.isLast = false;
    this.#onStart();
  }

  /** The drive asks for an interrupt. */
  noteInterrupt(): void {
    this.state.masterStatus |= STATUS.interrupt;
  }

  /** Puts data into guest memory and tells how much of it there was room for. */
  store(data: Uint8Array): number {
    return this.#each(data.length, (address, from, length) =>
      this.#memory.writeBytes(guestPhysical(address), data.subarray(from, from + length)),
    );
  }

  /** Takes up to `length` bytes from guest memory, fewer if there are no more. */
  load(length: number): Uint8Array {
    const data = new Uint8Array(length);
    const done = this.#each(length, (address, to, count) =>
      data.set(this.#memory.readBytes(guestPhysical(address), count), to),
    );
    return data.subarray(0, done);
  }

  /** Goes through the regions for `length` bytes. After the last one, the bus master stops. */
  #each(length: number, move: (address: number, at: number, length: number) => void): number {
    const { state } = this;
    let done = 0;
    while (done < length && this.isActive) {
      if (state.length === 0) this.#nextRegion();
      const count = Math.min(state.length, length - done);
      move(state.base, done, count);
      done += count;
      state.base = (state.base + count) % 2 ** 32;
      state.length -= count;
      if (state.length === 0 && state.isLast) state.masterStatus &= ~STATUS.active;
    }
    return done;
  }

  #nextRegion(): void {
    const { state } = this;
    const at = state.next;
    state.base = (this.#memory.read32(guestPhysical(at)) & ~1) >>> 0;
    const second = this.#memory.read32(guestPhysical(at + 4));
    state.length = second & 0xfffe || LONGEST_REGION;
    state.isLast = (second & LAST) !== 0;
    // The table is within 64 KiB: only the low half of its address counts.
    state.next = ((at & 0xffff_0000) | ((at + 8) & 0xffff)) >>> 0;
  }
}
