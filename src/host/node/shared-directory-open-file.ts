import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { LinuxError } from '../../base/linux-error.ts';
import type { OpenFile, OpenMode } from '../../base/shared-files.ts';
import { withLinuxErrors } from './shared-directory-errors.ts';

const { O_APPEND, O_DSYNC, O_RDONLY, O_RDWR, O_SYNC, O_WRONLY } = constants;

/** The flags of open(2) for a mode, but for O_TRUNC. */
export function openFlags(mode: OpenMode): number {
  let flags = O_RDONLY;
  if (mode.write) flags = mode.read ? O_RDWR : O_WRONLY;
  if (mode.append) flags |= O_APPEND;
  // Windows lacks these two.
  if (mode.synchronous === 'data') flags |= O_DSYNC ?? 0;
  if (mode.synchronous === 'all') flags |= O_SYNC ?? 0;
  return flags;
}

/** A handle that waits for its operations before it closes, which FileHandle does. */
export class OpenHandle implements OpenFile {
  readonly mode: OpenMode;
  readonly #handle: FileHandle;
  readonly #close: (handle: FileHandle) => Promise<void>;
  #isClosed = false;

  constructor(handle: FileHandle, mode: OpenMode, close: (handle: FileHandle) => Promise<void>) {
    this.#handle = handle;
    this.mode = mode;
    this.#close = close;
  }

  read(offset: number, into: Uint8Array): Promise<number> {
    return this.#do(async () => {
      if (!this.mode.read) throw new LinuxError('EBADF');
      let done = 0;
      // A read may be short before the end of the file, on a network file system for one.
      while (done < into.length) {
        const { bytesRead } = await this.#handle.read(into, done, into.length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    });
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#do(async () => {
      if (!this.mode.write) throw new LinuxError('EBADF');
      if (offset + from.length > Number.MAX_SAFE_INTEGER) throw new LinuxError('EFBIG');
      for (let done = 0; done < from.length;) {
        const { bytesWritten } = await this.#handle.write(from, done, from.length - done, offset + done);
        done += bytesWritten;
      }
    });
  }

  setSize(size: number): Promise<void> {
    return this.#do(() => this.#handle.truncate(size));
  }

  synchronize(dataOnly: boolean): Promise<void> {
    return this.#do(() => (dataOnly ? this.#handle.datasync() : this.#handle.sync()));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await withLinuxErrors(() => this.#close(this.#handle));
  }

  #do<T>(action: () => Promise<T>): Promise<T> {
    return withLinuxErrors(async () => {
      if (this.#isClosed) throw new LinuxError('EBADF');
      return action();
    });
  }
}
