// The file handles that one share holds of its host: counted, so that a guest cannot use up those of the whole process.

import { open, type FileHandle } from 'node:fs/promises';
import { LinuxError } from '../../base/linux-error.ts';

export class HandlePool {
  readonly #limit: number;
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many are open. */
  get count(): number {
    return this.#count;
  }

  /** As open(2). ENFILE when the share has as many as it may. */
  async open(path: string | Buffer, flags: number, mode = 0): Promise<FileHandle> {
    if (this.#count >= this.#limit) throw new LinuxError('ENFILE');
    this.#count++;
    try {
      return await open(path, flags, mode);
    } catch (error) {
      this.#count--;
      throw error;
    }
  }

  async close(handle: FileHandle): Promise<void> {
    try {
      await handle.close();
    } finally {
      this.#count--;
    }
  }
}
