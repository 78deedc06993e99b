// The operations on shared files that are the same on every host.

import { constants, type BigIntStatsFs } from 'node:fs';
import {
  link,
  lstat,
  mkdir,
  readlink,
  rename,
  rmdir,
  statfs,
  symlink,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { LinuxError } from '../../base/linux-error.ts';
import type {
  AttributeChanges,
  FileAttributes,
  FileSystemSpace,
  FoundFile,
  NewFile,
  OpenFile,
  OpenMode,
  SharedFile,
} from '../../base/shared-files.ts';
import { permittedMode, toAttributes, toUtime } from './shared-directory-attributes.ts';
import type { FoundHostFile, HostFile } from './shared-directory-host-file.ts';
import { listNames } from './shared-directory-list.ts';
import { setOwner, settle, type ShareRules } from './shared-directory-owner.ts';
import { proper } from './shared-directory-name.ts';
import { openFlags, OpenHandle } from './shared-directory-open-file.ts';

// A name that was there is gone and back again: how often to follow such changes before giving up.
const ATTEMPTS = 8;

export class SharedDirectoryFile implements SharedFile {
  readonly #file: HostFile;
  readonly #rules: ShareRules;

  constructor(file: HostFile, rules: ShareRules) {
    this.#file = file;
    this.#rules = rules;
  }

  attributes(): Promise<FileAttributes> {
    return this.#run(async () => toAttributes(await this.#file.stat()));
  }

  change(changes: AttributeChanges): Promise<void> {
    return this.#changing(async () => {
      const { size, mode, user, group, accessed, modified } = changes;
      if (user !== undefined || group !== undefined) await setOwner(this.#file, user, group, this.#rules);
      if (size !== undefined) await this.#setSize(size);
      if (mode !== undefined) await this.#file.setMode(permittedMode(mode, await this.#file.stat()));
      if (accessed === undefined && modified === undefined) return;
      const before = await this.#file.stat();
      await this.#file.setTimes(toUtime(accessed ?? before.atimeNs), toUtime(modified ?? before.mtimeNs));
    });
  }

  readLink(): Promise<Uint8Array> {
    return this.#run(async () => {
      const stats = await this.#file.stat();
      if (!stats.isSymbolicLink()) throw new LinuxError('EINVAL');
      return this.#atItsPlace((path) => readlink(path, 'buffer'));
    });
  }

  open(mode: OpenMode): Promise<OpenFile> {
    return this.#run(async () => {
      if (mode.write || mode.truncate) this.#assertWritable();
      return this.#openFile(this.#file, mode);
    });
  }

  space(): Promise<FileSystemSpace> {
    return this.#run(async () => {
      const figures: BigIntStatsFs & { readonly frsize?: bigint } = await this.#file.withPath((path) =>
        statfs(path, { bigint: true }),
      );
      return {
        // The figures are in fragments, where the host tells how large those are.
        blockSize: Number(figures.frsize ?? figures.bsize),
        blocks: figures.blocks,
        blocksFree: figures.bfree,
        blocksAvailable: figures.bavail,
        files: figures.files,
        filesFree: figures.ffree,
      };
    });
  }

  remove(): Promise<void> {
    return this.#changing(async () => {
      const isDirectory = (await this.#file.stat()).isDirectory();
      await this.#atItsPlace((path) => (isDirectory ? rmdir(path) : unlink(path)));
    });
  }

  moveTo(directory: SharedFile, name: Uint8Array): Promise<void> {
    return this.#changing(async () => {
      const place = await this.#file.locate();
      try {
        await move(place.directory, place.name, this.#hostFile(directory), proper(name));
      } finally {
        await place.directory.release();
      }
    });
  }

  find(name: Uint8Array): Promise<FoundFile> {
    return this.#run(async () => {
      const { file, stats } = await this.#file.find(proper(name));
      return this.#found(file, stats);
    });
  }

  attributesOf(name: Uint8Array): Promise<FileAttributes> {
    return this.#run(async () =>
      toAttributes(await this.#file.withEntry(proper(name), (path) => lstat(path, { bigint: true }))),
    );
  }

  attributesOfParent(): Promise<FileAttributes> {
    return this.#run(async () => {
      if (this.#file.isRoot) return toAttributes(await this.#file.stat());
      const { directory } = await this.#file.locate();
      try {
        return toAttributes(await directory.stat());
      } finally {
        await directory.release();
      }
    });
  }

  list(limit: number): Promise<Uint8Array> {
    return this.#run(async () => {
      const stats = await this.#file.stat();
      if (!stats.isDirectory()) throw new LinuxError('ENOTDIR');
      return this.#file.withPath((path) => listNames(path, limit));
    });
  }

  create(wanted: NewFile, mode: OpenMode, exclusive: boolean): Promise<FoundFile & { open: OpenFile }> {
    return this.#changing(async () => {
      const name = proper(wanted.name);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        try {
          const made = await this.#file.create(name, openFlags(mode), wanted.mode & 0o777);
          return await this.#settleOpen(made, this.#opened(made.handle, mode), wanted);
        } catch (error) {
          if (exclusive || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
        const existing = await this.#file.find(name).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        });
        if (existing === undefined) continue;
        try {
          const open = await this.#openFile(existing.file, mode);
          return { ...this.#found(existing.file, existing.stats), open };
        } catch (error) {
          await existing.file.release();
          throw error;
        }
      }
      throw new LinuxError('EAGAIN');
    });
  }

  makeDirectory(wanted: NewFile): Promise<FileAttributes> {
    return this.#make(wanted, (path) => mkdir(path, wanted.mode & 0o777));
  }

  makeSymbolicLink(wanted: NewFile, target: Uint8Array): Promise<FileAttributes> {
    return this.#make(wanted, (path) => symlink(Buffer.from(target), path));
  }

  link(name: Uint8Array, existing: SharedFile): Promise<void> {
    return this.#changing(async () => {
      const place = await this.#hostFile(existing).locate();
      try {
        await place.directory.withEntry(place.name, (from) =>
          this.#file.withEntry(proper(name), (to) => link(from, to)),
        );
      } finally {
        await place.directory.release();
      }
    });
  }

  unlink(name: Uint8Array, isDirectory: boolean): Promise<void> {
    return this.#changing(() =>
      this.#file.withEntry(proper(name), (path) => (isDirectory ? rmdir(path) : unlink(path))),
    );
  }

  rename(name: Uint8Array, directory: SharedFile, newName: Uint8Array): Promise<void> {
    return this.#changing(() => move(this.#file, proper(name), this.#hostFile(directory), proper(newName)));
  }

  retain(): SharedFile {
    this.#file.retain();
    return this;
  }

  release(): Promise<void> {
    return this.#run(() => this.#file.release());
  }

  /** The host's side of a file of the same share. */
  #hostFile(file: SharedFile): HostFile {
    if (!(file instanceof SharedDirectoryFile) || file.#rules !== this.#rules) throw new LinuxError('EXDEV');
    return file.#file;
  }

  #found(file: HostFile, stats: FoundHostFile['stats']): FoundFile {
    return { file: new SharedDirectoryFile(file, this.#rules), attributes: toAttributes(stats) };
  }

  async #openFile(file: HostFile, mode: OpenMode): Promise<OpenFile> {
    return this.#opened(await file.open(openFlags(mode) | (mode.truncate ? constants.O_TRUNC : 0)), mode);
  }

  #opened(handle: FileHandle, mode: OpenMode): OpenFile {
    return new OpenHandle(handle, mode, (closing) => this.#file.close(closing));
  }

  #run<T>(action: () => Promise<T>): Promise<T> {
    return this.#rules.run(action);
  }

  #changing<T>(action: () => Promise<T>): Promise<T> {
    return this.#run(async () => {
      this.#assertWritable();
      return action();
    });
  }

  #assertWritable(): void {
    if (this.#rules.isReadOnly) throw new LinuxError('EROFS');
  }

  /** Runs `action` with a path of this file, which it must not follow should it be a symbolic link. */
  async #atItsPlace<T>(action: (path: Buffer) => Promise<T>): Promise<T> {
    const { directory, name } = await this.#file.locate();
    try {
      return await directory.withEntry(name, action);
    } finally {
      await directory.release();
    }
  }

  async #setSize(size: number): Promise<void> {
    const stats = await this.#file.stat();
    if (stats.isDirectory()) throw new LinuxError('EISDIR');
    if (!stats.isFile()) throw new LinuxError('EINVAL');
    const handle = await this.#file.open(constants.O_WRONLY);
    try {
      await handle.truncate(size);
    } finally {
      await this.#file.close(handle);
    }
  }

  /** Makes an entry, and gives it the mode and owner that it is to have. */
  #make(wanted: NewFile, make: (path: Buffer) => Promise<void>): Promise<FileAttributes> {
    return this.#changing(async () => {
      const name = proper(wanted.name);
      await this.#file.withEntry(name, make);
      const { file, stats } = await settle(await this.#file.find(name), wanted, this.#rules);
      await file.release();
      return toAttributes(stats);
    });
  }

  async #settleOpen(
    made: FoundHostFile,
    open: OpenFile,
    wanted: NewFile,
  ): Promise<FoundFile & { readonly open: OpenFile }> {
    try {
      const { file, stats } = await settle(made, wanted, this.#rules);
      return { ...this.#found(file, stats), open };
    } catch (error) {
      await open.close();
      throw error;
    }
  }
}

async function move(from: HostFile, name: Uint8Array, to: HostFile, newName: Uint8Array): Promise<void> {
  await from.withEntry(name, (oldPath) => to.withEntry(newName, (newPath) => rename(oldPath, newPath)));
  from.moved(name, to, newName);
}
