// Random programs on the interpreter and on the host's processor, as far as user mode goes.
//
//   LODGE_NATIVE_PROGRAMS   how many programs (1500)
//   LODGE_TEST_SEED         seed of the random numbers; a failure prints the one that was used

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOutcomes } from './compare-outcomes.ts';
import { describeProgram } from './describe-program.ts';
import { assembleProgram, generateProgram } from './generate.ts';
import { ProgramCell } from './program-cell.ts';
import { findOtherwiseUndefined } from './undefined-flags.ts';
import { runProgram } from './run-program.ts';
import { MOST_NATIVE_FAULTS, runOnHost, withPageFaultsFirst } from './run-native.ts';
import { nativeObstacle } from '../instructions/native-runner.ts';

const count = Number(process.env['LODGE_NATIVE_PROGRAMS'] ?? 1500);
const seed = Number(process.env['LODGE_TEST_SEED'] ?? 20_240_229);
const SHOWN = 3;
const BATCH = 100;

test('random programs do the same on interpreter and processor', { skip: nativeObstacle() ?? false }, () => {
  const avoided = findOtherwiseUndefined(seed);
  const plain = new ProgramCell(null);
  const failures: string[] = [];
  for (let from = 0; from < count; from += BATCH) {
    const cases = Array.from({ length: Math.min(BATCH, count - from) }, (_, offset) => {
      const program = generateProgram(seed, from + offset, avoided);
      const assembled = assembleProgram({ ...program, interventions: [], frames: null });
      return { index: from + offset, program, assembled, expected: runProgram(plain, assembled) };
    }).filter(
      ({ program, expected }) => !program.hasDevice && expected.ended && expected.faultCount <= MOST_NATIVE_FAULTS,
    );
    const outcomes = runOnHost(cases.map(({ assembled }) => assembled));
    cases.forEach(({ index, program, assembled, expected }, at) => {
      const differences = compareOutcomes(withPageFaultsFirst(outcomes[at]!, expected), expected, program.codeSize);
      if (differences.length === 0) return;
      failures.push(
        [
          `program ${index}, seed ${seed}`,
          describeProgram(program, assembled),
          '    processor ≠ interpreter:',
          ...differences.slice(0, 8).map(({ field, left, right }) => `      ${field}: ${left} ≠ ${right}`),
        ].join('\n'),
      );
    });
  }
  assert.equal(failures.length, 0, `${failures.length} programs differ:\n\n${failures.slice(0, SHOWN).join('\n\n')}\n`);
});
