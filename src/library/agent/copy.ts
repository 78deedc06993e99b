// Files and directories between the host and a guest: as archives, through the guest's tar.

import { lstatSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { create, extract } from 'tar';
import { UserError } from '../../base/errors.ts';
import type { GuestProcess } from './guest-process.ts';

interface CommandRunner {
  spawn(command: readonly string[]): GuestProcess;
}

/** `Machine.copyIn` says what it does. */
export async function copyIn(machine: CommandRunner, from: string, to: string): Promise<void> {
  const path = guestPath(to);
  const source = resolve(from);
  try {
    lstatSync(source);
  } catch (cause) {
    throw new UserError(`There is no ${from} to copy into the guest; check its name.`, { cause });
  }
  const [directory, name] = [posix.dirname(path), posix.basename(path)];
  const process = machine.spawn(['sh', '-c', 'mkdir -p -- "$1" && exec tar -x -f - -C "$1"', 'sh', directory]);
  const own = basename(source);
  const archive = create({ cwd: dirname(source), portable: true, onWriteEntry: (entry) => rename(entry, own, name) }, [
    // An entry that begins with an @ would be taken for an archive to be merged.
    `./${own}`,
  ]);
  process.stdout.resume();
  const complaint = text(process.stderr);
  await Promise.all([pipeline(archive, process.stdin).catch(() => {}), process.exited]);
  const status = await process.exited;
  if (status !== 0)
    throw new UserError(`${from} could not be copied to ${to} in the guest: ${firstLine(await complaint)}`);
}

/** `Machine.copyOut` says what it does. */
export async function copyOut(machine: CommandRunner, from: string, to: string): Promise<void> {
  const path = guestPath(from);
  const target = resolve(to);
  const name = posix.basename(path);
  // Beside its target, so that it takes its place in one step.
  const partial = mkdtempSync(join(dirname(target), '.lodge-copy-'));
  try {
    const process = machine.spawn(['tar', '-c', '-f', '-', '-C', posix.dirname(path), '--', name]);
    process.stdin.end();
    const complaint = text(process.stderr);
    // What the guest sends stays below the directory: no absolute names, no parents, nothing through symbolic links.
    const unpacked = pipeline(process.stdout, extract({ cwd: partial, strict: true, preserveOwner: false }));
    const [failure] = await Promise.all([unpacked.catch((error: unknown) => error), process.exited]);
    // Where tar has failed, what it sent is no archive either.
    if ((await process.exited) !== 0) {
      throw new UserError(`${from} could not be copied out of the guest: ${firstLine(await complaint)}`);
    }
    if (failure !== undefined) throw failure;
    renameSync(join(partial, name), target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function guestPath(path: string): string {
  const normal = posix.normalize(path).replace(/\/$/, '');
  if (posix.isAbsolute(normal) && normal.length > 1 && !normal.includes('\0')) return normal;
  throw new UserError(`'${path}' is no absolute path of a file in the guest; give one, such as /root/file.`);
}

/** The archive has the name that the file is to have in the guest. */
function rename(entry: { path: string }, from: string, to: string): void {
  const path = entry.path.replace(/^\.\//, '');
  entry.path = path === from ? to : path.startsWith(`${from}/`) ? `${to}${path.slice(from.length)}` : path;
}

const firstLine = (said: string): string => `${said.trim().split('\n', 1)[0]?.replace(/\.$/, '') || 'tar failed'}.`;
