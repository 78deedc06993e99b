// The usual cases of floating-point instructions and their edges, on interpreter, translator and processor: results, MXCSR and
// exceptions bit for bit.
//
//   LODGE_FLOAT_CASES    cases an instruction (400)
//   LODGE_FLOAT_PROGRAMS programs of several of them (300)
//   LODGE_FLOAT_SEED     seed of the random numbers

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../float/operands.ts';
import { compareAnswers } from './compare.ts';
import { floatCase, floatCodes, floatProgram } from './float-cases.ts';
import { nativeObstacle, runNative } from './native-runner.ts';
import { runInterpreter } from './run-interpreter.ts';
import { runPlaced } from './run-translated.ts';
import type { StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';

const count = Number(process.env['LODGE_FLOAT_CASES'] ?? 400);
const seed = Number(process.env['LODGE_FLOAT_SEED'] ?? 20_240_229);
const programs = Number(process.env['LODGE_FLOAT_PROGRAMS'] ?? 300);
/** Cases of a program in which hardly anything is out of the ordinary, and others. */
const CALM_CASES = 20;
const OTHER_CASES = 10;
const SHOWN = 3;
const NOP = 0x90;
const CODES_A_CELL = 100;
const options = { codeSize: 64, undefined: [] } as const;
const isJudged = nativeObstacle() === null;

const interpreting = new TestCell();
let translating = new TestCell(1);
let translations = 0;

/** The answers of the regions that the code becomes. */
function translated(images: readonly StateImage[]): StateImage[] {
  if (translations++ % CODES_A_CELL === 0) translating = new TestCell(1);
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

function failuresOf(images: readonly StateImage[], natives: readonly StateImage[]): string[] {
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
      const failures = failuresOf(images, judged(images));
      const shown = failures.slice(0, SHOWN).join('\n');
      assert.equal(failures.length, 0, `${failures.length} of ${count} differ: ${code.name}, seed ${seed}\n${shown}\n`);
    }
  });
}

test('short programs of them agree as well', () => {
  const random = new Random(BigInt(seed));
  const codes = Array.from({ length: programs }, () => floatProgram(random));
  const images = codes.map((bytes) =>
    Array.from({ length: CALM_CASES + OTHER_CASES }, (_, number) => floatCase(random, bytes, number < CALM_CASES)),
  );
  const natives = judged(images.flat());
  images.forEach((cases, index) => {
    const failures = failuresOf(cases, natives.splice(0, cases.length));
    const hex = Buffer.from(codes[index]!).toString('hex');
    assert.equal(
      failures.length,
      0,
      `program ${index}, seed ${seed}: ${hex}\n${failures.slice(0, SHOWN).join('\n')}\n`,
    );
  });
});
