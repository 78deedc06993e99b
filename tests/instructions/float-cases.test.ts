// The usual cases of floating-point instructions and their edges, on interpreter, translator and processor: results, MXCSR and
// exceptions bit for bit.
//
//   LODGE_FLOAT_CASES    cases an instruction (400)
//   LODGE_FLOAT_SEED     seed of the random numbers

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../float/operands.ts';
import { compareAnswers } from './compare.ts';
import { type FloatCode, floatCase, floatCodes } from './float-cases.ts';
import { nativeObstacle, runNative } from './native-runner.ts';
import { runInterpreter } from './run-interpreter.ts';
import { runPlaced } from './run-translated.ts';
import type { StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';

const count = Number(process.env['LODGE_FLOAT_CASES'] ?? 400);
const seed = Number(process.env['LODGE_FLOAT_SEED'] ?? 20_240_229);
const SHOWN = 3;
const CODES_A_CELL = 100;
const options = { codeSize: 64, undefined: [] } as const;
const isJudged = nativeObstacle() === null;

const interpreting = new TestCell();
let translating = new TestCell(1);
let codes = 0;

/** The answers of the regions that the code becomes. */
function translated(images: readonly StateImage[]): StateImage[] {
  if (codes++ % CODES_A_CELL === 0) translating = new TestCell(1);
  const [first] = images as [StateImage];
  const { statistics } = translating.vcpu.translator!;
  const { regions } = statistics;
  translating.load(first);
  // The first time it is interpreted.
  runPlaced(translating, first);
  const answers = images.map((image) => runPlaced(translating, image));
  assert.ok(statistics.regions > regions, 'the code was not translated');
  translating.clear(first);
  return answers;
}

function describe(image: StateImage, who: string, other: StateImage, interpreted: StateImage): string | null {
  const differences = compareAnswers(other, interpreted, options);
  if (differences.length === 0) return null;
  const hex = (value: bigint): string => value.toString(16).padStart(32, '0');
  const inputs = `mxcsr ${image.mxcsr.toString(16)} xmm1 ${hex(image.xmm(1))} xmm2 ${hex(image.xmm(2))} rdx ${image.register(2).toString(16)}`;
  return `${inputs}\n${differences.map(({ field, left, right }) => `  ${who}: ${field}: ${left} ≠ ${right}`).join('\n')}`;
}

function failuresOf(code: FloatCode, index: number): string[] {
  const random = new Random(BigInt(seed + index));
  const images = Array.from({ length: count }, () => floatCase(random, code));
  const natives = isJudged ? runNative(images) : [];
  const interpreted = images.map((image) => runInterpreter(interpreting, image));
  const answers = translated(images);
  const failures: string[] = [];
  images.forEach((image, number) => {
    const expected = interpreted[number]!;
    const native = natives[number];
    const found = [
      describe(image, 'translator ≠ interpreter', answers[number]!, expected),
      native ? describe(image, 'processor ≠ interpreter', native, expected) : null,
    ].filter((text) => text !== null);
    if (found.length > 0) failures.push(found.join('\n'));
  });
  return failures;
}

const mnemonics = new Set(floatCodes.map(({ name }) => name.split(' ')[0]!));
for (const mnemonic of mnemonics) {
  const members = floatCodes.filter(({ name }) => name.startsWith(`${mnemonic} `));
  test(`${mnemonic} agrees on interpreter, translator and processor, ${members.length} codes`, () => {
    for (const code of members) {
      const failures = failuresOf(code, floatCodes.indexOf(code));
      const shown = failures.slice(0, SHOWN).join('\n');
      assert.equal(failures.length, 0, `${failures.length} of ${count} differ: ${code.name}, seed ${seed}\n${shown}\n`);
    }
  });
}
