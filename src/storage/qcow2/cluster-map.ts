import { RangeLock, type HeldRange } from '../range-lock.ts';
import type { Allocator, ClusterRun } from './allocator.ts';
import type { Committer } from './committer.ts';
import { readClusterEntry, writeClusterEntry, type ClusterEntry } from './entries.ts';
import type { Geometry } from './geometry.ts';
import type { Mapping } from './mapping.ts';
import type { CachedTable } from './table-cache.ts';

const UNALLOCATED: ClusterEntry = { kind: 'unallocated' };

/** What becomes of a whole guest cluster: its new entry, or undefined when it keeps its own. */
export type Remap = (entry: ClusterEntry, guestCluster: number) => ClusterEntry | undefined;

/** Changes which host clusters guest clusters lead to. Clusters are numbers, of the disk or of the file. */
export class ClusterMap {
  readonly #geometry: Geometry;
  readonly #mapping: Mapping;
  readonly #allocator: Allocator;
  readonly #committer: Committer;
  /** Guest clusters that are about to get another place. */
  readonly #lock = new RangeLock();

  constructor(geometry: Geometry, mapping: Mapping, allocator: Allocator, committer: Committer) {
    this.#geometry = geometry;
    this.#mapping = mapping;
    this.#allocator = allocator;
    this.#committer = committer;
  }

  /** Where the L2 table that a guest cluster is in ends. */
  tableEnd(guestCluster: number): number {
    const { l2Entries } = this.#geometry;
    return (Math.floor(guestCluster / l2Entries) + 1) * l2Entries;
  }

  /** Whether `entry` may be called for [first, end), a part of one table, and nobody moves them. True until the next `await`. */
  isReady(first: number, end: number): boolean {
    return this.#lock.isFree(first, end) && this.isInMemory(first);
  }

  isInMemory(guestCluster: number): boolean {
    return this.#mapping.find(guestCluster) !== 'absent';
  }

  load(guestCluster: number): Promise<void> {
    return this.#mapping.load(guestCluster);
  }

  /** Waits for [first, end), a part of one table, to be ready. That has to be asked again afterwards. */
  async prepare(first: number, end: number): Promise<void> {
    await this.#lock.whenFree(first, end);
    await this.load(first);
  }

  /** To be called while a table is in memory. Throws a CorruptImageError for what cannot be an entry. */
  entry(guestCluster: number): ClusterEntry {
    const table = this.#mapping.find(guestCluster);
    if (table === 'none' || table === 'absent') return UNALLOCATED;
    return readClusterEntry(table.view, guestCluster % this.#geometry.l2Entries, this.#geometry);
  }

  /** Keeps others from moving [first, end), which is ready. */
  take(first: number, end: number): HeldRange {
    return this.#lock.take(first, end);
  }

  /** Sees to it that there is a table for a guest cluster which may be changed, so that lack of space shows early. */
  async makeTable(guestCluster: number): Promise<void> {
    if (this.#mapping.findOwn(guestCluster) === undefined) await this.#mapping.makeOwn(guestCluster, this.#allocator);
  }

  /** Lets guest clusters from `first` on, which the caller has taken, lead to host clusters that have their data. */
  async lead(first: number, run: ClusterRun): Promise<void> {
    await this.#edit(first, (table) => {
      for (let index = 0; index < run.count; index += 1) {
        const host = (run.first + index) * this.#geometry.clusterSize;
        this.#set(table, first + index, { kind: 'data', host, isCopied: true });
      }
    });
  }

  /** Gives guest clusters [start, end) other entries. */
  async remap(start: number, end: number, remap: Remap): Promise<void> {
    for (let first = start; first < end;) {
      const next = Math.min(end, this.tableEnd(first));
      while (!this.isReady(first, next)) await this.prepare(first, next);
      const held = this.take(first, next);
      try {
        await this.#remapTable(first, next, remap);
      } finally {
        held.release();
      }
      await this.#committer.relieve();
      first = next;
    }
  }

  async #remapTable(start: number, end: number, remap: Remap): Promise<void> {
    let first = start;
    while (first < end && remap(this.entry(first), first) === undefined) first += 1;
    if (first === end) return;
    await this.#edit(first, (table) => {
      for (let cluster = first; cluster < end; cluster += 1) {
        const entry = remap(this.entry(cluster), cluster);
        if (entry !== undefined) this.#set(table, cluster, entry);
      }
    });
  }

  /** Calls `change` with a guest cluster's table, which may be changed. */
  async #edit(guestCluster: number, change: (table: CachedTable) => void): Promise<void> {
    for (;;) {
      const table = this.#mapping.findOwn(guestCluster);
      if (table !== undefined) return change(table);
      await this.#mapping.makeOwn(guestCluster, this.#allocator);
    }
  }

  #set(table: CachedTable, guestCluster: number, entry: ClusterEntry): void {
    const index = guestCluster % this.#geometry.l2Entries;
    const old = readClusterEntry(table.view, index, this.#geometry);
    writeClusterEntry(table.view, index, entry);
    this.#mapping.markDirty(table, index);
    const isKept = 'host' in old && 'host' in entry && old.host === entry.host;
    if (!isKept) this.#committer.free(hostClusters(old, this.#geometry.clusterSize));
  }
}

/** The host clusters that an entry uses. */
export function hostClusters(entry: ClusterEntry, clusterSize: number): number[] {
  if (entry.kind === 'unallocated' || entry.host === 0) return [];
  const first = Math.floor(entry.host / clusterSize);
  if (entry.kind !== 'compressed') return [first];
  const last = Math.floor((entry.host + entry.length - 1) / clusterSize);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
