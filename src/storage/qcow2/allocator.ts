import { CorruptImageError } from './corrupt-image.ts';
import type { Geometry } from './geometry.ts';
import type { Refcounts } from './refcounts.ts';

/** Host clusters in a row. */
export interface ClusterRun {
  /** Number of the first. */
  readonly first: number;
  readonly count: number;
  /** Nothing was ever written there: it reads as zeroes. */
  readonly isFresh: boolean;
}

/** Finds host clusters that are free, and gives back those that are not needed any more. */
export class Allocator {
  readonly #refcounts: Refcounts;
  readonly #geometry: Geometry;
  /** Clusters of the header and of tables. None of them may ever be taken for free, or be written as data. */
  readonly #metadata: Set<number>;
  /** There is no free cluster below. */
  #lowest = 0;
  /** Blocks in which no cluster is free. */
  readonly #full = new Set<number>();
  /** Nothing was ever written from this cluster on. */
  #freshFrom: number;
  #queue: Promise<unknown> = Promise.resolve();

  /** @param fileSize in bytes */
  constructor(refcounts: Refcounts, geometry: Geometry, metadata: Iterable<number>, fileSize: number) {
    this.#refcounts = refcounts;
    this.#geometry = geometry;
    this.#metadata = new Set(metadata);
    this.#freshFrom = Math.ceil(fileSize / geometry.clusterSize);
  }

  /** Throws a CorruptImageError when guest data is to be written over a table. `first` is the number of a host cluster. */
  checkIsData(first: number, count: number): void {
    for (let cluster = first; cluster < first + count; cluster += 1) {
      if (this.#metadata.has(cluster)) throw new CorruptImageError('guest data and a table are in the same place');
    }
  }

  /** Takes at least one free cluster and at most `count`, for guest data. */
  allocate(count: number): Promise<ClusterRun> {
    return this.#alone(() => this.#allocate(count));
  }

  /** Takes one free cluster for a table. */
  allocateTable(): Promise<ClusterRun> {
    return this.#alone(async () => {
      const run = await this.#allocate(1);
      this.#metadata.add(run.first);
      return run;
    });
  }

  /** Counts one use less of each cluster. One whose refcount cannot be read stays in use for ever, which harms nobody. */
  release(clusters: readonly number[]): Promise<void> {
    return this.#alone(async () => {
      for (const cluster of clusters) {
        try {
          await this.#release(cluster);
        } catch {
          // The image has lost a cluster; the guest has lost nothing.
        }
      }
    });
  }

  /** Lets one at a time change the refcounts. */
  #alone<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(action);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #allocate(count: number): Promise<ClusterRun> {
    const run = await this.#findFree(count);
    try {
      await this.#makeRoom();
    } catch (error) {
      for (let cluster = run.first; cluster < run.first + run.count; cluster += 1) await this.#release(cluster);
      throw error;
    }
    return run;
  }

  async #findFree(count: number): Promise<ClusterRun> {
    const { blockEntries } = this.#geometry;
    for (let cluster = this.#lowest; ;) {
      const index = this.#refcounts.indexOf(cluster);
      const end = (index + 1) * blockEntries;
      const first = this.#full.has(index) ? undefined : await this.#firstFree(cluster, end);
      if (first !== undefined) {
        const run = await this.#take(first, Math.min(first + count, end));
        this.#lowest = first + run.count;
        return run;
      }
      if (cluster % blockEntries === 0 && this.#refcounts.hasBlock(index)) this.#full.add(index);
      cluster = end;
      this.#lowest = end;
    }
  }

  /** The first free cluster of a part of a block, which is made if there is none. */
  async #firstFree(start: number, end: number): Promise<number | undefined> {
    let cluster = start;
    const index = this.#refcounts.indexOf(start);
    if (!this.#refcounts.hasBlock(index)) {
      await this.#makeBlock(cluster);
      cluster += 1;
    }
    const block = await this.#refcounts.block(index);
    while (cluster < end && this.#refcounts.read(block, cluster) !== 0) cluster += 1;
    return cluster < end ? cluster : undefined;
  }

  async #makeBlock(cluster: number): Promise<void> {
    this.#checkIsUnused(cluster);
    await this.#refcounts.makeBlock(cluster);
    this.#metadata.add(cluster);
    this.#freshFrom = Math.max(this.#freshFrom, cluster + 1);
  }

  /** Takes free clusters from `first` on, not past `limit`, which is within the same block. */
  async #take(first: number, limit: number): Promise<ClusterRun> {
    const block = await this.#refcounts.block(this.#refcounts.indexOf(first));
    const isFresh = first >= this.#freshFrom;
    let end = first;
    while (end < limit && this.#refcounts.read(block, end) === 0 && end >= this.#freshFrom === isFresh) {
      this.#checkIsUnused(end);
      this.#refcounts.write(block, end, 1);
      end += 1;
    }
    this.#freshFrom = Math.max(this.#freshFrom, end);
    return { first, count: end - first, isFresh };
  }

  #checkIsUnused(cluster: number): void {
    if (this.#metadata.has(cluster)) throw new CorruptImageError('a table is in a cluster whose refcount is 0');
  }

  /** Moves the refcount table when it has become too small. */
  async #makeRoom(): Promise<void> {
    for (let clusters = this.#refcounts.clustersForLarger; clusters > 0; clusters = this.#refcounts.clustersForLarger) {
      const first = await this.#takeContiguous(clusters);
      try {
        await this.#refcounts.moveTable(first, clusters);
      } catch (error) {
        for (let index = 0; index < clusters; index += 1) await this.#release(first + index);
        throw error;
      }
      for (let index = 0; index < clusters; index += 1) this.#metadata.add(first + index);
    }
  }

  async #takeContiguous(count: number): Promise<number> {
    let first = this.#freshFrom;
    for (let cluster = first; cluster < first + count; cluster += 1) {
      const index = this.#refcounts.indexOf(cluster);
      if (!this.#refcounts.hasBlock(index)) await this.#makeBlock(cluster);
      const block = await this.#refcounts.block(index);
      if (this.#refcounts.read(block, cluster) !== 0) first = cluster + 1;
    }
    for (let cluster = first; cluster < first + count; cluster += 1) {
      const block = await this.#refcounts.block(this.#refcounts.indexOf(cluster));
      this.#refcounts.write(block, cluster, 1);
    }
    this.#freshFrom = Math.max(this.#freshFrom, first + count);
    return first;
  }

  async #release(cluster: number): Promise<void> {
    const index = this.#refcounts.indexOf(cluster);
    if (!this.#refcounts.hasBlock(index)) return;
    const block = await this.#refcounts.block(index);
    const count = this.#refcounts.read(block, cluster);
    if (count === 0) return;
    this.#refcounts.write(block, cluster, count - 1);
    if (count > 1) return;
    this.#metadata.delete(cluster);
    this.#full.delete(index);
    this.#lowest = Math.min(this.#lowest, cluster);
  }
}
