import { SECTOR_SIZE } from '../../base/block-backend.ts';
import type { StorageFile } from '../../base/storage-file.ts';

/** An L2 table or a refcount block in memory. Its bytes belong to the cache, which has to be told of every change. */
export interface CachedTable {
  /** In the file. */
  readonly host: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

interface Slot extends CachedTable {
  /** The bytes that the file does not have yet; none when `dirtyEnd` is 0. */
  dirtyFirst: number;
  dirtyEnd: number;
  /** Changes of it that are on their way to the file. */
  writes: number;
}

/** A change that is to be written: a copy of the bytes as they were when it was taken. */
export interface PendingWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** To be called when it is in the file, or when that failed and it is to be taken again. */
  done(isWritten: boolean): void;
}

/**
 * Tables of one cluster each, the last used ones. What was changed stays until it was taken and written, so that there may
 * be more than the limit: who changes tables sees to it that they are written when half of them are dirty.
 */
export class TableCache {
  readonly #file: StorageFile;
  readonly #tableSize: number;
  readonly #limit: number;
  /** By offset, the least recently used first. */
  readonly #slots = new Map<number, Slot>();
  readonly #loads = new Map<number, Promise<void>>();
  readonly #dirty = new Set<Slot>();

  /** @param limit in tables */
  constructor(file: StorageFile, tableSize: number, limit: number) {
    this.#file = file;
    this.#tableSize = tableSize;
    this.#limit = limit;
  }

  get isMostlyDirty(): boolean {
    return this.#dirty.size > this.#limit / 2;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** The table at an offset, if it is in memory. It may leave at the next `await`. */
  peek(host: number): CachedTable | undefined {
    const slot = this.#slots.get(host);
    if (slot === undefined) return undefined;
    this.#slots.delete(host);
    this.#slots.set(host, slot);
    return slot;
  }

  /** Brings a table into memory, where `peek` finds it. */
  load(host: number): Promise<void> {
    const found = this.#loads.get(host);
    if (found !== undefined) return found;
    const load = this.#load(host).finally(() => this.#loads.delete(host));
    this.#loads.set(host, load);
    return load;
  }

  async #load(host: number): Promise<void> {
    const bytes = new Uint8Array(this.#tableSize);
    await this.#file.read(host, bytes);
    if (!this.#slots.has(host)) this.add(host, bytes);
  }

  /** Takes over a new table, which the file has already. */
  add(host: number, bytes: Uint8Array): CachedTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const slot: Slot = { host, bytes, view, dirtyFirst: 0, dirtyEnd: 0, writes: 0 };
    this.drop(host);
    this.#slots.set(host, slot);
    for (const old of this.#slots.values()) {
      if (this.#slots.size <= this.#limit) break;
      if (old !== slot && old.dirtyEnd === 0 && old.writes === 0) this.#slots.delete(old.host);
    }
    return slot;
  }

  /** Forgets a table that is in use no more. */
  drop(host: number): void {
    const slot = this.#slots.get(host);
    if (slot === undefined) return;
    this.#dirty.delete(slot);
    this.#slots.delete(host);
  }

  /** Bytes [first, end) of a table have been changed. */
  markDirty(table: CachedTable, first: number, end: number): void {
    const slot = table as Slot;
    const start = Math.floor(first / SECTOR_SIZE) * SECTOR_SIZE;
    const stop = Math.ceil(end / SECTOR_SIZE) * SECTOR_SIZE;
    slot.dirtyFirst = slot.dirtyEnd === 0 ? start : Math.min(slot.dirtyFirst, start);
    slot.dirtyEnd = Math.max(slot.dirtyEnd, stop);
    this.#dirty.add(slot);
  }

  /** All changes so far. Whoever takes them writes them. */
  takeDirty(): PendingWrite[] {
    const changes = [...this.#dirty].map((slot) => this.#take(slot));
    this.#dirty.clear();
    return changes;
  }

  #take(slot: Slot): PendingWrite {
    const { host, dirtyFirst, dirtyEnd } = slot;
    slot.dirtyFirst = 0;
    slot.dirtyEnd = 0;
    slot.writes += 1;
    return {
      offset: host + dirtyFirst,
      bytes: slot.bytes.slice(dirtyFirst, dirtyEnd),
      done: (isWritten) => {
        slot.writes -= 1;
        if (!isWritten && this.#slots.get(host) === slot) this.markDirty(slot, dirtyFirst, dirtyEnd);
      },
    };
  }
}
