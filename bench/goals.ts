// The figures to reach, as Lodge's time over another system's: lower is better.

import type { Architecture } from './architecture.ts';
import type { Comparison } from './comparison.ts';
import { ratios } from './comparison.ts';
import type { Group } from './rows.ts';
import { ALL_ROWS } from './rows.ts';
import { geometricMean } from './statistics.ts';
import type { SystemName } from './systems.ts';

interface Goal {
  readonly architecture: Architecture;
  readonly against: SystemName;
  /** A group or row whose geometric mean counts, all rows, or the row in which Lodge does worst. */
  readonly of: Group | 'boot-init' | 'all' | 'worst';
  readonly bound: number;
}

const goal = (architecture: Architecture, against: SystemName, of: Goal['of'], bound: number): Goal => ({
  architecture,
  against,
  of,
  bound,
});

const goals: readonly Goal[] = [
  goal('amd64', 'qemu', 'boot-init', 1.3),
  goal('amd64', 'qemu', 'integer', 0.9),
  goal('amd64', 'qemu', 'sse', 0.35),
  goal('amd64', 'qemu', 'memory', 0.8),
  goal('amd64', 'qemu', 'kernel', 1.3),
  goal('amd64', 'qemu', 'code', 1.5),
  goal('i386', 'v86', 'all', 1 / 3),
  goal('i386', 'v86', 'code', 1 / 8),
  goal('i386', 'v86', 'worst', 1),
];

/** A goal beside what was measured. */
export interface GoalResult extends Goal {
  readonly value: number;
  readonly holds: boolean;
}

/** The goals that a comparison has all rows and systems for. */
export function checkGoals(comparison: Comparison): GoalResult[] {
  return goals.flatMap((wanted): GoalResult[] => {
    if (wanted.architecture !== comparison.architecture) return [];
    const all = wanted.of === 'all' || wanted.of === 'worst';
    const members = ALL_ROWS.filter(({ name, group }) => all || name === wanted.of || group === wanted.of);
    const measured = ratios(comparison, 'lodge', wanted.against);
    const figures = members.flatMap(({ name }) => measured.get(name) ?? []);
    if (figures.length < members.length) return [];
    const value = wanted.of === 'worst' ? Math.max(...figures) : geometricMean(figures);
    return [{ ...wanted, value, holds: value <= wanted.bound }];
  });
}

/** A line for people. */
export const describeGoal = ({ architecture, against, of, bound, value, holds }: GoalResult): string =>
  `${holds ? 'reached' : 'missed '}  ${architecture}, ${of}: ${value.toFixed(2)} × ${against} (≤ ${bound.toFixed(2)})`;
