import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/**
 * One file below a shared directory, as one kind of host gets hold of it without ever leaving that directory. What it is asked
 * has been checked: entries have proper names, and the share may be written.
 */
export interface HostFile {
  /** Whether it is the shared directory itself. */
  readonly isRoot: boolean;
  stat(): Promise<BigIntStats>;
  /** Opens a regular file or directory, and fails for anything else before the host has opened it. `flags` create nothing. */
  open(flags: number): Promise<FileHandle>;
  close(handle: FileHandle): Promise<void>;
  setMode(mode: number): Promise<void>;
  /** -1 keeps the user, or the group. */
  setOwner(user: number, group: number): Promise<void>;
  /** As fs.utimes takes them. */
  setTimes(accessed: number | Date, modified: number | Date): Promise<void>;
  /** Lends a path that leads to the file, which is no symbolic link, while `action` runs. */
  withPath<T>(action: (path: string | Buffer) => Promise<T>): Promise<T>;

  /** Lends the path of an entry of this directory while `action` runs, which must not follow it should it be a symbolic link. */
  withEntry<T>(name: Uint8Array, action: (path: Buffer) => Promise<T>): Promise<T>;
  find(name: Uint8Array): Promise<FoundHostFile>;
  /** Makes a regular file that was not there, and opens it. */
  create(name: Uint8Array, flags: number, mode: number): Promise<FoundHostFile & { readonly handle: FileHandle }>;
  /** Which entry of which directory it is now. The directory is the caller's to release. */
  locate(): Promise<{ readonly directory: HostFile; readonly name: Uint8Array }>;
  /** To be called after an entry of this directory has been moved. */
  moved(name: Uint8Array, directory: HostFile, newName: Uint8Array): void;

  /** One more owner. */
  retain(): this;
  /** The last owner's release gives it back once what is under way has ended. */
  release(): Promise<void>;
}

export interface FoundHostFile {
  readonly file: HostFile;
  readonly stats: BigIntStats;
}
