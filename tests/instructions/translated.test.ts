// Short random programs on interpreter, translator and the host's processor.
//
//   LODGE_SEQUENCES           random programs (3000)
//   LODGE_INSTRUCTION_SEED    seed of the random numbers

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disassemble } from '../../src/translate/disassemble.ts';
import { compareAnswers } from './compare.ts';
import { generateSequence, type Sequence } from './generate-sequences.ts';
import { nativeObstacle, runNative } from './native-runner.ts';
import { runInterpreter } from './run-interpreter.ts';
import { runTranslated } from './run-translated.ts';
import type { StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';
import { followsFamily19h } from './tolerances.ts';

const programs = Number(process.env['LODGE_SEQUENCES'] ?? 3000);
const seed = Number(process.env['LODGE_INSTRUCTION_SEED'] ?? 20_240_229);
const SHOWN = 10;
/** Regions are only let go with their cell. */
const CASES_A_CELL = 400;
const options = { codeSize: 64, undefined: [] } as const;

/** Gives cells that translate at once, a new one now and then. */
function* translatingCells(): Generator<TestCell, never> {
  for (;;) {
    const cell = new TestCell(1);
    for (let uses = 0; uses < CASES_A_CELL; uses++) yield cell;
  }
}

function describeSequence(
  { image, instructions }: Sequence,
  index: number,
  who: string,
  changes: readonly string[],
): string {
  let at = image.rip;
  const lines = instructions.map((bytes) => {
    const { text } = disassemble(Uint8Array.from(bytes), 0, 64, at);
    const line = `    ${at.toString(16)}  ${Buffer.from(bytes).toString('hex').padEnd(30)}  ${text}`;
    at += BigInt(bytes.length);
    return line;
  });
  return [
    `program ${index}, seed ${seed}`,
    ...lines,
    `    ${who}:`,
    ...changes.map((change) => `      ${change}`),
  ].join('\n');
}

function changesBetween(left: StateImage, right: StateImage): string[] {
  return compareAnswers(left, right, options).map(({ field, left: a, right: b }) => `${field}: ${a} ≠ ${b}`);
}

test('short programs give the same on interpreter, translator and processor', () => {
  const sequences = Array.from({ length: programs }, (_, index) => generateSequence(seed, index));
  const isJudged = nativeObstacle() === null && followsFamily19h();
  const natives = isJudged ? runNative(sequences.map(({ image }) => image)) : [];
  const cells = translatingCells();
  const plain = new TestCell();
  const failures: string[] = [];
  sequences.forEach((sequence, index) => {
    const { image } = sequence;
    const interpreted = runInterpreter(plain, image);
    const { answer, regions } = runTranslated(cells.next().value, image);
    assert.ok(regions > 0, `program ${index} was not translated`);
    const native = natives[index];
    const pairs: [string, StateImage | undefined][] = [
      ['translator ≠ interpreter', answer],
      ['processor ≠ interpreter', native],
    ];
    for (const [who, other] of pairs) {
      const changes = other ? changesBetween(other, interpreted) : [];
      if (changes.length > 0) failures.push(describeSequence(sequence, index, who, changes));
    }
  });
  assert.equal(
    failures.length,
    0,
    `${failures.length} programs differ; of them:\n\n${failures.slice(0, SHOWN).join('\n\n')}\n`,
  );
});
