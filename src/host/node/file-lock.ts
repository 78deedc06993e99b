// Keeps two monitors from writing one file.

import type { BigIntStats } from 'node:fs';
import { createServer } from 'node:net';
import { platform } from 'node:process';
import type { Disposable } from '../../base/disposable.ts';
import { toDisposable } from '../../base/disposable.ts';

/**
 * Takes a file, or a block device, that no other Lodge of this host may write meanwhile; undefined when another has it. The
 * lock is a socket name in Linux's abstract namespace, made from the file's device and inode number. So it leaves nothing
 * behind, not even after `kill -9`; it holds for whatever names the file has; and it is not seen across network namespaces,
 * nor by other programs. Where there is no such namespace, everybody gets the lock.
 */
export function lockFile(status: BigIntStats): Promise<Disposable | undefined> {
  if (platform !== 'linux') return Promise.resolve(toDisposable(() => {}));
  const identity = status.isBlockDevice() ? `device/${status.rdev}` : `file/${status.dev}/${status.ino}`;
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(`\0lodge/disk/${identity}`, () => resolve(toDisposable(() => void server.close())));
    server.unref();
  });
}
