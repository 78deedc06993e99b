import { guestPhysical } from '../../base/address.ts';
import type { BenchBoard } from '../board/bench-board.ts';
import { ECAM_ADDRESS } from '../pci/pci-layout.ts';
import { FEATURE } from './virtio-features.ts';

const REGISTERS = 0xd000_0000;
const VECTORS = 0xd010_0000;
const NOTIFY = REGISTERS + 0x3000;
/** Where the buffers of queue 0 are; those of the next follow. */
const ARENA = 0x40000;
const ARENA_LENGTH = 0x20000;
const RING_SIZE = 16;

/** A buffer that the driver gives: bytes to read, or a number of bytes to be written. */
type DriverBuffer = Uint8Array | number;

export interface BenchDriverOptions {
  readonly packed?: boolean;
  readonly eventIndex?: boolean;
  readonly indirect?: boolean;
  readonly msiX?: boolean;
  /** Further features to accept. */
  readonly features?: bigint;
}

/** A driver as small as can be, for the tests of virtio devices: it finds the device at `slot` and has one request under way at a time. */
export class BenchDriver {
  readonly board: BenchBoard;
  readonly slot: number;
  readonly #options: BenchDriverOptions;
  readonly #places = new Map<number, QueuePlace>();
  #queue = 0;

  constructor(board: BenchBoard, slot: number, options: BenchDriverOptions = {}) {
    this.board = board;
    this.slot = slot;
    this.#options = options;
  }

  configuration(register: number, size: 1 | 2 | 4 = 4): number {
    return this.board.mmio.read(ECAM_ADDRESS + this.slot * 0x8000 + register, size);
  }

  setConfiguration(register: number, size: 1 | 2 | 4, value: number): void {
    this.board.mmio.write(ECAM_ADDRESS + this.slot * 0x8000 + register, size, value);
  }

  /** A register of the common configuration structure. */
  common(register: number, size: 1 | 2 | 4): number {
    return this.board.mmio.read(REGISTERS + register, size);
  }

  setCommon(register: number, size: 1 | 2 | 4, value: number): void {
    this.board.mmio.write(REGISTERS + register, size, value);
  }

  /** A register of the device's own configuration. */
  own(register: number, size: 1 | 2 | 4): number {
    return this.board.mmio.read(REGISTERS + 0x2000 + register, size);
  }

  interruptStatus(): number {
    return this.board.mmio.read(REGISTERS + 0x1000, 1);
  }

  status(): number {
    return this.common(0x14, 1);
  }

  /** Places the ranges of registers and lets the function decode them. */
  place(): void {
    this.setConfiguration(0x14, 4, VECTORS);
    this.setConfiguration(0x20, 4, REGISTERS);
    this.setConfiguration(0x24, 4, 0);
    this.setConfiguration(0x04, 2, 0x0006);
  }

  /** Sets the device up with queue 0 (virtio 1.2, 3.1.1). Every queue that a test uses is set up by `useQueue`. */
  begin(): void {
    this.place();
    if (this.#options.msiX === true) this.#enableMsiX();
    for (const status of [0, 1, 3]) this.setCommon(0x14, 1, status);
    this.acceptFeatures(this.#wanted());
    this.setCommon(0x14, 1, 0x0b);
    this.useQueue(0);
    this.setCommon(0x14, 1, 0x0f);
  }

  acceptFeatures(features: bigint): void {
    for (const word of [0, 1]) {
      this.setCommon(0x08, 4, word);
      this.setCommon(0x0c, 4, Number((features >> BigInt(32 * word)) & 0xffff_ffffn));
    }
  }

  offeredFeatures(): bigint {
    const word = (select: number): bigint => {
      this.setCommon(0x00, 4, select);
      return BigInt(this.common(0x04, 4));
    };
    return word(0) | (word(1) << 32n);
  }

  /** Turns to another queue, 0 to 5, and sets it up if it is not. */
  useQueue(queue: number): void {
    this.#queue = queue;
    if (this.#places.has(queue)) return;
    this.#places.set(queue, { next: 0, wrap: true, head: 0, arena: 0 });
    this.setCommon(0x16, 2, queue);
    this.setCommon(0x18, 2, RING_SIZE);
    this.setCommon(0x1a, 2, queue + 1);
    for (const [register, address] of [
      [0x20, this.descriptors],
      [0x28, this.driverArea],
      [0x30, this.deviceArea],
    ] as const) {
      this.setCommon(register, 4, address);
      this.setCommon(register + 4, 4, 0);
    }
    this.setCommon(0x1c, 2, 1);
  }

  get descriptors(): number {
    return 0x1_0000 + this.#queue * 0x4000;
  }

  get driverArea(): number {
    return this.descriptors + 0x1000;
  }

  get deviceArea(): number {
    return this.descriptors + 0x2000;
  }

  notify(): void {
    this.board.mmio.write(NOTIFY + this.#queue * 4, 2, this.#queue);
  }

  /** Gives the device one request and returns at once. What it writes is found by the function that is returned: undefined until it is used. */
  submit(...buffers: readonly DriverBuffer[]): () => DriverAnswer | undefined {
    const { memory } = this.board;
    const place = this.#place;
    const placed = buffers.map((buffer) => {
      const length = typeof buffer === 'number' ? buffer : buffer.length;
      if (place.arena + length > ARENA_LENGTH) place.arena = 0;
      const address = ARENA + this.#queue * ARENA_LENGTH + place.arena;
      if (typeof buffer !== 'number') memory.writeBytes(guestPhysical(address), buffer);
      place.arena += (length + 63) & ~63;
      return { address, length, isWritable: typeof buffer === 'number' };
    });
    const { next: position, wrap } = place;
    if (this.#options.packed === true) this.#makeAvailablePacked(placed);
    else this.#makeAvailableSplit(placed);
    this.notify();
    return () => {
      const length = this.#options.packed === true ? this.#usedPacked(position, wrap) : this.#usedSplit(position);
      if (length === undefined) return undefined;
      const writable = placed.filter(({ isWritable }) => isWritable);
      return { length, written: writable.map((at) => memory.readBytes(guestPhysical(at.address), at.length)) };
    };
  }

  /** Gives the device one request, and resolves when it has been used. */
  async request(...buffers: readonly DriverBuffer[]): Promise<DriverAnswer> {
    const look = this.submit(...buffers);
    for (let turns = 0; turns < 10_000; turns += 1) {
      const answer = look();
      if (answer !== undefined) return answer;
      await Promise.resolve();
    }
    throw new Error('The device has not used the request.');
  }

  get #place(): QueuePlace {
    return this.#places.get(this.#queue) as QueuePlace;
  }

  #wanted(): bigint {
    const { packed, eventIndex, indirect, features = 0n } = this.#options;
    return (
      FEATURE.version1 |
      (packed === true ? FEATURE.packedRing : 0n) |
      (eventIndex === true ? FEATURE.eventIndex : 0n) |
      (indirect === true ? FEATURE.indirect : 0n) |
      features
    );
  }

  #enableMsiX(): void {
    const vectors = this.board.mmio;
    let at = this.configuration(0x34, 1);
    while (this.configuration(at, 1) !== 0x11) at = this.configuration(at + 1, 1);
    this.setConfiguration(at + 2, 2, 0x8000);
    const count = (this.configuration(at + 2, 2) & 0x7ff) + 1;
    for (let vector = 0; vector < count; vector += 1) {
      vectors.write(VECTORS + vector * 16, 4, 0xfee0_0000);
      vectors.write(VECTORS + vector * 16 + 8, 4, 0x40 + vector);
      vectors.write(VECTORS + vector * 16 + 12, 4, 0);
    }
  }

  #writeDescriptors(table: number, buffers: readonly PlacedBuffer[], encode: DescriptorEncoder): void {
    for (const [index, { address, length, isWritable }] of buffers.entries()) {
      const at = table + index * 16;
      this.board.memory.write64(guestPhysical(at), BigInt(address));
      this.board.memory.write32(guestPhysical(at + 8), length);
      encode(at + 12, index, (isWritable ? 2 : 0) | (index < buffers.length - 1 ? 1 : 0));
    }
  }

  #makeAvailableSplit(buffers: readonly PlacedBuffer[]): void {
    const { memory } = this.board;
    const place = this.#place;
    const isIndirect = this.#options.indirect === true;
    const entries = isIndirect ? 1 : buffers.length;
    if (place.head + entries > RING_SIZE) place.head = 0;
    const { head } = place;
    const table = isIndirect ? this.descriptors + 0x800 : this.descriptors + head * 16;
    this.#writeDescriptors(table, buffers, (at, index, flags) => {
      memory.write16(guestPhysical(at), flags);
      memory.write16(guestPhysical(at + 2), index + 1 + (isIndirect ? 0 : head));
    });
    if (isIndirect) {
      const indirect = { address: table, length: buffers.length * 16, isWritable: false };
      this.#writeDescriptors(this.descriptors + head * 16, [indirect], (at) => memory.write16(guestPhysical(at), 4));
    }
    place.head = head + entries;
    memory.write16(guestPhysical(this.driverArea + 4 + (place.next % RING_SIZE) * 2), head);
    place.next = (place.next + 1) & 0xffff;
    if (this.#options.eventIndex === true)
      memory.write16(guestPhysical(this.driverArea + 4 + RING_SIZE * 2), place.next - 1);
    memory.write16(guestPhysical(this.driverArea + 2), place.next);
  }

  #usedSplit(position: number): number | undefined {
    const { memory } = this.board;
    const used = memory.read16(guestPhysical(this.deviceArea + 2));
    if (((used - position) & 0xffff) === 0 || ((used - position) & 0x8000) !== 0) return undefined;
    return memory.read32(guestPhysical(this.deviceArea + 4 + (position % RING_SIZE) * 8 + 4));
  }

  #makeAvailablePacked(buffers: readonly PlacedBuffer[]): void {
    const { memory } = this.board;
    const place = this.#place;
    const direct = this.#options.indirect !== true;
    const table = this.descriptors + 0x800;
    if (!direct)
      this.#writeDescriptors(table, buffers, (at, _index, flags) => memory.write16(guestPhysical(at + 2), flags & 2));
    const entries = direct ? buffers : [{ address: table, length: buffers.length * 16, isWritable: false }];
    for (const [index, buffer] of entries.entries()) {
      const { wrap } = place;
      this.#writeDescriptors(this.descriptors + place.next * 16, [buffer], (at) => {
        const more = index < entries.length - 1 ? 1 : 0;
        const flags = more | (buffer.isWritable ? 2 : 0) | (direct ? 0 : 4) | (wrap ? 0x80 : 0x8000);
        memory.write16(guestPhysical(at), 7);
        memory.write16(guestPhysical(at + 2), flags);
      });
      place.next += 1;
      if (place.next < RING_SIZE) continue;
      place.next = 0;
      place.wrap = !place.wrap;
    }
  }

  #usedPacked(position: number, wrap: boolean): number | undefined {
    const at = this.descriptors + position * 16;
    const flags = this.board.memory.read16(guestPhysical(at + 14)) & 0x8080;
    return flags === (wrap ? 0x8080 : 0) ? this.board.memory.read32(guestPhysical(at + 8)) : undefined;
  }
}

export interface DriverAnswer {
  /** Bytes written, as the device says. */
  readonly length: number;
  /** What is in the writable buffers now. */
  readonly written: readonly Uint8Array[];
}

/** How far the driver has come with a queue. */
interface QueuePlace {
  next: number;
  wrap: boolean;
  /** The next free descriptor of a split queue. */
  head: number;
  /** Where in the memory of the queue the next buffer goes. */
  arena: number;
}

interface PlacedBuffer {
  readonly address: number;
  readonly length: number;
  readonly isWritable: boolean;
}

/** Writes what follows the length in descriptor `index`. */
type DescriptorEncoder = (at: number, index: number, flags: number) => void;
