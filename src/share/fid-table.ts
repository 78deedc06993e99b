import { LinuxError } from '../base/linux-error.ts';
import type { OpenFile, SharedFile } from '../base/shared-files.ts';
import type { DirectoryListing } from './directory-listing.ts';

/** A file that the client has given a number to: its "fid". */
export class Fid {
  /** As which user the client came to it, or none. New files are to belong to that one. */
  readonly user: number | undefined;
  #file: SharedFile;
  #open: OpenFile | undefined;
  /** Being opened, or walked elsewhere: what may happen to it once at a time. */
  #isChanging = false;
  #isReleased = false;
  /** The names in a directory that is being read, from when the client began. */
  listing: DirectoryListing | undefined;

  /** Takes over the caller's hold on `file`. */
  constructor(file: SharedFile, user: number | undefined) {
    this.#file = file;
    this.user = user;
  }

  get file(): SharedFile {
    return this.#file;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** EBADF if it is not open. */
  get open(): OpenFile {
    if (this.#open === undefined) throw new LinuxError('EBADF');
    return this.#open;
  }

  /** Lets `change` say what the fid stands for from now on. EBADF if it is open, or being changed, or released meanwhile. */
  async change(change: () => Promise<{ readonly file?: SharedFile; readonly open?: OpenFile }>): Promise<void> {
    if (this.#isChanging || this.#open !== undefined) throw new LinuxError('EBADF');
    this.#isChanging = true;
    try {
      const { file, open } = await change();
      if (this.#isReleased) {
        await Promise.all([open?.close(), file?.release()]);
        throw new LinuxError('EBADF');
      }
      this.#open = open;
      if (file === undefined) return;
      const before = this.#file;
      this.#file = file;
      await before.release();
    } finally {
      this.#isChanging = false;
    }
  }

  /** Closes and gives back what it holds, once. Rejects if closing shows that something written was lost. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.listing?.dispose();
    const results = await Promise.allSettled([this.#open?.close(), this.#file.release()]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

/** The fids of one session. */
export class FidTable {
  readonly #limit: number;
  /** Undefined: taken by a request that is under way. */
  readonly #fids = new Map<number, Fid | undefined>();
  #isClosed = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** EBADF if the client has no such one. */
  get(number: number): Fid {
    const fid = this.#fids.get(number);
    if (fid === undefined) throw new LinuxError('EBADF');
    return fid;
  }

  /** Takes a free number, which stays taken if `make` succeeds. EBADF if it is not free, ENFILE if there are too many. */
  async add(number: number, make: () => Promise<Fid | undefined>): Promise<void> {
    if (this.#fids.has(number)) throw new LinuxError('EBADF');
    if (this.#fids.size >= this.#limit) throw new LinuxError('ENFILE');
    this.#fids.set(number, undefined);
    let fid: Fid | undefined;
    try {
      fid = await make();
    } finally {
      if (fid === undefined) this.#fids.delete(number);
    }
    if (this.#isClosed) await fid?.release();
    else if (fid !== undefined) this.#fids.set(number, fid);
  }

  /** Frees the number. EBADF if the client has no such one. */
  remove(number: number): Fid {
    const fid = this.get(number);
    this.#fids.delete(number);
    return fid;
  }

  /** Releases all of them, those too that are under way. */
  close(): void {
    this.#isClosed = true;
    for (const fid of this.#fids.values()) fid?.release().catch(() => {});
    this.#fids.clear();
  }
}
