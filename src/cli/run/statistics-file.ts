// The file of `--stats`.

import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../base/errors.ts';

const cannotWrite = (path: string, error: unknown): UserError =>
  new UserError(
    `The statistics cannot be written to ${path} (${(error as NodeJS.ErrnoException).code}); name a file in a directory that you may write to.`,
    { cause: error },
  );

/** Throws a UserError when the file could not be written, before a long run shows it. */
export function checkStatisticsFile(path: string): void {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
    if (existsSync(path) && statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Writes the statistics as JSON. Throws a UserError. */
export function writeStatisticsFile(path: string, statistics: object): void {
  const json = JSON.stringify(
    statistics,
    (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value),
    2,
  );
  try {
    writeFileSync(path, `${json}\n`);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
