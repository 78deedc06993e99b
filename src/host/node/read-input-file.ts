// Reading the files that a user names.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; check its name',
  ENOTDIR: 'does not exist, because a part of its path is no directory; check its name',
  EACCES: 'cannot be read because its permissions forbid it; change them, or run as a user who may read it',
  EPERM: 'cannot be read because its permissions forbid it; change them, or run as a user who may read it',
  EISDIR: 'is a directory; name a file in it',
  ENAMETOOLONG: 'has a name that is too long; check it',
  ELOOP: 'is a symbolic link that leads to itself; name the file it should lead to',
  EIO: 'cannot be read because its disk fails; use another copy',
  ENOMEM: 'does not fit in memory; use a smaller file',
  ERR_FS_FILE_TOO_LARGE: 'is too large to be read whole; use a smaller file',
};

/**
 * All bytes of a file; `what` it is, such as "kernel", goes into messages. A pipe works as well as a file on disk.
 * Throws a UserError when it cannot be read.
 */
export function readInputFile(path: string, what: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    if (fstatSync(descriptor).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    return readFileSync(descriptor);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new UserError(`The ${what} ${path} ${REASONS[code] ?? `cannot be read (${code || message}); check it`}.`, {
      cause: error,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
