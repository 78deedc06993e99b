import type { StorageFile } from '../../base/storage-file.ts';
import { settleAll } from '../settle-all.ts';
import { writeZeroesInParts } from '../zeroes.ts';
import type { Allocator, ClusterRun } from './allocator.ts';
import type { ClusterMap } from './cluster-map.ts';
import type { ClusterReader } from './cluster-reader.ts';
import type { Committer } from './committer.ts';
import type { ClusterEntry } from './entries.ts';
import type { Geometry } from './geometry.ts';

/** Up to this many bytes are copied together with what is around them, to be one write. */
const LARGEST_COPY = 256 * 1024;

/** What an image is made of, for who writes it. */
export interface WriterParts {
  readonly file: StorageFile;
  readonly geometry: Geometry;
  /** Of the disk, in bytes. */
  readonly size: number;
  readonly map: ClusterMap;
  readonly allocator: Allocator;
  readonly committer: Committer;
  readonly reader: ClusterReader;
}

/** Writes the disk that an image holds. */
export class ClusterWriter {
  readonly #parts: WriterParts;
  readonly #clusterSize: number;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#clusterSize = parts.geometry.clusterSize;
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.#parts.committer.checkIsSound();
    const end = offset + from.length;
    for (let start = offset; start < end;) start = await this.#writePart(start, from.subarray(start - offset));
  }

  async writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    const { version } = this.#parts.geometry;
    const { first, end } = this.#wholeClusters(offset, length);
    await this.#writeZeroBytes(offset, first);
    // Version 2 has no entry that reads as zeroes and hides what is in the backing disk, or that keeps the space.
    const isBytes = version === 2 && (!mayUnmap || this.#parts.reader.isBacked(first));
    if (isBytes) await this.#writeZeroBytes(first, end);
    else await this.#unmap(first, end, mayUnmap);
    await this.#writeZeroBytes(end, offset + length);
  }

  async discard(offset: number, length: number): Promise<void> {
    const { first, end } = this.#wholeClusters(offset, length);
    if (this.#parts.geometry.version === 3 || !this.#parts.reader.isBacked(first)) await this.#unmap(first, end, true);
  }

  /** Offsets where the whole clusters of a range begin and end. The disk's last cluster is whole where the disk ends. */
  #wholeClusters(offset: number, length: number): { readonly first: number; readonly end: number } {
    const stop = offset + length;
    const first = Math.min(Math.ceil(offset / this.#clusterSize) * this.#clusterSize, stop);
    const end = stop === this.#parts.size ? stop : Math.floor(stop / this.#clusterSize) * this.#clusterSize;
    return { first, end: Math.max(first, end) };
  }

  /** Makes whole clusters read as zeroes by their entries. */
  async #unmap(start: number, end: number, mayUnmap: boolean): Promise<void> {
    this.#parts.committer.checkIsSound();
    if (start === end) return;
    await this.#parts.map.remap(start / this.#clusterSize, Math.ceil(end / this.#clusterSize), (entry, cluster) =>
      this.#zeroed(entry, this.#parts.reader.isBacked(cluster * this.#clusterSize), mayUnmap),
    );
  }

  #zeroed(entry: ClusterEntry, isBacked: boolean, mayUnmap: boolean): ClusterEntry | undefined {
    if (entry.kind === 'unallocated') return isBacked ? { kind: 'zero', host: 0, isCopied: false } : undefined;
    const host = mayUnmap ? 0 : (ownPlace(entry) ?? 0);
    if (entry.kind === 'zero' && entry.host === host) return undefined;
    if (host === 0 && !isBacked) return { kind: 'unallocated' };
    return { kind: 'zero', host, isCopied: host !== 0 };
  }

  /** Writes zeroes into clusters that do not read as zeroes yet. */
  async #writeZeroBytes(start: number, end: number): Promise<void> {
    for (let offset = start; offset < end;) {
      const cluster = Math.floor(offset / this.#clusterSize);
      const stop = Math.min(end, (cluster + 1) * this.#clusterSize);
      if (!(await this.#isZero(cluster))) {
        await writeZeroesInParts(offset, stop - offset, (at, zeroes) => this.write(at, zeroes));
      }
      offset = stop;
    }
  }

  /** Writes as much as is in one row, in place or in new clusters, and returns where that ends. */
  async #writePart(offset: number, from: Uint8Array): Promise<number> {
    const { map, allocator, file } = this.#parts;
    const first = Math.floor(offset / this.#clusterSize);
    const end = Math.min(Math.ceil((offset + from.length) / this.#clusterSize), map.tableEnd(first));
    while (!map.isReady(first, end)) await map.prepare(first, end);
    const entry = map.entry(first);
    let next = first + 1;
    while (next < end && this.#continues(entry, map.entry(next), next - first)) next += 1;
    const place = ownPlace(entry);
    if (entry.kind !== 'data' || place === undefined) return this.#writeElsewhere(offset, from, first, next, place);
    const stop = Math.min(offset + from.length, next * this.#clusterSize);
    allocator.checkIsData(place / this.#clusterSize, next - first);
    await file.write(place + (offset % this.#clusterSize), from.subarray(0, stop - offset));
    return stop;
  }

  /** Whether a cluster can be written together with another, `distance` before it. */
  #continues(first: ClusterEntry, next: ClusterEntry, distance: number): boolean {
    const place = ownPlace(first);
    if (place === undefined) return ownPlace(next) === undefined;
    return next.kind === first.kind && ownPlace(next) === place + distance * this.#clusterSize;
  }

  /**
   * Writes from `offset` on into clusters whose content counts for nothing yet, and lets guest clusters `first` to `end`, or
   * fewer, lead there. @param place theirs, if they have one already
   */
  async #writeElsewhere(
    offset: number,
    from: Uint8Array,
    first: number,
    end: number,
    place: number | undefined,
  ): Promise<number> {
    const { map, allocator, committer } = this.#parts;
    const held = map.take(first, end);
    try {
      await map.makeTable(first);
      const run = await this.#clustersFor(place, end - first);
      held.shrink(first + run.count);
      const stop = Math.min(offset + from.length, (first + run.count) * this.#clusterSize);
      try {
        await this.#fill(first, run, offset, from.subarray(0, stop - offset));
        await map.lead(first, run);
      } catch (error) {
        if (place === undefined) {
          await allocator.release(Array.from({ length: run.count }, (_, index) => run.first + index));
        }
        throw error;
      }
      await committer.relieve();
      return stop;
    } finally {
      held.release();
    }
  }

  async #clustersFor(place: number | undefined, count: number): Promise<ClusterRun> {
    const { allocator } = this.#parts;
    if (place === undefined) return allocator.allocate(count);
    const first = place / this.#clusterSize;
    allocator.checkIsData(first, count);
    return { first, count, isFresh: false };
  }

  /** Writes data into host clusters, and around it what the guest has there now. */
  async #fill(first: number, run: ClusterRun, offset: number, data: Uint8Array): Promise<void> {
    const { file, reader, size } = this.#parts;
    const start = first * this.#clusterSize;
    const stop = offset + data.length;
    const head = new Uint8Array((await this.#isThere(first, run)) ? offset - start : 0);
    const isTail = await this.#isThere(first + run.count - 1, run);
    const tail = new Uint8Array(isTail ? start + run.count * this.#clusterSize - stop : 0);
    // The disk may end before its last cluster does.
    const present = tail.subarray(0, Math.max(0, size - stop));
    await settleAll([reader.read(start, head), reader.read(stop, present)]);
    const host = run.first * this.#clusterSize + offset - start;
    if (head.length + tail.length > 0 && data.length <= LARGEST_COPY) {
      const all = new Uint8Array(head.length + data.length + tail.length);
      all.set(head);
      all.set(data, head.length);
      all.set(tail, head.length + data.length);
      return file.write(host - head.length, all);
    }
    const writes = [file.write(host, data)];
    if (head.length > 0) writes.push(file.write(host - head.length, head));
    if (tail.length > 0) writes.push(file.write(host + data.length, tail));
    return settleAll(writes);
  }

  /** Whether what a guest cluster has now must be written where it gets its place: not zeroes over zeroes. */
  async #isThere(guestCluster: number, run: ClusterRun): Promise<boolean> {
    return !run.isFresh || !(await this.#isZero(guestCluster));
  }

  async #isZero(guestCluster: number): Promise<boolean> {
    const { map, reader } = this.#parts;
    while (!map.isInMemory(guestCluster)) await map.load(guestCluster);
    return reader.isZero(map.entry(guestCluster), guestCluster * this.#clusterSize);
  }
}

/** The offset of the host cluster that a guest cluster has for itself. */
function ownPlace(entry: ClusterEntry): number | undefined {
  const hasPlace = (entry.kind === 'data' || entry.kind === 'zero') && entry.isCopied && entry.host !== 0;
  return hasPlace ? entry.host : undefined;
}
