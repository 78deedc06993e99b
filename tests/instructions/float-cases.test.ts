// The usual cases of floating-point instructions and their edges, on interpreter, translator and processor: results, MXCSR and
// exceptions bit for bit.
//
//   LODGE_FLOAT_CASES    cases an instruction (400)
//   LODGE_FLOAT_PROGRAMS programs of several of them (1000)
//   LODGE_FLOAT_SEED     seed of the random numbers

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../float/operands.ts';
import { floatCase, floatCodes, floatProgram, floatProgramCases } from './float-cases.ts';
import { nativeObstacle, runNative } from './native-runner.ts';
import { FloatRunner } from './run-float-cases.ts';
import type { StateImage } from './state-image.ts';

const count = Number(process.env['LODGE_FLOAT_CASES'] ?? 400);
const seed = Number(process.env['LODGE_FLOAT_SEED'] ?? 20_240_229);
const programs = Number(process.env['LODGE_FLOAT_PROGRAMS'] ?? 1000);
const SHOWN = 3;
const NOP = 0x90;
const isJudged = nativeObstacle() === null;
const runner = new FloatRunner();

/** The processor's answers, or none where it cannot be asked. */
function judged(images: readonly StateImage[]): StateImage[] {
  return isJudged ? runNative(images) : [];
}

const mnemonics = new Set(floatCodes.map(({ name }) => name.split(' ')[0]!));
for (const mnemonic of mnemonics) {
  const members = floatCodes.filter(({ name }) => name.startsWith(`${mnemonic} `));
  test(`${mnemonic} agrees on interpreter, translator and processor, ${members.length} codes`, () => {
    for (const code of members) {
      const index = floatCodes.indexOf(code);
      // A NOP before most of them: an instruction that begins a region is called for differently.
      const bytes = index % 3 === 0 ? code.bytes : [NOP, ...code.bytes];
      const random = new Random(BigInt(seed + index));
      const images = Array.from({ length: count }, () => floatCase(random, bytes, false));
      const failures = runner.failures(images, judged(images));
      const shown = failures.slice(0, SHOWN).join('\n');
      assert.equal(failures.length, 0, `${failures.length} of ${count} differ: ${code.name}, seed ${seed}\n${shown}\n`);
    }
  });
}

test('short programs of them agree as well', () => {
  const random = new Random(BigInt(seed));
  const codes = Array.from({ length: programs }, () => floatProgram(random));
  const images = codes.map((bytes) => floatProgramCases(random, bytes));
  const natives = judged(images.flat());
  images.forEach((cases, index) => {
    const failures = runner.failures(cases, natives.splice(0, cases.length));
    const hex = Buffer.from(codes[index]!).toString('hex');
    assert.equal(
      failures.length,
      0,
      `program ${index}, seed ${seed}: ${hex}\n${failures.slice(0, SHOWN).join('\n')}\n`,
    );
  });
});
