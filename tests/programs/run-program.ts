// Runs programs on interpreter and translator, in slices of many sizes.

import type { Difference } from '../instructions/compare.ts';
import { Random } from '../instructions/random.ts';
import { compareOutcomes } from './compare-outcomes.ts';
import type { Assembled } from './program.ts';
import type { Outcome, ProgramCell } from './program-cell.ts';

/** Instructions after which a program that does not come to its end is stopped. */
export const MOST_INSTRUCTIONS = 30_000;

/** How many instructions each slice may have. */
export type Slices = (random: Random, retired: number) => number;

const whole: Slices = () => MOST_INSTRUCTIONS;
const tiny: Slices = (random) => 1 + random.below(12);
const medium: Slices = (random) => 1 + random.below(random.oneIn(2) ? 20 : 300);
/** Small slices first, so that code that is hot by then runs on without a break. */
const warming: Slices = (random, retired) => (retired < 400 ? 1 + random.below(40) : MOST_INSTRUCTIONS);

export function runProgram(cell: ProgramCell, program: Assembled, slices: Slices = whole, seed = 0): Outcome {
  const random = new Random(seed);
  cell.load(program);
  let idle = 0;
  while (!cell.ended && cell.retired < MOST_INSTRUCTIONS) {
    const before = cell.retired;
    cell.run(Math.min(slices(random, before), MOST_INSTRUCTIONS - before));
    idle = cell.retired > before ? 0 : idle + 1;
    if (idle > 3) throw new Error(`Nothing runs any more after ${before} instructions.`);
  }
  return cell.outcome();
}

/** One after the other in the same cell, so that what one run found hot is translated in the next. */
const schedules: readonly { readonly name: string; readonly slices: Slices }[] = [
  { name: 'warming', slices: warming },
  { name: 'whole', slices: whole },
  { name: 'tiny slices', slices: tiny },
  { name: 'medium slices', slices: medium },
  { name: 'whole again', slices: whole },
];

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
  // Half of the programs are cold and in one slice the first time: regions are then grown from all links.
  const order = seed % 2 === 0 ? schedules : [schedules[1]!, ...schedules];
  for (const [index, { name, slices }] of order.entries()) {
    const who = `translator, run ${index + 1} (${name})`;
    const outcome = attempt(() => runProgram(translating, program, slices, seed + index));
    if (outcome instanceof Error) {
      return { who, differences: [{ field: 'thrown', left: outcome.message, right: '' }] };
    }
    const differences = compareOutcomes(outcome, expected, program.codeSize);
    if (differences.length > 0) return { who, differences };
  }
  return null;
}
