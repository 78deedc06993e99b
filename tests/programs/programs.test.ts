// Random programs of several blocks, with loops, calls, exceptions and stores into their own code: what the interpreter
// does, the translator must do to the last flag and the last count, however the time is sliced.
//
//   LODGE_PROGRAMS         how many programs (1200)
//   LODGE_PROGRAM          only the one with this number
//   LODGE_TEST_SEED        seed of the random numbers; a failure prints the one that was used

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeProgram } from './describe-program.ts';
import { assembleProgram, generateProgram } from './generate.ts';
import { ProgramCell } from './program-cell.ts';
import { findMismatch, runProgram } from './run-program.ts';

const count = Number(process.env['LODGE_PROGRAMS'] ?? 1200);
const seed = Number(process.env['LODGE_TEST_SEED'] ?? 20_240_229);
const only = process.env['LODGE_PROGRAM'];
const SHOWN = 3;
/** Regions are only let go with their cell. */
const PROGRAMS_A_CELL = 20;

test('random programs do the same on interpreter and translator', () => {
  const plain = new ProgramCell(null);
  let translating = new ProgramCell(1);
  const failures: string[] = [];
  let regions = 0;
  let ended = 0;
  const [from, to] = only === undefined ? [0, count] : [Number(only), Number(only) + 1];
  for (let index = from; index < to && failures.length < SHOWN; index++) {
    if (index % PROGRAMS_A_CELL === 0) translating = new ProgramCell(1);
    const before = translating.regions;
    const program = generateProgram(seed, index);
    const assembled = assembleProgram(program);
    const expected = runProgram(plain, assembled);
    if (expected.ended) ended++;
    const mismatch = findMismatch(translating, plain, assembled, expected, index);
    regions += translating.regions - before;
    if (!mismatch) continue;
    const { who, differences } = mismatch;
    translating = new ProgramCell(1);
    failures.push(
      [
        `program ${index}, seed ${seed} (LODGE_TEST_SEED=${seed} LODGE_PROGRAM=${index})`,
        describeProgram(program, assembled),
        `    ${who} ≠ interpreter:`,
        ...differences.slice(0, 10).map(({ field, left, right }) => `      ${field}: ${left} ≠ ${right}`),
      ].join('\n'),
    );
  }
  assert.equal(failures.length, 0, `programs differ:\n\n${failures.join('\n\n')}\n`);
  if (only !== undefined) return;
  assert.ok(ended > count * 0.95, `only ${ended} of ${count} programs came to their end`);
  assert.ok(regions > count * 5, `only ${regions} regions for ${count} programs`);
});
