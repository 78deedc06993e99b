// A directory of the host that a guest may use, and nothing beside it.

import { UserError } from '../../base/errors.ts';
import type { LinuxError } from '../../base/linux-error.ts';
import type { SharedFile, SharedFiles } from '../../base/shared-files.ts';
import { SharedDirectoryFile } from './shared-directory-file.ts';
import { HandlePool } from './shared-directory-handles.ts';
import type { HostFile } from './shared-directory-host-file.ts';
import type { ShareRules } from './shared-directory-owner.ts';
import { pinDirectory } from './shared-directory-pinned.ts';

const MOST_HANDLES = 4096;

export interface SharedDirectoryOptions {
  readonly readOnly?: boolean;
  /** How many files the host may have to keep open, at most. 4096 unless told. */
  readonly mostHandles?: number;
}

export class SharedDirectory implements SharedFiles {
  readonly isReadOnly: boolean;
  readonly #root: HostFile;
  readonly #rules: ShareRules;
  readonly #handles: HandlePool;

  private constructor(root: HostFile, rules: ShareRules, handles: HandlePool) {
    this.#root = root;
    this.#rules = rules;
    this.#handles = handles;
    this.isReadOnly = rules.isReadOnly;
  }

  /** Throws a `UserError` when there is no such directory. */
  static async open(path: string, options: SharedDirectoryOptions = {}): Promise<SharedDirectory> {
    const handles = new HandlePool(options.mostHandles ?? MOST_HANDLES);
    const rules = { isReadOnly: options.readOnly ?? false, mayChangeOwner: process.geteuid?.() === 0 };
    try {
      return new SharedDirectory(await pinDirectory(path, handles), rules, handles);
    } catch (error) {
      throw new UserError(`The directory ${path} cannot be shared: it ${reason(error)}.`, { cause: error });
    }
  }

  /** How many files of the host it keeps open. */
  get openHandles(): number {
    return this.#handles.count;
  }

  async root(): Promise<SharedFile> {
    return new SharedDirectoryFile(this.#root.retain(), this.#rules);
  }

  close(): Promise<void> {
    return this.#root.release();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; check its name',
  ENOTDIR: 'is no directory; name one',
  EACCES: 'may not be entered; share another one, or run as a user who may',
  ELOOP: 'is a symbolic link that leads to itself; name the directory it should lead to',
  ENOSYS: 'can be kept apart from other files only where /proc is mounted; mount it',
};

function reason(error: unknown): string {
  const { code = '', message } = error as LinuxError | NodeJS.ErrnoException;
  return REASONS[code] ?? `cannot be opened (${code || message}); check it`;
}
