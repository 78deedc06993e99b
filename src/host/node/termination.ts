// Being told to end from outside.

import { constants } from 'node:os';
import type { Disposable } from '../../base/disposable.ts';
import { toDisposable } from '../../base/disposable.ts';

export const TERMINATION_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls `listener` when this process is asked to end, until it is disposed of; the process does not end by itself then. */
export function onTermination(listener: (signal: (typeof TERMINATION_SIGNALS)[number]) => void): Disposable {
  for (const signal of TERMINATION_SIGNALS) process.on(signal, listener);
  return toDisposable(() => {
    for (const signal of TERMINATION_SIGNALS) process.off(signal, listener);
  });
}

/** The exit status by which shells tell that a signal ended a program: 128 and its number. */
export const statusOfSignal = (signal: NodeJS.Signals): number => 128 + (constants.signals[signal] ?? 0);
