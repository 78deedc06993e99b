// The terminal handed over to the guest: every key reaches it, Ctrl-C and Ctrl-Z too.

import type { ReadStream } from 'node:tty';
import type { Disposable } from '../../base/disposable.ts';
import { toDisposable } from '../../base/disposable.ts';

/**
 * Puts a terminal into raw mode until it is disposed of, the process exits by whatever way that runs exit handlers, or
 * the process is stopped (SIGTSTP); continued, it is raw again.
 */
export function enterRawMode(terminal: ReadStream): Disposable {
  const restore = (): void => {
    try {
      terminal.setRawMode(false);
    } catch {
      // The terminal is gone: its window was closed.
    }
  };
  const suspend = (): void => {
    restore();
    process.once('SIGCONT', () => {
      if (!held.disposed) terminal.setRawMode(true);
    });
    process.kill(process.pid, 'SIGSTOP');
  };
  const held = { disposed: false };
  terminal.setRawMode(true);
  process.on('exit', restore);
  process.on('SIGTSTP', suspend);
  return toDisposable(() => {
    held.disposed = true;
    process.off('exit', restore);
    process.off('SIGTSTP', suspend);
    restore();
  });
}
