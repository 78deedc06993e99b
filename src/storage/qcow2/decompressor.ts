import type { StorageFile } from '../../base/storage-file.ts';
import { CorruptImageError } from './corrupt-image.ts';
import { zstdFrameLength } from './zstd-frame.ts';

/** Decompresses to exactly `size` bytes. What follows the end of the compressed data is to be ignored. */
export type Inflate = (compressed: Uint8Array, size: number) => Promise<Uint8Array>;

/** What the host can decompress. */
export interface Inflaters {
  /** RFC 1951, without a header. */
  readonly deflate: Inflate;
  /** RFC 8878: one frame, and nothing after it. */
  readonly zstd: Inflate | undefined;
}

/** The memory for decompressed clusters, in bytes: a guest reads one in several parts. */
const CACHE_SIZE = 2 ** 20;

/** Reads compressed clusters. */
export class Decompressor {
  readonly #file: StorageFile;
  readonly #clusterSize: number;
  readonly #inflate: Inflate;
  readonly #isZstd: boolean;
  /** By offset in the file, the least recently used first. */
  readonly #recent = new Map<number, Promise<Uint8Array>>();

  constructor(file: StorageFile, clusterSize: number, inflate: Inflate, isZstd: boolean) {
    this.#file = file;
    this.#clusterSize = clusterSize;
    this.#inflate = inflate;
    this.#isZstd = isZstd;
  }

  /** A cluster's bytes. Nobody changes them. */
  async read(host: number, length: number): Promise<Uint8Array> {
    const cluster = this.#recent.get(host) ?? this.#decompress(host, length);
    this.#recent.delete(host);
    this.#recent.set(host, cluster);
    for (const old of this.#recent.keys()) {
      if (this.#recent.size <= Math.max(2, CACHE_SIZE / this.#clusterSize)) break;
      this.#recent.delete(old);
    }
    try {
      return await cluster;
    } catch (error) {
      this.#recent.delete(host);
      throw error;
    }
  }

  /** Forgets all: clusters of the file are about to be used for something else. */
  forget(): void {
    this.#recent.clear();
  }

  async #decompress(host: number, length: number): Promise<Uint8Array> {
    if (host >= this.#file.size) throw new CorruptImageError('a compressed cluster lies outside of the file');
    const compressed = new Uint8Array(length);
    await this.#file.read(host, compressed);
    const frame = this.#isZstd ? compressed.subarray(0, zstdFrameLength(compressed)) : compressed;
    const bytes = await this.#inflate(frame, this.#clusterSize).catch((error: unknown) => {
      throw new CorruptImageError(`a cluster cannot be decompressed (${(error as Error).message})`);
    });
    if (bytes.length !== this.#clusterSize) {
      throw new CorruptImageError(`a cluster decompresses to ${bytes.length} bytes`);
    }
    return bytes;
  }
}
