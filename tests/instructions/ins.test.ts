// The chosen cases of the .ins files beside this one: on the oracle, the interpreter, the translator and the host's processor.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { disassemble } from '../../src/translate/disassemble.ts';
import { compareAnswers } from './compare.ts';
import { parseInsFile, type InsCase } from './ins-file.ts';
import { nativeObstacle, runNative } from './native-runner.ts';
import { Oracle } from './oracle.ts';
import { runInterpreter } from './run-interpreter.ts';
import { runTranslated } from './run-translated.ts';
import type { StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';
import { followsFamily19h } from './tolerances.ts';

const folder = join(import.meta.dirname, '../../../../tests/instructions');
/** Undefined flags are among the outputs as the processors have them that the meanings follow. */
const isJudged = nativeObstacle() === null && followsFamily19h();

function check(who: string, { line, image, expected, undefined: anything }: InsCase, answer: StateImage): void {
  const found = compareAnswers(expected, answer, { codeSize: image.codeSize, undefined: anything });
  const text = found.map(({ field, left, right }) => `${field}: ${left} expected, not ${right}`).join('\n');
  assert.equal(found.length, 0, `${who} of ${line}\n${text}`);
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.ins'))) {
  const cases = parseInsFile(readFileSync(join(folder, file), 'utf8'), file);
  test(`${file}: ${cases.length} cases`, () => {
    const cell = new TestCell();
    const oracle = new Oracle(cell);
    const translating = new TestCell(1);
    const natives = isJudged ? runNative(cases.map(({ image }) => image)) : [];
    cases.forEach((chosen, index) => {
      const { image, disassembly, line } = chosen;
      const { text } = disassemble(image.instruction, 0, image.codeSize, image.rip);
      assert.equal(text, disassembly, line);
      check('the interpreter', chosen, runInterpreter(cell, image));
      // The oracle reads meanings, of which these have none.
      if (disassembly !== '(bad)') check('the oracle', chosen, oracle.run(image));
      check('the translator', chosen, runTranslated(translating, image).answer);
      const native = natives[index];
      if (native) check('the processor', chosen, native);
    });
  });
}

test('a line that is not understood is named', () => {
  assert.throws(() => parseInsFile('\n10008000 90 | nop | rax=', 'x.ins'), /x\.ins, line 2: there is no =>/);
  assert.throws(() => parseInsFile('10008000 90 | nop | foo=1 =>', 'x.ins'), /x\.ins, line 1: there is no field foo/);
});
