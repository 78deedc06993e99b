// Runs cases of floating-point code on interpreter and translator, and compares.

import assert from 'node:assert/strict';
import { compareAnswers } from './compare.ts';
import { runInterpreter } from './run-interpreter.ts';
import { runPlaced } from './run-translated.ts';
import type { StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';

const CODES_A_CELL = 100;
const options = { codeSize: 64, undefined: [] } as const;

export class FloatRunner {
  readonly #interpreting = new TestCell();
  #translating = new TestCell(1);
  #translations = 0;

  /** The answers of the regions that the code becomes. */
  #translated(images: readonly StateImage[]): StateImage[] {
    if (++this.#translations % CODES_A_CELL === 0) this.#translating = new TestCell(1);
    const cell = this.#translating;
    const [first] = images as [StateImage];
    const { statistics } = cell.vcpu.translator!;
    const { regions } = statistics;
    cell.load(first);
    // The first time it is interpreted.
    runPlaced(cell, first);
    const answers = images.map((image) => runPlaced(cell, image));
    assert.ok(statistics.regions > regions, 'the code was not translated');
    cell.clear(first);
    return answers;
  }

  /**
   * What differs, a text for each case in which something does.
   * @param images cases of the same code
   * @param natives the processor's answers, as far as there are any
   */
  failures(images: readonly StateImage[], natives: readonly StateImage[]): string[] {
    const interpreted = images.map((image) => runInterpreter(this.#interpreting, image));
    const answers = this.#translated(images);
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
}

function describe(image: StateImage, who: string, other: StateImage, interpreted: StateImage): string | null {
  const differences = compareAnswers(other, interpreted, options);
  if (differences.length === 0) return null;
  const hex = (value: bigint): string => value.toString(16).padStart(32, '0');
  const inputs = `mxcsr ${image.mxcsr.toString(16)} xmm1 ${hex(image.xmm(1))} xmm2 ${hex(image.xmm(2))} rdx ${image.register(2).toString(16)}`;
  return `${inputs}\n${differences.map(({ field, left, right }) => `  ${who}: ${field}: ${left} ≠ ${right}`).join('\n')}`;
}
