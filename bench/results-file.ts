// What is written to build/bench/results.json.

import { cpus } from 'node:os';
import type { Comparison } from './comparison.ts';
import { ratios, timeOf } from './comparison.ts';
import { checkGoals } from './goals.ts';
import { geometricMean } from './statistics.ts';
import type { SystemName } from './systems.ts';

/** A comparison with its medians, ratios and means, as plain objects. */
export function comparisonResults(comparison: Comparison): object {
  const { architecture, rows, systems, times } = comparison;
  const others = systems.filter(({ name }) => name !== 'lodge').map(({ name }) => name);
  const bySystem = <T>(value: (name: SystemName) => T): Record<string, T> =>
    Object.fromEntries(others.map((name) => [name, value(name)]));
  const against = new Map(others.map((name) => [name, ratios(comparison, 'lodge', name)]));
  const meansOf = (names: readonly string[]): Record<string, number> =>
    bySystem((other) => geometricMean(names.flatMap((name) => against.get(other)!.get(name) ?? [])));
  const groups = [...new Set(rows.map(({ group }) => group))];
  return {
    architecture,
    systems: systems.map(({ name, title }) => ({ name, title })),
    rows: rows.map(({ name, group, title }) => ({
      name,
      group,
      title,
      milliseconds: Object.fromEntries(systems.map((system) => [system.name, timeOf(comparison, name, system.name)])),
      runs: Object.fromEntries(times.get(name) ?? []),
      lodgeOver: bySystem((other) => against.get(other)!.get(name)),
    })),
    meansOfLodgeOver: Object.fromEntries([
      ...groups.map((group) => [group, meansOf(rows.filter((row) => row.group === group).map(({ name }) => name))]),
      ['all', meansOf(rows.map(({ name }) => name))],
    ]),
    goals: checkGoals(comparison),
  };
}

/** On what the figures were taken. */
export const hostDescription = (): object => ({
  date: new Date().toISOString(),
  processor: cpus()[0]?.model,
  processors: cpus().length,
  node: process.version,
});
