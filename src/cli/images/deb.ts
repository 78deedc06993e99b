// Taking single files out of a Debian package.

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';

/**
 * Unpacks from the package `file` what matches the tar wildcard `pattern` into `directory`, and returns the path
 * of the one file there. Throws an Error when there is none; `ENOSPC` in `code` when the disk is full.
 */
export async function extractFile(
  file: string,
  pattern: string,
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  const [only, ...others] = await extractFiles(file, [pattern], directory, signal);
  if (only === undefined || others.length > 0) throw new Error(`${file} could not be unpacked: it has no ${pattern}`);
  return only;
}

/**
 * Unpacks from the package `file` all that matches one of the tar wildcards into `directory`, and returns the paths of the
 * files there. Throws an Error when the package cannot be read; `ENOSPC` in `code` when the disk is full.
 */
export async function extractFiles(
  file: string,
  patterns: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  mkdirSync(directory, { recursive: true });
  const unpack = spawn('dpkg-deb', ['--fsys-tarfile', file], { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const tar = spawn('tar', ['-x', '-C', directory, '--no-same-owner', '--wildcards', ...patterns], {
    stdio: [unpack.stdout, 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    signal,
  });
  // The parent keeps no copy of the pipe, so that each side sees the other end.
  unpack.stdout.destroy();
  let said = '';
  for (const { stderr } of [unpack, tar]) stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  await Promise.all([once(unpack, 'close'), once(tar, 'close')]);
  const complaint = said.split('\n').find((line) => line !== '' && !UNMATCHED.test(line));
  if (complaint !== undefined) {
    const error: NodeJS.ErrnoException = new Error(`${file} could not be unpacked: ${complaint}`);
    // tar says only the latter when a part of the data could still be written.
    if (/No space left on device|Wrote only/.test(said)) error.code = 'ENOSPC';
    throw error;
  }
  const found = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return found.map((entry) => join(entry.parentPath, entry.name));
}

/** What tar says when a wildcard matches nothing. */
const UNMATCHED = /Not found in archive$|Exiting with failure status due to previous errors$/;
