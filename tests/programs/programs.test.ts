// Random programs of several blocks, with loops, calls, exceptions and stores into their own code: what the interpreter
// does, the translator must do to the last flag and the last count, however the time is sliced.
//
//   LODGE_PROGRAMS         how many programs (800)
//   LODGE_PROGRAM          only the one with this number, or FROM-TO
//   LODGE_TEST_SEED        seed of the random numbers; a failure prints the one that was used

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Checker } from './check-program.ts';

const count = Number(process.env['LODGE_PROGRAMS'] ?? 800);
const seed = Number(process.env['LODGE_TEST_SEED'] ?? 20_240_229);
const only = process.env['LODGE_PROGRAM'];
const SHOWN = 3;

test('random programs do the same on interpreter and translator', () => {
  const checker = new Checker();
  const failures: string[] = [];
  const [from = 0, to = from] = only === undefined ? [0, count - 1] : only.split('-').map(Number);
  for (let index = from; index <= to && failures.length < SHOWN; index++) {
    const failure = checker.failure(seed, index);
    if (failure !== null) failures.push(failure);
  }
  assert.equal(failures.length, 0, `programs differ:\n\n${failures.join('\n\n')}\n`);
  if (only !== undefined) return;
  assert.ok(checker.ended > count * 0.95, `only ${checker.ended} of ${count} programs came to their end`);
  assert.ok(checker.regions > count * 5, `only ${checker.regions} regions for ${count} programs`);
});
