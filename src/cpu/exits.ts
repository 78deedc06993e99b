// Why control left guest code, by name, for statistics.

import {
  EXIT_BUDGET,
  EXIT_COUNT,
  EXIT_DECODE,
  EXIT_HALT,
  EXIT_REQUEST,
  EXIT_RESUME,
  EXIT_SHUTDOWN,
} from '../core/layout.ts';

export type ExitName = 'resume' | 'budget' | 'decode' | 'halt' | 'shutdown' | 'request' | 'fault';

const names: Record<number, ExitName> = {
  [EXIT_RESUME]: 'resume',
  [EXIT_BUDGET]: 'budget',
  [EXIT_DECODE]: 'decode',
  [EXIT_HALT]: 'halt',
  [EXIT_SHUTDOWN]: 'shutdown',
  [EXIT_REQUEST]: 'request',
};

/** Counts exits by reason. A fault that a core routine raised counts as `fault`. */
export class ExitCounts {
  readonly #counts = new Float64Array(EXIT_COUNT + 1);

  count(reason: number): void {
    this.#counts[reason]!++;
  }

  countFault(): void {
    this.#counts[EXIT_COUNT]!++;
  }

  byName(): Record<ExitName, number> {
    const named = Object.entries(names).map(([reason, name]) => [name, this.#counts[Number(reason)]!]);
    return { ...Object.fromEntries(named), fault: this.#counts[EXIT_COUNT]! } as Record<ExitName, number>;
  }
}
