import { guestPhysical } from '../../base/address.ts';
import { Chain } from './chain.ts';
import type { ChainBuffer } from './chain.ts';
import { DESCRIPTOR, DESCRIPTOR_LENGTH, passesEvent } from './virtqueue.ts';
import type { QueuePlace, QueuePosition, Virtqueue } from './virtqueue.ts';

/** Offsets in the available and the used ring (virtio 1.2, 2.7.6 and 2.7.8). */
const RING = { flags: 0, index: 2, entries: 4 } as const;
const USED_ENTRY = 8;
const NO_INTERRUPT = 1;

/** A split virtqueue: a descriptor table, a ring of what the driver makes available and one of what the device has used. */
export class SplitQueue implements Virtqueue {
  readonly #place: QueuePlace;
  #available: number;
  #used: number;
  #signalled: number;
  #broken = false;

  constructor(place: QueuePlace, position: QueuePosition = { available: 0, used: 0, signalled: 0 }) {
    this.#place = place;
    this.#available = position.available;
    this.#used = position.used;
    this.#signalled = position.signalled;
  }

  get position(): QueuePosition {
    return { available: this.#available, used: this.#used, signalled: this.#signalled };
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  pop(): Chain | undefined {
    if (this.#broken) return undefined;
    const { driver, size } = this.#place;
    const waiting = (this.#read16(driver + RING.index) - this.#available) & 0xffff;
    if (waiting > size) this.#broken = true;
    if (waiting === 0 || this.#broken) {
      this.#askForNotification();
      return undefined;
    }
    const head = this.#read16(driver + RING.entries + (this.#available % size) * 2);
    const chain = this.#follow(head);
    if (chain === undefined) this.#broken = true;
    else this.#available = (this.#available + 1) & 0xffff;
    return chain;
  }

  putBack(): void {
    this.#available = (this.#available - 1) & 0xffff;
  }

  push(chain: Chain, written: number): void {
    const { memory, device, size } = this.#place;
    const entry = device + RING.entries + (this.#used % size) * USED_ENTRY;
    memory.write32(guestPhysical(entry), chain.id);
    memory.write32(guestPhysical(entry + 4), written);
    this.#used = (this.#used + 1) & 0xffff;
    memory.write16(guestPhysical(device + RING.index), this.#used);
  }

  takeInterrupt(): boolean {
    const before = this.#signalled;
    if (before === this.#used) return false;
    this.#signalled = this.#used;
    const { driver, size, hasEventIndex } = this.#place;
    if (!hasEventIndex) return (this.#read16(driver + RING.flags) & NO_INTERRUPT) === 0;
    return passesEvent(this.#read16(driver + RING.entries + size * 2), this.#used, before);
  }

  /** With event indexes the driver notifies for the entry that is named after the used ring. */
  #askForNotification(): void {
    const { memory, device, size, hasEventIndex } = this.#place;
    if (!hasEventIndex || this.#broken) return;
    memory.write16(guestPhysical(device + RING.entries + size * USED_ENTRY), this.#available);
  }

  /** Reads a chain of descriptors. Undefined when it is not one (virtio 1.2, 2.7.5). */
  #follow(head: number): Chain | undefined {
    const { memory, hasIndirect } = this.#place;
    let { descriptors: table, size: count } = this.#place;
    const readable: ChainBuffer[] = [];
    const writable: ChainBuffer[] = [];
    let isIndirect = false;
    let index = head;
    // A chain that is longer than its table goes round in circles.
    for (let left = count; left > 0; left -= 1) {
      if (index >= count) return undefined;
      const at = table + index * DESCRIPTOR_LENGTH;
      const address = Number(memory.read64(guestPhysical(at)));
      const length = memory.read32(guestPhysical(at + 8));
      const flags = this.#read16(at + 12);
      if ((flags & DESCRIPTOR.indirect) !== 0) {
        if (isIndirect || !hasIndirect || (flags & DESCRIPTOR.next) !== 0) return undefined;
        count = length / DESCRIPTOR_LENGTH;
        if (!Number.isInteger(count) || count === 0 || count > this.#place.size) return undefined;
        isIndirect = true;
        table = address;
        index = 0;
        left = count + 1;
        continue;
      }
      if ((flags & DESCRIPTOR.write) !== 0) writable.push({ address, length });
      else if (writable.length > 0) return undefined;
      else readable.push({ address, length });
      if ((flags & DESCRIPTOR.next) === 0) return new Chain(memory, head, 1, readable, writable);
      index = this.#read16(at + 14);
    }
    return undefined;
  }

  #read16(address: number): number {
    return this.#place.memory.read16(guestPhysical(address));
  }
}
