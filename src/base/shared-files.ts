/** A file's type and permissions in one number, as Linux has them in `st_mode` (inode(7)). */
export const FILE_TYPE_MASK = 0o170000;
export const FILE_TYPE_DIRECTORY = 0o040000;
export const FILE_TYPE_REGULAR = 0o100000;
export const FILE_TYPE_SYMBOLIC_LINK = 0o120000;

/** What stat(2) tells. Instants are nanoseconds since 1970-01-01 UTC, possibly negative. */
export interface FileAttributes {
  /** The file system that the file is on; with `inode`, the file's identity. */
  readonly device: bigint;
  readonly inode: bigint;
  readonly mode: number;
  readonly user: number;
  readonly group: number;
  readonly links: bigint;
  /** Which device a device node stands for. */
  readonly represents: bigint;
  /** In bytes. */
  readonly size: bigint;
  /** The best size of a transfer, in bytes. */
  readonly blockSize: number;
  /** Space that it takes, in units of 512 bytes. */
  readonly blocks: bigint;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
  readonly created: bigint;
}

/** An instant in nanoseconds since 1970-01-01 UTC, or the present one by the host's clock. */
export type NewTime = bigint | 'now';

/** What is absent stays. */
export interface AttributeChanges {
  /** Permissions alone: the low 12 bits. */
  readonly mode?: number;
  readonly user?: number;
  readonly group?: number;
  /** In bytes, up to `Number.MAX_SAFE_INTEGER`. */
  readonly size?: number;
  readonly accessed?: NewTime;
  readonly modified?: NewTime;
}

export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  /** Whether every write goes to the end of the file. */
  readonly append: boolean;
  /** Whether to cut the file to nothing first. */
  readonly truncate: boolean;
  /** Whether a write is on stable storage when it ends: not at all, its data, or its attributes too. */
  readonly synchronous: 'no' | 'data' | 'all';
}

/** What a new file is to be. The host grants the owner as far as its process may. */
export interface NewFile {
  readonly name: Uint8Array;
  /** Permissions: the low 12 bits. The host process's own mask does not apply. */
  readonly mode: number;
  /** Absent: whoever the host process is. */
  readonly user?: number;
  readonly group?: number;
}

/** Space on a file system, in blocks of `blockSize` bytes. */
export interface FileSystemSpace {
  readonly blockSize: number;
  readonly blocks: bigint;
  readonly blocksFree: bigint;
  /** Free for others than the superuser. */
  readonly blocksAvailable: bigint;
  readonly files: bigint;
  readonly filesFree: bigint;
}

/** A file together with its attributes when it was found. The file is the caller's to release. */
export interface FoundFile {
  readonly file: SharedFile;
  readonly attributes: FileAttributes;
}

/** The contents of a regular file, or a directory that is open. Offsets are in bytes, up to `Number.MAX_SAFE_INTEGER`. */
export interface OpenFile {
  readonly mode: OpenMode;
  /** Fills the beginning of `into` and returns how much that was: 0 at the end of the file. */
  read(offset: number, into: Uint8Array): Promise<number>;
  /** Writes all of `from`. */
  write(offset: number, from: Uint8Array): Promise<void>;
  setSize(size: number): Promise<void>;
  /** Puts the contents, and unless `dataOnly` the attributes, on stable storage. */
  synchronize(dataOnly: boolean): Promise<void>;
  /** Closes it once what is under way has ended. */
  close(): Promise<void>;
}

/**
 * One file of a share, of whatever type: the file itself and not its name, so that it stays the same one when it is renamed,
 * and after its last name has gone. Symbolic links are never followed. Names are bytes without a slash or zero, up to 255 of them, and not `.` or `..`.
 *
 * Every method rejects with a `LinuxError`, of a read-only share with EROFS where it would change something.
 */
export interface SharedFile {
  attributes(): Promise<FileAttributes>;
  change(changes: AttributeChanges): Promise<void>;
  /** What a symbolic link says. */
  readLink(): Promise<Uint8Array>;
  /** Opens a regular file or a directory, and nothing else: no pipe and no device. */
  open(mode: OpenMode): Promise<OpenFile>;
  space(): Promise<FileSystemSpace>;
  /** Takes away the name by which it was found. */
  remove(): Promise<void>;
  /** Gives it another name in place of the one by which it was found. */
  moveTo(directory: SharedFile, name: Uint8Array): Promise<void>;

  /** The file of a name in this directory. */
  find(name: Uint8Array): Promise<FoundFile>;
  /** As `find(name)`, for the attributes alone. */
  attributesOf(name: Uint8Array): Promise<FileAttributes>;
  /** The attributes of the directory that this one is in, or its own if it is the share's. */
  attributesOfParent(): Promise<FileAttributes>;
  /** All names in this directory, each ended by a zero byte. ENOMEM if they take more than `limit` bytes. */
  list(limit: number): Promise<Uint8Array>;
  /** Makes a regular file and opens it. An existing one is opened, unless `exclusive`. */
  create(file: NewFile, mode: OpenMode, exclusive: boolean): Promise<FoundFile & { readonly open: OpenFile }>;
  makeDirectory(directory: NewFile): Promise<FileAttributes>;
  makeSymbolicLink(link: NewFile, target: Uint8Array): Promise<FileAttributes>;
  /** Gives `existing` one more name, in this directory. */
  link(name: Uint8Array, existing: SharedFile): Promise<void>;
  /** Takes away a name of a file, or of an empty directory if `isDirectory`. */
  unlink(name: Uint8Array, isDirectory: boolean): Promise<void>;
  /** Moves a name from this directory to another, or within it, over what has the new name. */
  rename(name: Uint8Array, directory: SharedFile, newName: Uint8Array): Promise<void>;

  /** One more owner, who has to release it too. */
  retain(): SharedFile;
  /** The last owner's release closes it once what is under way has ended; nothing is asked of it afterwards. */
  release(): Promise<void>;
}

/** A tree of files that the host lets the guest see. */
export interface SharedFiles {
  readonly isReadOnly: boolean;
  /** The directory at the top, which the caller has to release. */
  root(): Promise<SharedFile>;
  /** Gives back what the share holds. Nothing is asked of it afterwards. */
  close(): Promise<void>;
}
