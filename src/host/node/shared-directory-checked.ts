// Systems without /proc/self/fd: a file is held by its path, which is checked before every use. Between check and use, whoever is
// fast enough may exchange a directory on the way for a symbolic link; then the operation goes astray.

import { constants, type BigIntStats } from 'node:fs';
import { chmod, lchown, lstat, lutimes, realpath, type FileHandle } from 'node:fs/promises';
import { LinuxError } from '../../base/linux-error.ts';
import type { HandlePool } from './shared-directory-handles.ts';
import type { FoundHostFile, HostFile } from './shared-directory-host-file.ts';

const { O_CREAT, O_EXCL, O_TRUNC } = constants;
// Windows lacks these two.
const NO_FOLLOW = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const SEPARATOR = Buffer.from('/');

/** What all files of one share have in common. */
interface Tree {
  readonly handles: HandlePool;
  /** The shared directory without symbolic links in its path. */
  readonly top: Buffer;
  /** All that are held, which have to follow when one is renamed. */
  readonly held: Set<CheckedFile>;
}

/** Holds the directory at `path`. */
export async function checkDirectory(path: string, handles: HandlePool): Promise<HostFile> {
  const top = await realpath(path, 'buffer');
  const stats = await lstat(top, { bigint: true });
  if (!stats.isDirectory()) throw new LinuxError('ENOTDIR');
  return new CheckedFile({ handles, top, held: new Set() }, [], stats);
}

class CheckedFile implements HostFile {
  readonly #tree: Tree;
  readonly #device: bigint;
  readonly #inode: bigint;
  /** The way from the top. */
  #names: readonly Buffer[];
  #users = 1;

  constructor(tree: Tree, names: readonly Buffer[], { dev, ino }: BigIntStats) {
    this.#tree = tree;
    this.#names = names;
    this.#device = dev;
    this.#inode = ino;
    tree.held.add(this);
  }

  get isRoot(): boolean {
    return this.#names.length === 0;
  }

  stat(): Promise<BigIntStats> {
    return this.#checked(async (_path, stats) => stats);
  }

  open(flags: number): Promise<FileHandle> {
    return this.#checked(async (path, stats) => {
      if (stats.isSymbolicLink()) throw new LinuxError('ELOOP');
      if (!stats.isFile() && !stats.isDirectory()) throw new LinuxError('ENXIO');
      const handle = await this.#tree.handles.open(path, (flags & ~O_TRUNC) | NO_FOLLOW);
      try {
        if (!this.#isSame(await handle.stat({ bigint: true }))) throw new LinuxError('ESTALE');
        if ((flags & O_TRUNC) !== 0) await handle.truncate(0);
        return handle;
      } catch (error) {
        await this.close(handle);
        throw error;
      }
    });
  }

  close(handle: FileHandle): Promise<void> {
    return this.#tree.handles.close(handle);
  }

  setMode(mode: number): Promise<void> {
    return this.#checked(async (path, stats) => {
      if (stats.isSymbolicLink()) throw new LinuxError('EOPNOTSUPP');
      await chmod(path, mode);
    });
  }

  setOwner(user: number, group: number): Promise<void> {
    return this.#checked((path, { uid, gid }) =>
      lchown(path, user === -1 ? Number(uid) : user, group === -1 ? Number(gid) : group),
    );
  }

  setTimes(accessed: number | Date, modified: number | Date): Promise<void> {
    return this.#checked((path) => lutimes(path, accessed, modified));
  }

  withPath<T>(action: (path: Buffer) => Promise<T>): Promise<T> {
    return this.#checked(action);
  }

  withEntry<T>(name: Uint8Array, action: (path: Buffer) => Promise<T>): Promise<T> {
    return this.#checked((path, stats) => {
      if (!stats.isDirectory()) throw new LinuxError('ENOTDIR');
      return action(Buffer.concat([path, SEPARATOR, name]));
    });
  }

  async find(name: Uint8Array): Promise<FoundHostFile> {
    const stats = await this.withEntry(name, (path) => lstat(path, { bigint: true }));
    return { file: this.#entry(name, stats), stats };
  }

  async create(name: Uint8Array, flags: number, mode: number): Promise<FoundHostFile & { handle: FileHandle }> {
    const created = flags | O_CREAT | O_EXCL | NO_FOLLOW;
    const handle = await this.withEntry(name, (path) => this.#tree.handles.open(path, created, mode));
    try {
      const stats = await handle.stat({ bigint: true });
      return { file: this.#entry(name, stats), stats, handle };
    } catch (error) {
      await this.close(handle);
      throw error;
    }
  }

  async locate(): Promise<{ directory: HostFile; name: Uint8Array }> {
    const name = this.#names.at(-1);
    if (name === undefined) throw new LinuxError('EBUSY');
    await this.stat();
    const names = this.#names.slice(0, -1);
    const stats = await lstat(this.#path(names), { bigint: true });
    return { directory: new CheckedFile(this.#tree, names, stats), name };
  }

  moved(name: Uint8Array, directory: HostFile, newName: Uint8Array): void {
    const before = [...this.#names, Buffer.from(name)];
    const after = [...(directory as CheckedFile).#names, Buffer.from(newName)];
    for (const file of this.#tree.held) {
      if (before.every((step, index) => file.#names[index]?.equals(step) ?? false)) {
        file.#names = [...after, ...file.#names.slice(before.length)];
      }
    }
  }

  retain(): this {
    if (this.#users === 0) throw new LinuxError('EBADF');
    this.#users++;
    return this;
  }

  async release(): Promise<void> {
    if (this.#users > 0 && --this.#users === 0) this.#tree.held.delete(this);
  }

  #entry(name: Uint8Array, stats: BigIntStats): CheckedFile {
    return new CheckedFile(this.#tree, [...this.#names, Buffer.from(name)], stats);
  }

  #path(names: readonly Buffer[]): Buffer {
    return Buffer.concat([this.#tree.top, ...names.flatMap((name) => [SEPARATOR, name])]);
  }

  #isSame({ dev, ino }: BigIntStats): boolean {
    return dev === this.#device && ino === this.#inode;
  }

  /** The path, after making sure that no directory on the way is a symbolic link, and that it leads to the same file as ever. */
  async #checked<T>(action: (path: Buffer, stats: BigIntStats) => Promise<T>): Promise<T> {
    this.retain();
    try {
      const names = this.#names;
      const directory = this.#path(names.slice(0, -1));
      if (!(await realpath(directory, 'buffer')).equals(directory)) throw new LinuxError('ESTALE');
      const path = this.#path(names);
      const stats = await lstat(path, { bigint: true });
      if (!this.#isSame(stats)) throw new LinuxError('ENOENT');
      return await action(path, stats);
    } finally {
      await this.release();
    }
  }
}
