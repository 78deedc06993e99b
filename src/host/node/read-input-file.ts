// Reading the files that a user names.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import { fileErrorReason } from './file-errors.ts';

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
    throw new UserError(`The ${what} ${path} ${fileErrorReason(error, 'read')}.`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
