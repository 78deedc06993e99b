/**
 * A file of the host that is read and written anywhere: what a disk format is stored in. Offsets and lengths are in bytes,
 * of any alignment. Any number of requests may be under way; the order of overlapping ones is open. A request that fails
 * rejects with an `Error` whose message names the file, for the monitor's log.
 */
export interface StorageFile {
  /** As the user named it. */
  readonly name: string;
  readonly isReadOnly: boolean;
  /** In bytes; larger as soon as a write past the end has completed. */
  readonly size: number;
  /** Fills the whole of `into`. What lies past the end reads as zeroes. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Writes the whole of `from`, past the end too; what is left out before it then reads as zeroes and takes no space. */
  write(offset: number, from: Uint8Array): Promise<void>;
  /** Cuts the file off, or makes it larger by a part that reads as zeroes and takes no space. */
  resize(size: number): Promise<void>;
  /** All that completed before this began, the size included, is on stable storage when it resolves. */
  flush(): Promise<void>;
  /** Gives the file back, without a flush. Nothing is asked of it afterwards. */
  close(): Promise<void>;
}
