import type { Disposable } from '../base/disposable.ts';
import type { SharedFile } from '../base/shared-files.ts';

// Room for the names of some hundred thousand files in one directory, and for a few such directories.
const LONGEST_LISTING = 16 << 20;
const LONGEST_LISTINGS = 64 << 20;
const DOTS = new TextEncoder().encode('.\0..\0');

/** The listings of one session, whose length together is limited. */
export class DirectoryListings {
  #length = 0;

  /** The names in a directory as it is now. ENOMEM if there are too many. */
  async take(directory: SharedFile): Promise<DirectoryListing> {
    const names = await directory.list(Math.min(LONGEST_LISTING, LONGEST_LISTINGS - this.#length));
    this.#length += names.length;
    return new DirectoryListing(names, () => (this.#length -= names.length));
  }
}

/** The name after an offset. */
export interface Entry {
  readonly name: Uint8Array;
  readonly next: number;
}

/**
 * The names in a directory when the client began to read it, `.` and `..` first. The client reads on from where it was by an
 * offset, which means the same whatever becomes of the directory meanwhile.
 */
export class DirectoryListing implements Disposable {
  #names: Uint8Array;
  readonly #onDispose: () => void;

  constructor(names: Uint8Array, onDispose: () => void) {
    this.#names = new Uint8Array(DOTS.length + names.length);
    this.#names.set(DOTS);
    this.#names.set(names, DOTS.length);
    this.#onDispose = onDispose;
  }

  /** What an offset leads to, if anything. One that was never given out leads to a name that may not exist. */
  entryAt(offset: number): Entry | undefined {
    const end = this.#names.indexOf(0, offset);
    if (offset >= this.#names.length || end < 0) return undefined;
    return { name: this.#names.subarray(offset, end), next: end + 1 };
  }

  dispose(): void {
    if (this.#names.length === 0) return;
    this.#names = new Uint8Array();
    this.#onDispose();
  }
}
