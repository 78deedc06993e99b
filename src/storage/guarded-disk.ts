import type { BlockBackend } from '../base/block-backend.ts';
import { isQcow2 } from './qcow2/header.ts';

/**
 * A raw disk that nobody has said to be raw: it does not look like an image. A guest that wrote an image's header to its first
 * sector would have it opened as one next time, and name any file of the host to be read; so such a write fails.
 */
export class GuardedDisk implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  readonly #name: string;
  readonly #disk: BlockBackend;

  /** Takes the disk over. @param name as the user named it */
  constructor(name: string, disk: BlockBackend) {
    this.#name = name;
    this.#disk = disk;
    this.size = disk.size;
    this.isReadOnly = disk.isReadOnly;
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#disk.read(offset, into);
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    if (offset > 0 || !isQcow2(from)) return this.#disk.write(offset, from);
    const message = `${this.#name}: the guest has tried to make the raw disk look like a qcow2 image; give format=raw if it may`;
    return Promise.reject(new Error(message));
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#disk.writeZeroes(offset, length, mayUnmap);
  }

  discard(offset: number, length: number): Promise<void> {
    return this.#disk.discard(offset, length);
  }

  flush(): Promise<void> {
    return this.#disk.flush();
  }

  close(): Promise<void> {
    return this.#disk.close();
  }
}
