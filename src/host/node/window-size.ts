// The size of the terminal's window.

import type { WriteStream } from 'node:tty';
import type { Disposable } from '../../base/disposable.ts';
import { toDisposable } from '../../base/disposable.ts';

/** In characters. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

const terminal = (): WriteStream | undefined => [process.stdout, process.stderr].find((stream) => stream.isTTY);

/** The size of the window behind standard output, or else standard error; undefined when neither is a terminal. */
export function windowSize(): WindowSize | undefined {
  const { rows, columns } = terminal() ?? {};
  // A terminal that does not know its size says 0 by 0.
  return rows && columns ? { rows, columns } : undefined;
}

/** Calls `listener` with each new size until it is disposed of. */
export function onWindowResize(listener: (size: WindowSize) => void): Disposable {
  const stream = terminal();
  const resized = (): void => {
    const size = windowSize();
    if (size !== undefined) listener(size);
  };
  stream?.on('resize', resized);
  return toDisposable(() => stream?.off('resize', resized));
}
