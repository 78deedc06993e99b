// Linux: a file is held by a descriptor opened with O_PATH, which opens nothing but keeps hold of the file itself. Everything
// else goes through `/proc/self/fd`, whose links lead to what a descriptor holds and not to a name that may have changed. So one
// component at a time is ever looked up, in a directory that is held, and never through a symbolic link: what openat(2) is for,
// which Node.js does not have.

import { constants, type BigIntStats } from 'node:fs';
import { chmod, chown, lstat, readlink, stat, statfs, utimes, type FileHandle } from 'node:fs/promises';
import { LinuxError } from '../../base/linux-error.ts';
import type { HandlePool } from './shared-directory-handles.ts';
import type { FoundHostFile, HostFile } from './shared-directory-host-file.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
// Not among Node's constants; the same on every processor that it runs on (asm-generic/fcntl.h).
const O_PATH = 0o10000000;
// The type of /proc (linux/magic.h), through which a guest would reach Lodge's own memory.
const PROC_SUPER_MAGIC = 0x9fa0n;
const SLASH = 0x2f;

/** What all files of one share have in common. */
interface Tree {
  readonly handles: HandlePool;
  root?: PinnedFile;
  /** Of the file systems that have been seen, whether they may be entered. */
  readonly devices: Map<bigint, boolean>;
}

/** Holds the directory at `path`. Symbolic links in the path itself are followed: it is the user's. */
export async function pinDirectory(path: string, handles: HandlePool): Promise<HostFile> {
  const handle = await handles.open(path, O_PATH | O_DIRECTORY);
  try {
    const held = await handle.stat({ bigint: true });
    const seen = await stat(`/proc/self/fd/${handle.fd}`, { bigint: true }).catch(() => undefined);
    if (seen?.ino !== held.ino || seen.dev !== held.dev) throw new LinuxError('ENOSYS');
    const tree: Tree = { handles, devices: new Map() };
    tree.root = new PinnedFile(tree, handle);
    await checkDevice(tree.root, held.dev, tree.devices);
    return tree.root;
  } catch (error) {
    await handles.close(handle);
    throw error;
  }
}

/** EACCES if `file` is on a file system that must not be entered. */
async function checkDevice(file: PinnedFile, device: bigint, devices: Map<bigint, boolean>): Promise<void> {
  let allowed = devices.get(device);
  if (allowed === undefined) {
    const { type } = await file.withPath((path) => statfs(path, { bigint: true }));
    allowed = type !== PROC_SUPER_MAGIC;
    devices.set(device, allowed);
  }
  if (!allowed) throw new LinuxError('EACCES');
}

class PinnedFile implements HostFile {
  readonly #tree: Tree;
  readonly #handle: FileHandle;
  #users = 1;

  constructor(tree: Tree, handle: FileHandle) {
    this.#tree = tree;
    this.#handle = handle;
  }

  get isRoot(): boolean {
    return this.#tree.root === this;
  }

  stat(): Promise<BigIntStats> {
    return this.withPath(() => this.#handle.stat({ bigint: true }));
  }

  open(flags: number): Promise<FileHandle> {
    return this.withPath(async (path) => {
      const stats = await this.#handle.stat();
      if (stats.isSymbolicLink()) throw new LinuxError('ELOOP');
      if (!stats.isFile() && !stats.isDirectory()) throw new LinuxError('ENXIO');
      return this.#tree.handles.open(path, flags | O_NONBLOCK);
    });
  }

  close(handle: FileHandle): Promise<void> {
    return this.#tree.handles.close(handle);
  }

  setMode(mode: number): Promise<void> {
    return this.withPath((path) => chmod(path, mode));
  }

  setOwner(user: number, group: number): Promise<void> {
    return this.withPath((path) => chown(path, user, group));
  }

  setTimes(accessed: number | Date, modified: number | Date): Promise<void> {
    return this.withPath((path) => utimes(path, accessed, modified));
  }

  /** Keeps the descriptor open while `action` runs: its number must not come to mean another file meanwhile. */
  async withPath<T>(action: (path: string) => Promise<T>): Promise<T> {
    this.retain();
    try {
      return await action(`/proc/self/fd/${this.#handle.fd}`);
    } finally {
      await this.release();
    }
  }

  withEntry<T>(name: Uint8Array, action: (path: Buffer) => Promise<T>): Promise<T> {
    return this.withPath((path) => action(Buffer.concat([Buffer.from(`${path}/`), name])));
  }

  async find(name: Uint8Array): Promise<FoundHostFile> {
    const handle = await this.withEntry(name, (path) => this.#tree.handles.open(path, O_PATH | O_NOFOLLOW));
    return this.#found(handle);
  }

  async create(name: Uint8Array, flags: number, mode: number): Promise<FoundHostFile & { handle: FileHandle }> {
    const { handles } = this.#tree;
    const created = flags | O_CREAT | O_EXCL | O_NOFOLLOW;
    const handle = await this.withEntry(name, (path) => handles.open(path, created, mode));
    try {
      const pin = await handles.open(`/proc/self/fd/${handle.fd}`, O_PATH);
      return { ...(await this.#found(pin)), handle };
    } catch (error) {
      await handles.close(handle);
      throw error;
    }
  }

  async #found(handle: FileHandle): Promise<FoundHostFile> {
    const file = new PinnedFile(this.#tree, handle);
    try {
      const stats = await handle.stat({ bigint: true });
      await checkDevice(file, stats.dev, this.#tree.devices);
      return { file, stats };
    } catch (error) {
      await file.release();
      throw error;
    }
  }

  /** The kernel knows the path of what is held, whoever renamed it. It is walked from the top again, and what is found compared. */
  async locate(): Promise<{ directory: HostFile; name: Uint8Array }> {
    const root = this.#tree.root as PinnedFile;
    if (this === root) throw new LinuxError('EBUSY');
    const top = await root.withPath((path) => readlink(path, 'buffer'));
    const own = await this.withPath((path) => readlink(path, 'buffer'));
    const prefix = top.at(-1) === SLASH ? top : Buffer.concat([top, Buffer.of(SLASH)]);
    if (!own.subarray(0, prefix.length).equals(prefix)) throw new LinuxError('ENOENT');
    const names = split(own.subarray(prefix.length));
    const name = names.pop() as Buffer;
    let directory: HostFile = root.retain();
    try {
      for (const step of names) {
        const { file } = await directory.find(step);
        await directory.release();
        directory = file;
      }
      const [expected, found] = await Promise.all([
        this.stat(),
        directory.withEntry(name, (path) => lstat(path, { bigint: true })),
      ]);
      if (expected.ino !== found.ino || expected.dev !== found.dev) throw new LinuxError('ENOENT');
      return { directory, name };
    } catch (error) {
      await directory.release();
      throw error;
    }
  }

  moved(): void {
    // What is held stays held.
  }

  retain(): this {
    if (this.#users === 0) throw new LinuxError('EBADF');
    this.#users++;
    return this;
  }

  async release(): Promise<void> {
    if (this.#users > 0 && --this.#users === 0) await this.#tree.handles.close(this.#handle);
  }
}

function split(path: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  for (let end = path.indexOf(SLASH); end >= 0; end = path.indexOf(SLASH, start)) {
    names.push(path.subarray(start, end));
    start = end + 1;
  }
  names.push(path.subarray(start));
  return names;
}
