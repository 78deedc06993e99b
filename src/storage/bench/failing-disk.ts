import type { BlockBackend } from '../../base/block-backend.ts';

/** A disk that fails on command, in front of another. */
export class FailingDisk implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  /** What each request fails with, while it is set. */
  failure: Error | undefined;
  /** The requests that came, failed ones too, such as `read`. */
  readonly requests: string[] = [];
  readonly #disk: BlockBackend;

  constructor(disk: BlockBackend) {
    this.#disk = disk;
    this.size = disk.size;
    this.isReadOnly = disk.isReadOnly;
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#pass('read', () => this.#disk.read(offset, into));
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#pass('write', () => this.#disk.write(offset, from));
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#pass('writeZeroes', () => this.#disk.writeZeroes(offset, length, mayUnmap));
  }

  discard(offset: number, length: number): Promise<void> {
    return this.#pass('discard', () => this.#disk.discard(offset, length));
  }

  flush(): Promise<void> {
    return this.#pass('flush', () => this.#disk.flush());
  }

  close(): Promise<void> {
    return this.#pass('close', () => this.#disk.close());
  }

  async #pass(name: string, action: () => Promise<void>): Promise<void> {
    this.requests.push(name);
    if (this.failure !== undefined) throw this.failure;
    await action();
  }
}
