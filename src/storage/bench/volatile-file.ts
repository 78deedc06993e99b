import { SECTOR_SIZE } from '../../base/block-backend.ts';
import type { StorageFile } from '../../base/storage-file.ts';
import { MemoryFile } from '../memory-file.ts';
import type { Random } from './random.ts';

/**
 * A file whose writes stay in a cache until a flush, and whose requests take a while and overtake each other. When the power
 * is cut, each sector that was written since the last flush has any of the contents it had since then.
 */
export class VolatileFile implements StorageFile {
  readonly name = 'volatile';
  readonly isReadOnly = false;
  /** Is called before each request is done, with its number; may throw to make it fail. */
  onRequest: (kind: 'read' | 'write' | 'flush', number: number) => void = () => {};
  readonly #random: Random;
  readonly #now: MemoryFile;
  #stable: Uint8Array;
  /** All contents of a sector since the last flush, the stable one not among them. */
  readonly #versions = new Map<number, Uint8Array[]>();
  #requests = 0;

  constructor(random: Random, content: Uint8Array) {
    this.#random = random;
    this.#stable = content.slice();
    this.#now = new MemoryFile(this.name, content);
  }

  get size(): number {
    return this.#now.size;
  }

  /** What is in it, as after `kill -9`. */
  content(): Uint8Array {
    return this.#now.content();
  }

  /** What could be in it after the power has been cut. */
  cutPower(): Uint8Array {
    const sectors = new Map<number, Uint8Array>();
    for (const [sector, versions] of this.#versions) {
      const choice = this.#random.below(versions.length + 1);
      const version = versions[choice];
      if (version !== undefined) sectors.set(sector, version);
    }
    const end = Math.max(this.#stable.length, ...[...sectors.keys()].map((sector) => (sector + 1) * SECTOR_SIZE));
    const content = new Uint8Array(Math.min(end, this.#now.size));
    content.set(this.#stable.subarray(0, content.length));
    for (const [sector, bytes] of sectors) {
      content.set(bytes.subarray(0, content.length - sector * SECTOR_SIZE), sector * SECTOR_SIZE);
    }
    return content;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#delay();
    this.onRequest('read', this.#requests++);
    await this.#now.read(offset, into);
    await this.#delay();
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.#delay();
    this.onRequest('write', this.#requests++);
    await this.#now.write(offset, from);
    const first = Math.floor(offset / SECTOR_SIZE);
    for (let sector = first; sector * SECTOR_SIZE < offset + from.length; sector += 1) {
      const version = new Uint8Array(SECTOR_SIZE);
      void this.#now.read(sector * SECTOR_SIZE, version);
      const versions = this.#versions.get(sector) ?? [];
      versions.push(version);
      this.#versions.set(sector, versions);
    }
    await this.#delay();
  }

  async resize(size: number): Promise<void> {
    await this.#now.resize(size);
  }

  async flush(): Promise<void> {
    await this.#delay();
    this.onRequest('flush', this.#requests++);
    this.#stable = this.#now.content();
    this.#versions.clear();
    await this.#delay();
  }

  async close(): Promise<void> {
    // Its content may still be asked for.
  }

  async #delay(): Promise<void> {
    for (let turns = this.#random.below(12); turns > 0; turns -= 1) await Promise.resolve();
  }
}
