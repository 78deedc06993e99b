// Checks one program on interpreter and translator, and describes what is wrong with it.

import { describeProgram } from './describe-program.ts';
import { assembleProgram, generateProgram } from './generate.ts';
import { ProgramCell } from './program-cell.ts';
import { DoesNotFit, type Program } from './program.ts';
import { findMismatch, runProgram, type Mismatch } from './run-program.ts';
import { shrink } from './shrink.ts';

/** Regions are only let go with their cell. */
const PROGRAMS_A_CELL = 20;
const TRIES = 2;

/** Runs programs; makes cells for them. */
export class Checker {
  readonly #makeTranslating: () => ProgramCell;
  readonly #plain = new ProgramCell(null);
  #translating: ProgramCell | null = null;
  #uses = 0;
  #earlier = 0;
  ended = 0;

  constructor(makeTranslating = (): ProgramCell => new ProgramCell(1)) {
    this.#makeTranslating = makeTranslating;
  }

  /** Regions made so far. */
  get regions(): number {
    return this.#earlier + (this.#translating?.regions ?? 0);
  }

  #forget(): void {
    this.#earlier = this.regions;
    this.#translating = null;
  }

  /** Compares the engines on one program. */
  check(program: Program, index: number): Mismatch | null {
    const assembled = assembleProgram(program);
    const expected = runProgram(this.#plain, assembled);
    if (expected.ended) this.ended++;
    if (!this.#translating || this.#uses++ % PROGRAMS_A_CELL === 0) {
      this.#forget();
      this.#translating = this.#makeTranslating();
    }
    return findMismatch(this.#translating, this.#plain, assembled, expected, index);
  }

  /**
   * Whether a program fails in a cell of its own, and comes to an end. It is tried a few times: what is translated when may
   * depend on the host's clock.
   */
  #failsAlone(program: Program, index: number): Mismatch | null {
    try {
      const assembled = assembleProgram(program);
      const expected = runProgram(this.#plain, assembled);
      if (!expected.ended) return null;
      const translating = this.#makeTranslating();
      for (let tries = 0; tries < TRIES; tries++) {
        const mismatch = findMismatch(translating, this.#plain, assembled, expected, index + tries * 1000);
        if (mismatch) return mismatch;
      }
      return null;
    } catch (error) {
      if (error instanceof DoesNotFit) return null;
      throw error;
    }
  }

  /** What is wrong with program number `index`, or null. */
  failure(seed: number, index: number): string | null {
    const program = generateProgram(seed, index);
    const mismatch = this.check(program, index);
    if (mismatch === null) return null;
    this.#forget();
    const remark = `program ${index}, seed ${seed}: LODGE_TEST_SEED=${seed} LODGE_PROGRAM=${index}`;
    if (this.#failsAlone(program, index) === null) {
      const first = index - (index % PROGRAMS_A_CELL);
      return describe(
        `${remark}\n    by itself it is right; not after those from ${first} on: LODGE_PROGRAM=${first}-${index}`,
        program,
        mismatch,
      );
    }
    const least = shrink(program, (candidate) => this.#failsAlone(candidate, index) !== null);
    return describe(`${remark}, made shorter`, least, this.#failsAlone(least, index) ?? mismatch);
  }
}

function describe(remark: string, program: Program, { who, differences }: Mismatch): string {
  return [
    remark,
    describeProgram(program, assembleProgram(program)),
    `    ${who} ≠ interpreter:`,
    ...differences.slice(0, 8).map(({ field, left, right }) => `      ${field}: ${left} ≠ ${right}`),
  ].join('\n');
}
