// The terminal handed over to the guest: every key reaches it, Ctrl-C and Ctrl-Z too.

import { spawnSync } from 'node:child_process';
import type { ReadStream } from 'node:tty';
import type { Disposable } from '../../base/disposable.ts';
import { toDisposable } from '../../base/disposable.ts';

function makeRaw(terminal: ReadStream): void {
  terminal.setRawMode(true);
  // Node leaves the translation of line feeds on, which a guest's full-screen programs do not expect. Without stty they
  // look odd in places and all else works. What setRawMode(false) restores is the state before all of this.
  spawnSync('stty', ['-opost'], { stdio: [terminal, 'ignore', 'ignore'] });
}

/**
 * Puts a terminal into raw mode until it is disposed of, the process exits by whatever way that runs exit handlers, or
 * the process is stopped (SIGTSTP); continued, it is raw again.
 */
export function enterRawMode(terminal: ReadStream): Disposable {
  let disposed = false;
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
      if (!disposed) makeRaw(terminal);
    });
    process.kill(process.pid, 'SIGSTOP');
  };
  makeRaw(terminal);
  process.on('exit', restore);
  process.on('SIGTSTP', suspend);
  return toDisposable(() => {
    disposed = true;
    process.off('exit', restore);
    process.off('SIGTSTP', suspend);
    restore();
  });
}
