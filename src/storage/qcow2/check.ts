import type { StorageFile } from '../../base/storage-file.ts';
import { hostClusters } from './cluster-map.ts';
import { readClusterEntry, readTableEntry } from './entries.ts';
import { readHeader, viewOf, type Qcow2Header } from './header.ts';
import { readRefcount } from './refcount-entry.ts';
import { clustersOf, readSnapshots } from './snapshots.ts';

/** What is wrong with an image. */
export interface Qcow2Report {
  /** Whatever may lose data: a sentence each, up to `MOST_ERRORS`. */
  readonly errors: readonly string[];
  /** Host clusters that are counted as used more often than they are: lost space, and no more. */
  readonly leaks: number;
}

const MOST_ERRORS = 100;
/** Host clusters of the largest file that is checked. */
const MOST_CLUSTERS = 2 ** 27;

/**
 * Compares the refcounts of an image with what its tables say. Throws a UserError when there is no image; an image that is
 * being written must not be checked.
 */
export async function checkQcow2(file: StorageFile): Promise<Qcow2Report> {
  const header = await readHeader(file);
  const check = new ImageCheck(file, header);
  try {
    await check.run();
  } catch (error) {
    check.errors.push((error as Error).message);
  }
  return { errors: check.errors, leaks: check.leaks };
}

class ImageCheck {
  readonly errors: string[] = [];
  leaks = 0;
  readonly #file: StorageFile;
  readonly #header: Qcow2Header;
  /** How often tables lead to each host cluster. */
  readonly #uses: Uint32Array;
  readonly #counts: Uint32Array;

  constructor(file: StorageFile, header: Qcow2Header) {
    const clusters = Math.ceil(file.size / header.geometry.clusterSize);
    if (clusters > MOST_CLUSTERS) throw new Error('the file is too large to be checked');
    this.#file = file;
    this.#header = header;
    this.#uses = new Uint32Array(clusters);
    this.#counts = new Uint32Array(clusters);
  }

  async run(): Promise<void> {
    const { clusterSize } = this.#header.geometry;
    const { l1Offset, l1Entries, snapshotsOffset } = this.#header;
    this.#use([0], 'the header');
    await this.#readCounts();
    const { snapshots, length } = await readSnapshots(this.#file, this.#header);
    this.#use(clustersOf(snapshotsOffset, length, clusterSize), 'the snapshot table');
    await this.#countTable(l1Offset, l1Entries);
    for (const snapshot of snapshots) await this.#countTable(snapshot.l1Offset, snapshot.l1Entries);
    for (const [cluster, uses] of this.#uses.entries()) {
      const count = this.#counts[cluster] as number;
      if (count < uses) this.#error(`cluster ${cluster} is used ${uses} times and has a refcount of ${count}`);
      if (count > uses) this.leaks += 1;
    }
    await this.#checkFlags();
  }

  #error(text: string): void {
    if (this.errors.length < MOST_ERRORS) this.errors.push(text);
  }

  #use(clusters: Iterable<number>, what: string): void {
    for (const cluster of clusters) {
      if (cluster >= this.#uses.length) this.#error(`${what} leads to cluster ${cluster}, outside of the file`);
      else this.#uses[cluster] = (this.#uses[cluster] as number) + 1;
    }
  }

  async #readCounts(): Promise<void> {
    const { clusterSize, blockEntries, refcountOrder } = this.#header.geometry;
    const { refcountTableOffset, refcountTableClusters } = this.#header;
    const table = await this.#read(refcountTableOffset, refcountTableClusters * clusterSize);
    this.#use(clustersOf(refcountTableOffset, table.byteLength, clusterSize), 'the header');
    for (let index = 0; index < table.byteLength / 8; index += 1) {
      const host = Number(table.getBigUint64(index * 8));
      if (host === 0) continue;
      this.#use([host / clusterSize], 'the refcount table');
      const block = await this.#read(host, clusterSize);
      for (let entry = 0; entry < blockEntries; entry += 1) {
        const cluster = index * blockEntries + entry;
        const count = readRefcount(block, entry, refcountOrder);
        if (cluster < this.#counts.length) this.#counts[cluster] = count;
        else if (count > 0) this.leaks += 1;
      }
    }
  }

  async #countTable(l1Offset: number, l1Entries: number): Promise<void> {
    const { geometry } = this.#header;
    this.#use(clustersOf(l1Offset, l1Entries * 8, geometry.clusterSize), 'the header or a snapshot');
    const l1 = await this.#read(l1Offset, l1Entries * 8);
    for (let index = 0; index < l1Entries; index += 1) {
      const { host } = readTableEntry(l1, index, geometry);
      if (host === 0) continue;
      this.#use([host / geometry.clusterSize], 'an L1 table');
      const l2 = await this.#read(host, geometry.clusterSize);
      for (let entry = 0; entry < geometry.l2Entries; entry += 1) {
        this.#use(hostClusters(readClusterEntry(l2, entry, geometry), geometry.clusterSize), 'an L2 table');
      }
    }
  }

  /** Bit 63 of the active tables says whether the refcount is one. */
  async #checkFlags(): Promise<void> {
    const { geometry, l1Offset, l1Entries } = this.#header;
    const l1 = await this.#read(l1Offset, l1Entries * 8);
    for (let index = 0; index < l1Entries; index += 1) {
      const table = readTableEntry(l1, index, geometry);
      if (table.host === 0) continue;
      this.#checkFlag(table.host, table.isCopied, `entry ${index} of the L1 table`);
      const l2 = await this.#read(table.host, geometry.clusterSize);
      for (let position = 0; position < geometry.l2Entries; position += 1) {
        const entry = readClusterEntry(l2, position, geometry);
        if ((entry.kind !== 'data' && entry.kind !== 'zero') || entry.host === 0) continue;
        this.#checkFlag(
          entry.host,
          entry.isCopied,
          `the entry of guest cluster ${index * geometry.l2Entries + position}`,
        );
      }
    }
  }

  #checkFlag(host: number, isCopied: boolean, what: string): void {
    const count = this.#counts[host / this.#header.geometry.clusterSize];
    if ((count === 1) !== isCopied)
      this.#error(`${what} is ${isCopied ? '' : 'not '}marked as used once, and ${count} is its refcount`);
  }

  async #read(offset: number, length: number): Promise<DataView> {
    const bytes = new Uint8Array(length);
    await this.#file.read(offset, bytes);
    return viewOf(bytes);
  }
}
