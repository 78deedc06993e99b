/** The unit in which disks are addressed, in bytes. */
export const SECTOR_SIZE = 512;

/**
 * The host's side of a disk: a row of bytes that survives the guest. Offsets and lengths are in bytes, multiples of
 * `SECTOR_SIZE`, and within the disk: devices check what the guest asks for, so that anything else is a mistake in Lodge.
 *
 * Any number of requests may be under way. One that begins after another has completed sees what that one did; the order of
 * overlapping ones is open. A request that fails rejects with an `Error` whose message is for the monitor's log; the guest gets
 * an I/O error, and the disk stays consistent.
 */
export interface BlockBackend {
  /** In bytes, a multiple of `SECTOR_SIZE`. Fixed for the backend's life. */
  readonly size: number;
  readonly isReadOnly: boolean;
  /** Fills the whole of `into`, which nobody else touches until the promise is settled. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Writes the whole of `from`, which nobody changes until the promise is settled. */
  write(offset: number, from: Uint8Array): Promise<void>;
  /** Makes a range read as zeroes; `mayUnmap` lets it give the space back. */
  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void>;
  /** The guest needs a range no more: what it reads afterwards is open. */
  discard(offset: number, length: number): Promise<void>;
  /** All that completed before this began is on stable storage when it resolves. */
  flush(): Promise<void>;
  /** Flushes, and gives back what the backend holds. Nothing is asked of it afterwards. */
  close(): Promise<void>;
}
