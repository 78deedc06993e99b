// Runs programs on interpreter and translator, in slices of many sizes.

import type { Difference } from '../instructions/compare.ts';
import { Random } from '../instructions/random.ts';
import { compareOutcomes } from './compare-outcomes.ts';
import { compareProcessors } from './compare-processors.ts';
import type { Assembled, Intervention } from './program.ts';
import { DATA_PAGES, type Outcome, type ProgramCell } from './program-cell.ts';
import { chooseSchedules, type NextSlice } from './schedules.ts';

/** Instructions after which a program that does not come to its end is stopped. */
export const MOST_INSTRUCTIONS = 10_000;
/** So near to the end of a part one instruction is run at a time: the last pass of a REP and its end count as two. */
const NEARBY = 70;

/** Before one slice of so many, some regions are given up. */
const EVICTION = 8;
/** Before one slice of so many, a page of the data begins to share its frame. */
const SHARING = 8;

/** A program while it runs. */
class Progress {
  readonly cell: ProgramCell;
  readonly #program: Assembled;
  readonly #changes: Intervention[];
  #idle = 0;

  constructor(cell: ProgramCell, program: Assembled) {
    this.cell = cell;
    this.#program = program;
    this.#changes = [...program.interventions];
    cell.load(program);
  }

  get isOver(): boolean {
    return this.cell.ended || this.cell.retired >= MOST_INSTRUCTIONS;
  }

  /** Runs a slice, or less of it when code is to be changed from outside meanwhile. */
  advance(budget: number): void {
    const { cell } = this;
    const before = cell.retired;
    while (this.#changes[0] && before >= this.#changes[0].after) {
      cell.intervene(this.#changes.shift()!, this.#program);
    }
    const left = Math.min(this.#changes[0]?.after ?? MOST_INSTRUCTIONS, MOST_INSTRUCTIONS) - before;
    cell.run(left > NEARBY ? Math.min(budget, left - NEARBY) : 1);
    this.#idle = cell.retired > before ? 0 : this.#idle + 1;
    if (this.#idle > 3) throw new Error(`Nothing runs any more after ${before} instructions.`);
  }
}

/** Runs a program in as few slices as can be. */
export function runProgram(cell: ProgramCell, program: Assembled): Outcome {
  const progress = new Progress(cell, program);
  while (!progress.isOver) progress.advance(MOST_INSTRUCTIONS);
  return cell.outcome();
}

export interface Mismatch {
  readonly who: string;
  readonly differences: readonly Difference[];
}

/**
 * Runs a program on two cells side by side, in the same slices, and compares their processors after each, so that what later
 * instructions would hide is seen. Both have to stop at the same places, as the clock of instructions promises.
 */
function runSideBySide(
  sliced: ProgramCell,
  plain: ProgramCell,
  program: Assembled,
  next: NextSlice,
  random: Random,
): Mismatch | null {
  const [left, right] = [new Progress(sliced, program), new Progress(plain, program)];
  while (!left.isOver) {
    const before = sliced.retired;
    const budget = next(before);
    if (random.oneIn(EVICTION)) sliced.evict(() => random.oneIn(2));
    if (random.oneIn(SHARING)) {
      const page = random.below(DATA_PAGES);
      sliced.share(page);
      plain.share(page);
    }
    left.advance(budget);
    right.advance(budget);
    const differences = compareProcessors(sliced, plain);
    if (differences.length > 0) return { who: `in the slice from ${before} instructions on`, differences };
  }
  const differences = compareOutcomes(sliced.outcome(), plain.outcome(), program.codeSize);
  return differences.length > 0 ? { who: 'in the end', differences } : null;
}

/**
 * Runs a program on the translator in every way.
 * @param expected what the interpreter did
 * @returns the first way in which it does something else; null when there is none
 */
export function findMismatch(
  translating: ProgramCell,
  plain: ProgramCell,
  program: Assembled,
  expected: Outcome,
  seed: number,
): Mismatch | null {
  for (const [index, { name, slices }] of chooseSchedules(program, seed).entries()) {
    const who = `translator, run ${index + 1} (${name})`;
    try {
      const next = slices(new Random(seed * 8 + index), expected.retired);
      const mismatch = runSideBySide(translating, plain, program, next, new Random(seed * 16 + index));
      if (mismatch) return { who: `${who}, ${mismatch.who}`, differences: mismatch.differences };
      // When the device's interrupts come depends on the slices; nothing else does.
      if (program.hasDevice) continue;
      const differences = compareOutcomes(translating.outcome(), expected, program.codeSize);
      if (differences.length > 0) return { who: `${who}, from another run's`, differences };
    } catch (error) {
      return { who, differences: [{ field: 'thrown', left: (error as Error).stack ?? '', right: '' }] };
    }
  }
  return null;
}
