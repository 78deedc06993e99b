import type { BlockBackend } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import type { StorageFile } from '../../base/storage-file.ts';
import { Allocator } from './allocator.ts';
import { ClusterMap } from './cluster-map.ts';
import { ClusterReader } from './cluster-reader.ts';
import { ClusterWriter } from './cluster-writer.ts';
import { Committer } from './committer.ts';
import { CorruptImageError } from './corrupt-image.ts';
import { Decompressor, type Inflaters } from './decompressor.ts';
import { corruptImage, FIELD, readHeader, type BackingReference, type Qcow2Header } from './header.ts';
import { Mapping } from './mapping.ts';
import { Refcounts } from './refcounts.ts';
import { clustersOf, readSnapshots } from './snapshots.ts';

/** What an image needs of the host besides its file. */
export interface Qcow2Host {
  readonly inflaters: Inflaters;
  /** Opens, for reading, the disk that an image is based on. Throws a UserError when it cannot be had. */
  openBacking(backing: BackingReference): Promise<BlockBackend>;
}

/** What is needed to write. */
interface Writing {
  readonly allocator: Allocator;
  readonly committer: Committer;
  readonly writer: ClusterWriter;
}

/** A disk in a qcow2 image, version 2 or 3. docs/storage.md says what it does and what it promises. */
export class Qcow2Image implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  readonly #file: StorageFile;
  readonly #backing: BlockBackend | undefined;
  readonly #decompressor: Decompressor;
  readonly #reader: ClusterReader;
  readonly #writing: Writing | undefined;
  /** Requests under way. */
  readonly #requests = new Set<Promise<void>>();
  /** Resolves when the clusters that were freed last can be used again. */
  #released: Promise<unknown> = Promise.resolve();

  private constructor(file: StorageFile, header: Qcow2Header, tables: Tables, opened: Opened) {
    const { geometry } = header;
    this.#file = file;
    this.#backing = opened.backing;
    this.size = header.size;
    this.isReadOnly = file.isReadOnly;
    this.#decompressor = opened.decompressor;
    this.#reader = new ClusterReader(file, geometry, tables.mapping, opened.decompressor, opened.backing);
    if (tables.refcounts === undefined) return;
    const { mapping, refcounts } = tables;
    const allocator = new Allocator(refcounts, geometry, tables.metadata, file.size);
    const committer = new Committer(file, refcounts, mapping, (clusters) => this.#release(allocator, clusters));
    const map = new ClusterMap(geometry, mapping, allocator, committer);
    const { size } = this;
    const writer = new ClusterWriter({ file, geometry, size, map, allocator, committer, reader: this.#reader });
    this.#writing = { allocator, committer, writer };
  }

  /**
   * Takes the file over, unless it throws: a UserError when it is no image, or none that can be used. An image is written if its
   * file is.
   */
  static async open(file: StorageFile, host: Qcow2Host): Promise<Qcow2Image> {
    const header = await readHeader(file);
    if (!file.isReadOnly) checkIsWritable(file.name, header);
    const inflate = host.inflaters[header.compression];
    if (inflate === undefined) {
      throw new UserError(
        `The disk ${file.name} is compressed with ${header.compression}, which this host cannot decompress; use Node.js 22.15 or later, or convert it with qemu-img.`,
      );
    }
    const { clusterSize } = header.geometry;
    const decompressor = new Decompressor(file, clusterSize, inflate, header.compression === 'zstd');
    const tables = await readTables(file, header);
    if (!file.isReadOnly && header.hasAutoclear) {
      await file.write(FIELD.autoclear, new Uint8Array(8));
      await file.flush();
    }
    const backing = header.backing === undefined ? undefined : await host.openBacking(header.backing);
    return new Qcow2Image(file, header, tables, { decompressor, backing });
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#run(() => this.#reader.read(offset, into));
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#run(() => this.#forWriting().writer.write(offset, from));
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#run(() => this.#forWriting().writer.writeZeroes(offset, length, mayUnmap));
  }

  discard(offset: number, length: number): Promise<void> {
    return this.#run(() => this.#forWriting().writer.discard(offset, length));
  }

  async flush(): Promise<void> {
    await this.#writing?.committer.commit().catch((error: unknown) => this.#fail(error));
  }

  async close(): Promise<void> {
    try {
      await Promise.allSettled(this.#requests);
      await this.flush();
      // The second one writes the refcounts of what the first one has freed.
      await this.#released;
      await this.flush();
    } finally {
      await this.#file.close();
      await this.#backing?.close();
    }
  }

  #forWriting(): Writing {
    if (this.#writing === undefined) throw new Error('it is read-only');
    return this.#writing;
  }

  async #run(action: () => Promise<void>): Promise<void> {
    let request: Promise<void> | undefined;
    try {
      request = action();
      this.#requests.add(request);
      await request;
    } catch (error) {
      this.#fail(error);
    } finally {
      if (request !== undefined) this.#requests.delete(request);
    }
  }

  #fail(error: unknown): never {
    throw new Error(`${this.#file.name}: ${(error as Error).message}`, { cause: error });
  }

  /** Makes clusters free once no request can use them that has found its way before they were out of the tables. */
  #release(allocator: Allocator, clusters: readonly number[]): Promise<void> {
    const released = Promise.allSettled([this.#released, ...this.#requests]).then(() => {
      this.#decompressor.forget();
      return allocator.release(clusters);
    });
    this.#released = released;
    return released;
  }
}

interface Tables {
  readonly mapping: Mapping;
  /** Read only for images that are written. */
  readonly refcounts: Refcounts | undefined;
  /** Host clusters that are no guest data. */
  readonly metadata: Iterable<number>;
}

interface Opened {
  readonly decompressor: Decompressor;
  readonly backing: BlockBackend | undefined;
}

function checkIsWritable(name: string, { isCorrupt, isDirty }: Qcow2Header): void {
  if (isCorrupt) throw corruptImage(name, 'it is marked so');
  if (isDirty) {
    throw new UserError(
      `The disk ${name} was not closed by the program that wrote it last; repair it with qemu-img check -r all, or open it readonly.`,
    );
  }
}

async function readTables(file: StorageFile, header: Qcow2Header): Promise<Tables> {
  try {
    const mapping = await Mapping.open(file, header);
    if (file.isReadOnly) return { mapping, refcounts: undefined, metadata: [] };
    const refcounts = await Refcounts.open(file, header);
    const { clusterSize } = header.geometry;
    const { snapshots, length } = await readSnapshots(file, header);
    const metadata = new Set([0, ...mapping.ownClusters(), ...refcounts.ownClusters()]);
    for (const cluster of clustersOf(header.snapshotsOffset, length, clusterSize)) metadata.add(cluster);
    for (const { l1Offset, l1Entries } of snapshots) {
      for (const cluster of clustersOf(l1Offset, l1Entries * 8, clusterSize)) metadata.add(cluster);
    }
    return { mapping, refcounts, metadata };
  } catch (error) {
    if (error instanceof CorruptImageError)
      throw corruptImage(file.name, error.message.replace('the image is corrupt: ', ''));
    throw error;
  }
}
