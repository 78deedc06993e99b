import type { StorageFile } from '../../base/storage-file.ts';
import { CorruptImageError } from './corrupt-image.ts';
import type { Geometry } from './geometry.ts';
import { FIELD, LARGEST_REFCOUNT_TABLE, type Qcow2Header } from './header.ts';
import { readRefcount, writeRefcount } from './refcount-entry.ts';
import { TableCache, type CachedTable, type PendingWrite } from './table-cache.ts';

/** The memory that refcount blocks may take, in bytes. One of 64 KiB is for 2 GiB of the image. */
const CACHE_SIZE = 4 * 2 ** 20;
const FEWEST_TABLES = 16;

export const cacheLimit = (bytes: number, clusterSize: number): number =>
  Math.max(FEWEST_TABLES, Math.floor(bytes / clusterSize));

/** Writes that belong together, the first ones before the second ones. */
export interface TableUpdate {
  readonly before: readonly PendingWrite[];
  readonly after: readonly PendingWrite[];
  /** Host clusters that are in use no more once both are on stable storage. */
  readonly freed: readonly number[];
}

/**
 * How often each host cluster is in use: the refcount table and its blocks. Clusters are numbered from the start of the file.
 * Its callers see to it that they do not change blocks at once.
 */
export class Refcounts {
  readonly blocks: TableCache;
  readonly #file: StorageFile;
  readonly #geometry: Geometry;
  /** Offsets of the blocks; 0 where there is none yet. */
  readonly #table: number[];
  /** Where the table is in the file, and how many entries it has room for there. */
  #tableOffset: number;
  #tableRoom: number;
  /** Entries that the file does not have yet. */
  readonly #changed = new Set<number>();
  /** The table has a new place, which the header does not say yet; the old places. */
  #isMoved = false;
  #oldPlaces: number[] = [];

  private constructor(file: StorageFile, { geometry, refcountTableOffset }: Qcow2Header, table: number[]) {
    this.#file = file;
    this.#geometry = geometry;
    this.#table = table;
    this.#tableOffset = refcountTableOffset;
    this.#tableRoom = table.length;
    this.blocks = new TableCache(file, geometry.clusterSize, cacheLimit(CACHE_SIZE, geometry.clusterSize));
  }

  /** Reads the table. Throws a CorruptImageError when it cannot be one. */
  static async open(file: StorageFile, header: Qcow2Header): Promise<Refcounts> {
    const { clusterSize } = header.geometry;
    const bytes = new Uint8Array(header.refcountTableClusters * clusterSize);
    await file.read(header.refcountTableOffset, bytes);
    const view = new DataView(bytes.buffer);
    const table = Array.from({ length: bytes.length / 8 }, (_, index) => {
      const block = view.getUint32(index * 8) * 2 ** 32 + view.getUint32(index * 8 + 4);
      if (block % clusterSize !== 0 || block >= file.size) {
        throw new CorruptImageError('the refcount table leads out of the file or into the middle of a cluster');
      }
      return block;
    });
    const blocks = table.filter((block) => block !== 0);
    if (new Set(blocks).size < blocks.length) {
      throw new CorruptImageError('the refcount table leads to the same place twice');
    }
    return new Refcounts(file, header, table);
  }

  /** Clusters that hold the table and the blocks. */
  *ownClusters(): Generator<number> {
    const { clusterSize } = this.#geometry;
    for (let start = 0; start < this.#tableRoom * 8; start += clusterSize) {
      yield (this.#tableOffset + start) / clusterSize;
    }
    for (const block of this.#table) if (block !== 0) yield block / clusterSize;
  }

  /** Which block a cluster's refcount is in. */
  indexOf(cluster: number): number {
    return Math.floor(cluster / this.#geometry.blockEntries);
  }

  hasBlock(index: number): boolean {
    return (this.#table[index] ?? 0) !== 0;
  }

  /** A block that there is. It stays in memory until another one is asked for. */
  async block(index: number): Promise<CachedTable> {
    const host = this.#table[index] as number;
    for (;;) {
      const block = this.blocks.peek(host);
      if (block !== undefined) return block;
      await this.blocks.load(host);
    }
  }

  read(block: CachedTable, cluster: number): number {
    return readRefcount(block.view, cluster % this.#geometry.blockEntries, this.#geometry.refcountOrder);
  }

  write(block: CachedTable, cluster: number, count: number): void {
    const { blockEntries, refcountOrder } = this.#geometry;
    const index = cluster % blockEntries;
    writeRefcount(block.view, index, refcountOrder, count);
    const byte = Math.floor((index * 2 ** refcountOrder) / 8);
    this.blocks.markDirty(block, byte, byte + Math.max(1, 2 ** refcountOrder / 8));
  }

  /** Makes the block that is to have `cluster`'s refcount, in that cluster. */
  async makeBlock(cluster: number): Promise<void> {
    const { clusterSize, blockEntries, refcountOrder } = this.#geometry;
    const index = this.indexOf(cluster);
    if (index * 8 >= LARGEST_REFCOUNT_TABLE) throw new Error('the image has grown as large as its cluster size allows');
    const bytes = new Uint8Array(clusterSize);
    writeRefcount(new DataView(bytes.buffer), cluster % blockEntries, refcountOrder, 1);
    // Written at once, so that a full disk fails the guest's write and not its next flush.
    await this.#file.write(cluster * clusterSize, bytes);
    this.blocks.add(cluster * clusterSize, bytes);
    while (this.#table.length <= index) this.#table.push(0);
    this.#table[index] = cluster * clusterSize;
    this.#changed.add(index);
  }

  /** How many clusters a larger table needs, when this one has more entries than there is room for. */
  get clustersForLarger(): number {
    if (this.#table.length <= this.#tableRoom) return 0;
    return Math.ceil((this.#table.length * 1.5 * 8) / this.#geometry.clusterSize);
  }

  /** Gives the table a place with more room: clusters with a refcount of one. */
  async moveTable(first: number, clusters: number): Promise<void> {
    const { clusterSize } = this.#geometry;
    await this.#file.write(first * clusterSize, new Uint8Array(clusters * clusterSize));
    const count = Math.ceil((this.#tableRoom * 8) / clusterSize);
    for (let index = 0; index < count; index += 1) this.#oldPlaces.push(this.#tableOffset / clusterSize + index);
    this.#tableOffset = first * clusterSize;
    this.#tableRoom = (clusters * clusterSize) / 8;
    this.#isMoved = true;
  }

  /**
   * Takes what is changed in the table. The blocks that it leads to must be on stable storage before it is written.
   */
  takeTableUpdate(): TableUpdate {
    if (this.#isMoved) return this.#takeMove();
    // While there is no room for an entry, nothing uses the clusters that it is for.
    const indexes = [...this.#changed].filter((index) => index < this.#tableRoom);
    const after = indexes.map((index): PendingWrite => {
      this.#changed.delete(index);
      return {
        offset: this.#tableOffset + index * 8,
        bytes: tableBytes([this.#table[index] as number]),
        done: (isWritten) => void (isWritten || this.#changed.add(index)),
      };
    });
    return { before: [], after, freed: [] };
  }

  #takeMove(): TableUpdate {
    const changed = [...this.#changed];
    const freed = this.#oldPlaces;
    const place = new Uint8Array(12);
    const view = new DataView(place.buffer);
    view.setUint32(0, Math.floor(this.#tableOffset / 2 ** 32));
    view.setUint32(4, this.#tableOffset % 2 ** 32);
    view.setUint32(8, (this.#tableRoom * 8) / this.#geometry.clusterSize);
    this.#changed.clear();
    this.#oldPlaces = [];
    this.#isMoved = false;
    const done = (isWritten: boolean): void => {
      if (isWritten) return;
      this.#isMoved = true;
      this.#oldPlaces = [...freed, ...this.#oldPlaces];
      for (const index of changed) this.#changed.add(index);
    };
    return {
      before: [{ offset: this.#tableOffset, bytes: tableBytes(this.#table), done: () => {} }],
      after: [{ offset: FIELD.refcountTableOffset, bytes: place, done }],
      freed,
    };
  }
}

function tableBytes(entries: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, entry] of entries.entries()) {
    view.setUint32(index * 8, Math.floor(entry / 2 ** 32));
    view.setUint32(index * 8 + 4, entry % 2 ** 32);
  }
  return bytes;
}
