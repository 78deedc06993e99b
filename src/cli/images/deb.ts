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
  mkdirSync(directory, { recursive: true });
  const unpack = spawn('dpkg-deb', ['--fsys-tarfile', file], { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const tar = spawn('tar', ['-x', '-C', directory, '--no-same-owner', '--wildcards', pattern], {
    stdio: [unpack.stdout, 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    signal,
  });
  // The parent keeps no copy of the pipe, so that each side sees the other end.
  unpack.stdout.destroy();
  let said = '';
  for (const { stderr } of [unpack, tar]) stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  await Promise.all([once(unpack, 'close'), once(tar, 'close')]);
  const found = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const only = found[0];
  if (tar.exitCode === 0 && only !== undefined && found.length === 1) return join(only.parentPath, only.name);
  const error: NodeJS.ErrnoException = new Error(
    `${file} could not be unpacked: ${said.trim().split('\n', 1)[0] || `it has no ${pattern}`}`,
  );
  // tar says only the latter when a part of the data could still be written.
  if (/No space left on device|Wrote only/.test(said)) error.code = 'ENOSPC';
  throw error;
}
