import { SECTOR_SIZE } from '../../base/block-backend.ts';
import type { StorageFile } from '../../base/storage-file.ts';
import type { Allocator } from './allocator.ts';
import { CorruptImageError } from './corrupt-image.ts';
import { readTableEntry, writeTableEntry, type TableEntry } from './entries.ts';
import type { Qcow2Header } from './header.ts';
import { cacheLimit } from './refcounts.ts';
import { TableCache, type CachedTable, type PendingWrite } from './table-cache.ts';

/** The memory that L2 tables may take, in bytes. One of 64 KiB is for 512 MiB of the disk. */
const CACHE_SIZE = 16 * 2 ** 20;

/** What a guest cluster's L2 table is: in memory, not in memory, or none at all. */
export type FoundTable = CachedTable | 'absent' | 'none';

/** Where guest clusters are in the image: the L1 table, which is kept in memory, and L2 tables. */
export class Mapping {
  readonly tables: TableCache;
  readonly l2Entries: number;
  readonly #file: StorageFile;
  readonly #header: Qcow2Header;
  /** The L1 table, and what follows it in its last sector. */
  readonly #l1: DataView;
  readonly #bytes: Uint8Array;
  /** Sectors of the L1 table that the file does not have yet. */
  readonly #dirty = new Set<number>();
  /** L2 tables that are being made, by index into the L1 table. */
  readonly #making = new Map<number, Promise<void>>();
  /** Old L2 tables that snapshots keep: one use less, once the L1 table is written. */
  readonly #freed: number[] = [];

  private constructor(file: StorageFile, header: Qcow2Header, bytes: Uint8Array) {
    const { clusterSize, l2Entries } = header.geometry;
    this.#file = file;
    this.#header = header;
    this.#bytes = bytes;
    this.#l1 = new DataView(bytes.buffer);
    this.l2Entries = l2Entries;
    this.tables = new TableCache(file, clusterSize, cacheLimit(CACHE_SIZE, clusterSize));
  }

  /** Reads the L1 table. Throws a CorruptImageError when it cannot be one. */
  static async open(file: StorageFile, header: Qcow2Header): Promise<Mapping> {
    const bytes = new Uint8Array(Math.ceil((header.l1Entries * 8) / SECTOR_SIZE) * SECTOR_SIZE);
    await file.read(header.l1Offset, bytes);
    const mapping = new Mapping(file, header, bytes);
    for (let index = 0; index < header.l1Entries; index += 1) {
      if (mapping.#entry(index).host >= file.size) throw new CorruptImageError('the L1 table leads out of the file');
    }
    return mapping;
  }

  /** Clusters that hold the L1 table and the L2 tables. */
  *ownClusters(): Generator<number> {
    const { l1Entries, l1Offset, geometry } = this.#header;
    for (let start = 0; start < l1Entries * 8; start += geometry.clusterSize) {
      yield (l1Offset + start) / geometry.clusterSize;
    }
    for (let index = 0; index < l1Entries; index += 1) {
      const { host } = this.#entry(index);
      if (host !== 0) yield host / geometry.clusterSize;
    }
  }

  /** The table with a guest cluster's entry. It may leave memory at the next `await`. */
  find(guestCluster: number): FoundTable {
    const { host } = this.#entry(this.#indexOf(guestCluster));
    return host === 0 ? 'none' : (this.tables.peek(host) ?? 'absent');
  }

  /** Brings the table into memory, where `find` finds it. */
  async load(guestCluster: number): Promise<void> {
    const { host } = this.#entry(this.#indexOf(guestCluster));
    if (host !== 0) await this.tables.load(host);
  }

  /** The table, if it is in memory and belongs to no snapshot, so that it may be changed. */
  findOwn(guestCluster: number): CachedTable | undefined {
    const found = this.#entry(this.#indexOf(guestCluster)).isCopied ? this.find(guestCluster) : 'absent';
    return typeof found === 'string' ? undefined : found;
  }

  /** Brings the table into memory, where `findOwn` finds it; makes it, if there is none that may be changed. */
  async makeOwn(guestCluster: number, allocator: Allocator): Promise<void> {
    const index = this.#indexOf(guestCluster);
    if (this.#entry(index).isCopied) return this.load(guestCluster);
    const making = this.#making.get(index) ?? this.#make(index, allocator).finally(() => this.#making.delete(index));
    this.#making.set(index, making);
    return making;
  }

  markDirty(table: CachedTable, index: number): void {
    this.tables.markDirty(table, index * 8, index * 8 + 8);
  }

  /** Takes all changes, and which clusters are in use once less when they are on stable storage. */
  takeDirty(): { readonly writes: PendingWrite[]; readonly freed: readonly number[] } {
    const sectors = [...this.#dirty].map((sector): PendingWrite => {
      const start = sector * SECTOR_SIZE;
      return {
        offset: this.#header.l1Offset + start,
        bytes: this.#bytes.slice(start, start + SECTOR_SIZE),
        done: (isWritten) => void (isWritten || this.#dirty.add(sector)),
      };
    });
    this.#dirty.clear();
    return { writes: [...this.tables.takeDirty(), ...sectors], freed: this.#freed.splice(0) };
  }

  #indexOf(guestCluster: number): number {
    return Math.floor(guestCluster / this.l2Entries);
  }

  #entry(index: number): TableEntry {
    return readTableEntry(this.#l1, index, this.#header.geometry);
  }

  /** A new table, or a copy of the one that a snapshot has too. The file has it before the L1 table leads to it. */
  async #make(index: number, allocator: Allocator): Promise<void> {
    const { clusterSize } = this.#header.geometry;
    const old = this.#entry(index).host;
    const { first } = await allocator.allocateTable();
    const host = first * clusterSize;
    const bytes = new Uint8Array(clusterSize);
    try {
      if (old !== 0) await this.#file.read(old, bytes);
      await this.#file.write(host, bytes);
    } catch (error) {
      await allocator.release([first]);
      throw error;
    }
    this.tables.add(host, bytes);
    if (old !== 0) {
      this.#freed.push(old / clusterSize);
      this.tables.drop(old);
    }
    writeTableEntry(this.#l1, index, { host, isCopied: true });
    this.#dirty.add(Math.floor((index * 8) / SECTOR_SIZE));
  }
}
