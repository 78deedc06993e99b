// Owners and modes of files, as far as the host's process may give them.

import type { NewFile } from '../../base/shared-files.ts';
import { permittedMode } from './shared-directory-attributes.ts';
import type { FoundHostFile, HostFile } from './shared-directory-host-file.ts';

const SET_GROUP_ID = 0o2000;

export interface ShareRules {
  readonly isReadOnly: boolean;
  /** Whether the process may give files away. */
  readonly mayChangeOwner: boolean;
  /** Runs an operation, which rejects with nothing but a `LinuxError`. */
  readonly run: <T>(operation: () => Promise<T>) => Promise<T>;
}

/**
 * Absent: keeps it. A refusal is kept from the guest, whose own files these are as far as it can tell: its tar and cp -a would fail
 * otherwise.
 */
export async function setOwner(
  file: HostFile,
  user: number | undefined,
  group: number | undefined,
  rules: ShareRules,
): Promise<void> {
  const newUser = rules.mayChangeOwner ? (user ?? -1) : -1;
  const newGroup = group ?? -1;
  if (newUser === -1 && newGroup === -1) return;
  await file.setOwner(newUser, newGroup).catch(ignore('EPERM', 'EINVAL', 'ENOTSUP'));
}

/** A file that was just made has the mode that its process's mask left, and that process's owner: gives it those that were wanted. */
export async function settle(made: FoundHostFile, wanted: NewFile, rules: ShareRules): Promise<FoundHostFile> {
  const { file, stats } = made;
  try {
    const { user = Number(stats.uid), group = Number(stats.gid) } = wanted;
    const isOwned = Number(stats.uid) === user && Number(stats.gid) === group;
    if (!isOwned) await setOwner(file, user, group, rules);
    // A directory inherits the bit that makes its files inherit the group.
    const inherited = Number(stats.mode) & SET_GROUP_ID;
    const mode = permittedMode(wanted.mode | inherited, stats);
    const isRight = stats.isSymbolicLink() || (Number(stats.mode) & 0o7777) === mode;
    if (!isRight) await file.setMode(mode).catch(ignore('EPERM', 'ENOTSUP'));
    return isOwned && isRight ? made : { file, stats: await file.stat() };
  } catch (error) {
    await file.release();
    throw error;
  }
}

function ignore(...codes: readonly string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
}
