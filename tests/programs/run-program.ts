// Runs programs on interpreter and translator, in slices of many sizes.

import type { Difference } from '../instructions/compare.ts';
import { Random } from '../instructions/random.ts';
import { compareOutcomes } from './compare-outcomes.ts';
import type { Assembled } from './program.ts';
import type { Outcome, ProgramCell } from './program-cell.ts';

/** Instructions after which a program that does not come to its end is stopped. */
export const MOST_INSTRUCTIONS = 30_000;

/** So near to the end of a part one instruction is run at a time: the last pass of a REP and its end count as two. */
const NEARBY = 70;

/** How many instructions each slice may have, of a program that has `total` in all. */
export type Slices = (random: Random, total: number) => (retired: number) => number;

const whole: Slices = () => () => MOST_INSTRUCTIONS;
const tiny: Slices = (random) => () => 1 + random.below(12);
const medium: Slices = (random) => () => 1 + random.below(random.oneIn(2) ? 20 : 300);
/** Small slices first, so that code that is hot by then runs on without a break. */
const warming: Slices = (random, total) => {
  const end = (total * random.below(100)) / 100;
  return (retired) => (retired < end ? 1 + random.below(60) : MOST_INSTRUCTIONS);
};

export function runProgram(
  cell: ProgramCell,
  program: Assembled,
  slices: Slices = whole,
  seed = 0,
  total = MOST_INSTRUCTIONS,
): Outcome {
  const nextSlice = slices(new Random(seed), total);
  const changes = [...program.interventions];
  cell.load(program);
  let idle = 0;
  while (!cell.ended && cell.retired < MOST_INSTRUCTIONS) {
    const before = cell.retired;
    if (changes[0] && before >= changes[0].after) {
      const { address, bytes } = changes.shift()!;
      cell.writeCode(address, bytes);
      continue;
    }
    const left = Math.min(changes[0]?.after ?? MOST_INSTRUCTIONS, MOST_INSTRUCTIONS) - before;
    cell.run(left > NEARBY ? Math.min(nextSlice(before), left - NEARBY) : 1);
    idle = cell.retired > before ? 0 : idle + 1;
    if (idle > 3) throw new Error(`Nothing runs any more after ${before} instructions.`);
  }
  return cell.outcome();
}

interface Schedule {
  readonly name: string;
  readonly slices: Slices;
}
const inWarming: Schedule = { name: 'small slices, then whole', slices: warming };
const asWhole: Schedule = { name: 'whole', slices: whole };
const inTiny: Schedule = { name: 'tiny slices', slices: tiny };
const inMedium: Schedule = { name: 'medium slices', slices: medium };

/**
 * One after the other in the same cell, so that what one run found hot is translated in the next. Whole at first: regions
 * are then grown when all links are known. A program that changes itself begins cold in each run.
 */
const schedules = {
  constant: [
    [asWhole, asWhole, inTiny, inMedium, asWhole],
    [inWarming, asWhole, inTiny, inMedium, asWhole],
  ],
  changing: [
    [inWarming, inMedium, inWarming, inTiny, inWarming],
    [asWhole, inWarming, inWarming, inMedium, inWarming],
  ],
} as const;

export interface Mismatch {
  readonly who: string;
  readonly differences: readonly Difference[];
}

function attempt(run: () => Outcome): Outcome | Error {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
}

/**
 * Runs a program on the translator in every way.
 * @param expected what the interpreter did
 * @returns the first way in which it does something else; null when there is none
 */
export function findMismatch(
  translating: ProgramCell,
  program: Assembled,
  expected: Outcome,
  seed: number,
): Mismatch | null {
  const order = schedules[program.changesItself ? 'changing' : 'constant'][seed % 2]!;
  for (const [index, { name, slices }] of order.entries()) {
    const who = `translator, run ${index + 1} (${name})`;
    const outcome = attempt(() => runProgram(translating, program, slices, seed * 8 + index, expected.retired));
    if (outcome instanceof Error) {
      return { who, differences: [{ field: 'thrown', left: outcome.message, right: '' }] };
    }
    const differences = compareOutcomes(outcome, expected, program.codeSize);
    if (differences.length > 0) return { who, differences };
  }
  return null;
}
