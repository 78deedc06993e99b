// A directory of the host that a guest may use, and nothing beside it.

import { existsSync, readFileSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import type { LinuxError } from '../../base/linux-error.ts';
import type { SharedFile, SharedFiles } from '../../base/shared-files.ts';
import { checkDirectory } from './shared-directory-checked.ts';
import { inTurn, withLinuxErrors } from './shared-directory-errors.ts';
import { SharedDirectoryFile } from './shared-directory-file.ts';
import { HandlePool } from './shared-directory-handles.ts';
import type { HostFile } from './shared-directory-host-file.ts';
import type { ShareRules } from './shared-directory-owner.ts';
import { pinDirectory } from './shared-directory-pinned.ts';

const LIMITS = '/proc/self/limits';
const MOST_HANDLES = 1 << 16;
const FEWEST_HANDLES = 256;

export interface SharedDirectoryOptions {
  readonly readOnly?: boolean;
  /** How many files the host may have to keep open, at most. Unless told, a quarter of what the process may have, up to 65,536. */
  readonly mostHandles?: number;
  /** Holds files by their paths, as is done wherever /proc/self/fd is not to be had. For tests. */
  readonly byPath?: boolean;
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
    const handles = new HandlePool(options.mostHandles ?? mostHandles());
    const byPath = options.byPath ?? process.platform !== 'linux';
    const rules = {
      isReadOnly: options.readOnly ?? false,
      mayChangeOwner: process.geteuid?.() === 0,
      // No request of the guest's comes between the check of a path and its use.
      run: byPath ? inTurn() : withLinuxErrors,
    };
    try {
      const root = await (byPath ? checkDirectory(path, handles) : pinDirectory(path, handles));
      return new SharedDirectory(root, rules, handles);
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

/** Others in the process need some, too. */
function mostHandles(): number {
  const limits = existsSync(LIMITS) ? readFileSync(LIMITS, 'utf8') : '';
  const limit = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 0);
  return Math.min(MOST_HANDLES, Math.max(FEWEST_HANDLES, Math.floor(limit / 4)));
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
