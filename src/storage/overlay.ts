import type { BlockBackend } from '../base/block-backend.ts';
import type { StorageFile } from '../base/storage-file.ts';
import { KIB } from '../base/units.ts';
import { BitSet } from './bit-set.ts';
import { RangeLock } from './range-lock.ts';
import { settleAll } from './settle-all.ts';

/** The unit in which the overlay keeps what the guest wrote, in bytes: a guest's page, so that few writes need more. */
const BLOCK_SIZE = 4 * KIB;

/**
 * A disk on top of another that takes all writes and is thrown away. What is written lies in a sparse file, where it lies
 * on the disk; which blocks those are is kept in memory, two bits a block: 8 KiB for each
 * 128 MiB of the disk that was touched.
 */
export class Overlay implements BlockBackend {
  readonly size: number;
  readonly isReadOnly = false;
  readonly #base: BlockBackend;
  readonly #file: StorageFile;
  /** Blocks that are not the base's any more. */
  readonly #own = new BitSet();
  /** Own blocks that are in the file; the others read as zeroes. */
  readonly #inFile = new BitSet();
  readonly #lock = new RangeLock();

  /** Takes both over. @param file is empty, and vanishes when it is closed */
  constructor(base: BlockBackend, file: StorageFile) {
    this.#base = base;
    this.#file = file;
    this.size = base.size;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    const end = offset + into.length;
    const parts: Promise<void>[] = [];
    for (let start = offset; start < end;) {
      const stop = Math.min(end, this.#runEnd(start, end));
      parts.push(this.#readRun(start, into.subarray(start - offset, stop - offset)));
      start = stop;
    }
    await settleAll(parts);
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    const end = offset + from.length;
    const first = Math.floor(offset / BLOCK_SIZE);
    const last = Math.ceil(end / BLOCK_SIZE);
    await this.#lock.run(first, last, async () => {
      // The rest of the first and of the last block, unless they are in the file already.
      await settleAll([
        this.#fill(first * BLOCK_SIZE, offset),
        this.#fill(end, Math.min(last * BLOCK_SIZE, this.size)),
        this.#file.write(offset, from),
      ]);
      this.#own.set(first, last, true);
      this.#inFile.set(first, last, true);
    });
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    const end = offset + length;
    const first = Math.ceil(offset / BLOCK_SIZE);
    const last = end === this.size ? Math.ceil(end / BLOCK_SIZE) : Math.floor(end / BLOCK_SIZE);
    if (first >= last) return this.write(offset, new Uint8Array(length));
    await this.#lock.run(first, last, async () => {
      this.#own.set(first, last, true);
      this.#inFile.set(first, last, false);
    });
    if (offset < first * BLOCK_SIZE) await this.write(offset, new Uint8Array(first * BLOCK_SIZE - offset));
    if (end > last * BLOCK_SIZE) await this.write(last * BLOCK_SIZE, new Uint8Array(end - last * BLOCK_SIZE));
  }

  /** Zeroes need no space in the file. */
  async discard(offset: number, length: number): Promise<void> {
    const first = Math.ceil(offset / BLOCK_SIZE) * BLOCK_SIZE;
    const last = Math.floor((offset + length) / BLOCK_SIZE) * BLOCK_SIZE;
    if (first < last) await this.writeZeroes(first, last - first);
  }

  async flush(): Promise<void> {
    // What is thrown away in the end needs no stable storage.
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } finally {
      await this.#base.close();
    }
  }

  /** Where the run of blocks that lie in the same place ends. */
  #runEnd(start: number, end: number): number {
    const first = Math.floor(start / BLOCK_SIZE);
    const last = Math.ceil(end / BLOCK_SIZE);
    return Math.min(this.#own.runEnd(first, last), this.#inFile.runEnd(first, last)) * BLOCK_SIZE;
  }

  async #readRun(offset: number, into: Uint8Array): Promise<void> {
    const block = Math.floor(offset / BLOCK_SIZE);
    if (this.#inFile.has(block)) await this.#file.read(offset, into);
    else if (this.#own.has(block)) into.fill(0);
    else await this.#base.read(offset, into);
  }

  /** Brings [start, end), a part of one block, into the file, unless the block is there. */
  async #fill(start: number, end: number): Promise<void> {
    if (start >= end || this.#inFile.has(Math.floor(start / BLOCK_SIZE))) return;
    const part = new Uint8Array(end - start);
    await this.#readRun(start, part);
    await this.#file.write(start, part);
  }
}
