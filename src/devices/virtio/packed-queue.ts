import { guestPhysical } from '../../base/address.ts';
import { Chain } from './chain.ts';
import type { ChainBuffer } from './chain.ts';
import { DESCRIPTOR, DESCRIPTOR_LENGTH, passesEvent } from './virtqueue.ts';
import type { QueuePlace, QueuePosition, Virtqueue } from './virtqueue.ts';

/** A descriptor is available when its bit 7 is the ring's wrap counter and bit 15 is not, and used when both are (virtio 1.2, 2.8.1). */
const AVAILABLE = 1 << 7;
const USED = 1 << 15;
/** In a saved position: the wrap counter. */
const WRAP = 1 << 15;
/** Event suppression (virtio 1.2, 2.8.14). */
const EVENT = { enable: 0, disable: 1, descriptor: 2 } as const;

/** A packed virtqueue: one ring in which the device replaces available descriptors by used ones. */
export class PackedQueue implements Virtqueue {
  readonly #place: QueuePlace;
  #available: Cursor;
  #used: Cursor;
  #signalled: Cursor;
  #broken = false;

  constructor(place: QueuePlace, position: QueuePosition = { available: WRAP, used: WRAP, signalled: WRAP }) {
    this.#place = place;
    this.#available = cursorOf(position.available);
    this.#used = cursorOf(position.used);
    this.#signalled = cursorOf(position.signalled);
  }

  get position(): QueuePosition {
    return {
      available: numberOf(this.#available),
      used: numberOf(this.#used),
      signalled: numberOf(this.#signalled),
    };
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  pop(): Chain | undefined {
    if (this.#broken) return undefined;
    if (!this.#isAvailable(this.#available)) {
      this.#askForNotification();
      return undefined;
    }
    const chain = this.#follow();
    if (chain === undefined) this.#broken = true;
    else this.#available = this.#advance(this.#available, chain.descriptors);
    return chain;
  }

  putBack(chain: Chain): void {
    const { index, wrap } = this.#available;
    const before = index - chain.descriptors;
    this.#available = before >= 0 ? { index: before, wrap } : { index: before + this.#place.size, wrap: !wrap };
  }

  push(chain: Chain, written: number): void {
    const { memory } = this.#place;
    const at = this.#addressOf(this.#used);
    memory.write32(guestPhysical(at + 8), written);
    memory.write16(guestPhysical(at + 12), chain.id);
    const flags = written > 0 ? DESCRIPTOR.write : 0;
    memory.write16(guestPhysical(at + 14), this.#used.wrap ? flags | AVAILABLE | USED : flags);
    this.#used = this.#advance(this.#used, chain.descriptors);
  }

  takeInterrupt(): boolean {
    const before = this.#signalled;
    const after = this.#used;
    if (before.index === after.index && before.wrap === after.wrap) return false;
    this.#signalled = after;
    const { driver, size, hasEventIndex } = this.#place;
    const flags = this.#read16(driver + 2) & 3;
    if (flags !== EVENT.descriptor || !hasEventIndex) return flags !== EVENT.disable;
    const event = cursorOf(this.#read16(driver));
    // Both are put on the number line of the lap that `after` is in.
    const wanted = event.wrap === after.wrap ? event.index : event.index - size;
    const from = before.wrap === after.wrap ? before.index : before.index - size;
    return passesEvent(wanted & 0xffff, after.index, from & 0xffff);
  }

  /** The device's event structure names the descriptor whose becoming available the driver is to tell of. */
  #askForNotification(): void {
    const { memory, device, hasEventIndex } = this.#place;
    if (hasEventIndex) memory.write16(guestPhysical(device), numberOf(this.#available));
    memory.write16(guestPhysical(device + 2), hasEventIndex ? EVENT.descriptor : EVENT.enable);
  }

  /** Reads the request at `available`. Undefined when it is none (virtio 1.2, 2.8.5 to 2.8.8). */
  #follow(): Chain | undefined {
    const { memory, size, hasIndirect } = this.#place;
    const readable: ChainBuffer[] = [];
    const writable: ChainBuffer[] = [];
    let cursor = this.#available;
    for (let count = 1; count <= size; count += 1) {
      const at = this.#addressOf(cursor);
      const flags = this.#read16(at + 14);
      const id = this.#read16(at + 12);
      if ((flags & DESCRIPTOR.indirect) !== 0) {
        if (!hasIndirect || count > 1 || (flags & DESCRIPTOR.next) !== 0) return undefined;
        const table = Number(memory.read64(guestPhysical(at)));
        const entries = memory.read32(guestPhysical(at + 8)) / DESCRIPTOR_LENGTH;
        if (!Number.isInteger(entries) || entries === 0 || entries > size) return undefined;
        for (let entry = 0; entry < entries; entry += 1) {
          if (!this.#addBuffer(table + entry * DESCRIPTOR_LENGTH, readable, writable)) return undefined;
        }
        return new Chain(memory, id, 1, readable, writable);
      }
      if (!this.#addBuffer(at, readable, writable)) return undefined;
      if ((flags & DESCRIPTOR.next) === 0) return new Chain(memory, id, count, readable, writable);
      cursor = this.#advance(cursor, 1);
    }
    return undefined;
  }

  #addBuffer(at: number, readable: ChainBuffer[], writable: ChainBuffer[]): boolean {
    const { memory } = this.#place;
    const buffer = { address: Number(memory.read64(guestPhysical(at))), length: memory.read32(guestPhysical(at + 8)) };
    const isWritable = (this.#read16(at + 14) & DESCRIPTOR.write) !== 0;
    if (!isWritable && writable.length > 0) return false;
    (isWritable ? writable : readable).push(buffer);
    return true;
  }

  #isAvailable(cursor: Cursor): boolean {
    const flags = this.#read16(this.#addressOf(cursor) + 14);
    return ((flags & AVAILABLE) !== 0) === cursor.wrap && ((flags & USED) !== 0) !== cursor.wrap;
  }

  #advance(cursor: Cursor, count: number): Cursor {
    const index = cursor.index + count;
    const { size } = this.#place;
    return index < size ? { index, wrap: cursor.wrap } : { index: index - size, wrap: !cursor.wrap };
  }

  #addressOf({ index }: Cursor): number {
    return this.#place.descriptors + index * DESCRIPTOR_LENGTH;
  }

  #read16(address: number): number {
    return this.#place.memory.read16(guestPhysical(address));
  }
}

/** A place in the ring, and the wrap counter there. */
interface Cursor {
  readonly index: number;
  readonly wrap: boolean;
}

const cursorOf = (position: number): Cursor => ({ index: position & 0x7fff, wrap: (position & WRAP) !== 0 });
const numberOf = ({ index, wrap }: Cursor): number => index | (wrap ? WRAP : 0);
