import { SECTOR_SIZE, type BlockBackend } from '../base/block-backend.ts';
import { UserError } from '../base/errors.ts';
import type { StorageFile } from '../base/storage-file.ts';
import { zeroRange } from './zeroes.ts';

/**
 * A disk that is a file's bytes as they are. A file whose length is no multiple of a sector is padded with zeroes if it is
 * only read; for writing it is refused, because the disk's last bytes would have nowhere to go.
 */
export class RawImage implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  readonly #file: StorageFile;

  /** Takes the file over. Throws a UserError when its length does not do. */
  constructor(file: StorageFile) {
    const rest = file.size % SECTOR_SIZE;
    if (file.size === 0) throw new UserError(`The disk ${file.name} is empty; give it a size, as with truncate -s 1G.`);
    if (rest !== 0 && !file.isReadOnly) {
      throw new UserError(
        `The disk ${file.name} has ${file.size} bytes, which is no multiple of ${SECTOR_SIZE}; open it readonly, or make it larger by ${SECTOR_SIZE - rest} bytes.`,
      );
    }
    this.#file = file;
    this.size = Math.ceil(file.size / SECTOR_SIZE) * SECTOR_SIZE;
    this.isReadOnly = file.isReadOnly;
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#file.read(offset, into);
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#file.write(offset, from);
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return zeroRange(this.#file, offset, length);
  }

  async discard(): Promise<void> {
    // No portable call makes a hole in a file, and the guest does not count on one.
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  async close(): Promise<void> {
    try {
      if (!this.isReadOnly) await this.#file.flush();
    } finally {
      await this.#file.close();
    }
  }
}
