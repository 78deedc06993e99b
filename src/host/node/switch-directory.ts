// Where the processes of a user find each other.

import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UserError } from '../../base/errors.ts';

/** The longest path of a Unix-domain socket that every system takes (macOS: 104 with the ending zero). */
const LONGEST_PATH = 103;

/** The path of a switch's socket, in a directory that only this user can enter. Throws `UserError`. */
export function switchPath(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  const runtime = environment['XDG_RUNTIME_DIR'];
  const hasRuntime = runtime !== undefined && isAbsolute(runtime);
  const directory = hasRuntime ? join(runtime, 'lodge') : join(tmpdir(), `lodge-${process.getuid?.() ?? 'user'}`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(
      `The directory ${directory} for switches cannot be made (${code}); name one that can in XDG_RUNTIME_DIR.`,
      { cause: error },
    );
  }
  const status = lstatSync(directory);
  const isOwn = process.getuid === undefined || status.uid === process.getuid();
  if (!status.isDirectory() || !isOwn || (status.mode & 0o077) !== 0) {
    throw new UserError(
      `The directory ${directory} for switches is open to other users; remove it, or name another in XDG_RUNTIME_DIR.`,
    );
  }
  const path = join(directory, `switch-${name}`);
  if (Buffer.byteLength(path) > LONGEST_PATH - 9) {
    throw new UserError(`The path ${path} is too long for a socket; name a shorter directory in XDG_RUNTIME_DIR.`);
  }
  return path;
}
