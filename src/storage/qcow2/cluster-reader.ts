import type { BlockBackend } from '../../base/block-backend.ts';
import type { StorageFile } from '../../base/storage-file.ts';
import { settleAll } from '../settle-all.ts';
import { CorruptImageError } from './corrupt-image.ts';
import type { Decompressor } from './decompressor.ts';
import { readClusterEntry, type ClusterEntry } from './entries.ts';
import type { Geometry } from './geometry.ts';
import type { Mapping } from './mapping.ts';

const UNALLOCATED: ClusterEntry = { kind: 'unallocated' };

/** A part of the disk that is read at once. */
interface Run {
  readonly entry: ClusterEntry;
  readonly start: number;
  end: number;
}

/** Reads the disk that an image holds. */
export class ClusterReader {
  readonly #file: StorageFile;
  readonly #geometry: Geometry;
  readonly #mapping: Mapping;
  readonly #decompressor: Decompressor;
  readonly #backing: BlockBackend | undefined;

  constructor(
    file: StorageFile,
    geometry: Geometry,
    mapping: Mapping,
    decompressor: Decompressor,
    backing: BlockBackend | undefined,
  ) {
    this.#file = file;
    this.#geometry = geometry;
    this.#mapping = mapping;
    this.#decompressor = decompressor;
    this.#backing = backing;
  }

  /** What a guest cluster without an entry shows at an offset: whether it is the backing disk. */
  isBacked(offset: number): boolean {
    return this.#backing !== undefined && offset < this.#backing.size;
  }

  /** Whether a cluster at `offset` reads as zeroes because of its entry alone. */
  isZero(entry: ClusterEntry, offset: number): boolean {
    return entry.kind === 'zero' || (entry.kind === 'unallocated' && !this.isBacked(offset));
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const end = offset + into.length;
    const runs: Run[] = [];
    for (let start = offset; start < end;) start = await this.#addRuns(runs, start, end);
    await settleAll(runs.map((run) => this.#readRun(run, into.subarray(run.start - offset, run.end - offset))));
  }

  /** Adds the runs of one L2 table, and returns where they end. */
  async #addRuns(runs: Run[], offset: number, end: number): Promise<number> {
    const { clusterSize } = this.#geometry;
    const { l2Entries } = this.#mapping;
    const first = Math.floor(offset / clusterSize);
    const stop = Math.min(end, (Math.floor(first / l2Entries) + 1) * l2Entries * clusterSize);
    let table = this.#mapping.find(first);
    while (table === 'absent') {
      await this.#mapping.load(first);
      table = this.#mapping.find(first);
    }
    if (table === 'none') {
      runs.push({ entry: UNALLOCATED, start: offset, end: stop });
      return stop;
    }
    for (let start = offset; start < stop;) {
      const cluster = Math.floor(start / clusterSize);
      const next = Math.min(stop, (cluster + 1) * clusterSize);
      const entry = readClusterEntry(table.view, cluster % l2Entries, this.#geometry);
      const last = runs.at(-1);
      if (last !== undefined && last.end === start && this.#continues(last, entry, start)) last.end = next;
      else runs.push({ entry, start, end: next });
      start = next;
    }
    return stop;
  }

  #continues({ entry, start }: Run, next: ClusterEntry, offset: number): boolean {
    if (next.kind !== entry.kind || next.kind === 'compressed') return false;
    if (next.kind !== 'data' || entry.kind !== 'data') return true;
    const first = Math.floor(start / this.#geometry.clusterSize) * this.#geometry.clusterSize;
    return next.host === entry.host + offset - first;
  }

  async #readRun({ entry, start }: Run, into: Uint8Array): Promise<void> {
    const within = start % this.#geometry.clusterSize;
    if (entry.kind === 'data') {
      if (entry.host >= this.#file.size) throw new CorruptImageError('guest data lies outside of the file');
      await this.#file.read(entry.host + within, into);
    } else if (entry.kind === 'compressed') {
      const cluster = await this.#decompressor.read(entry.host, entry.length);
      into.set(cluster.subarray(within, within + into.length));
    } else if (entry.kind === 'zero' || this.#backing === undefined) into.fill(0);
    else await readPadded(this.#backing, start, into);
  }
}

/** Reads a disk that may be too small; what it does not have is zeroes. */
async function readPadded(disk: BlockBackend, offset: number, into: Uint8Array): Promise<void> {
  const available = Math.max(0, Math.min(into.length, disk.size - offset));
  into.fill(0, available);
  if (available > 0) await disk.read(offset, into.subarray(0, available));
}
