// The instruction that docs/instructions-adding.md adds, between the two lines of dashes, and the page's promises about it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Form } from '../../src/isa/form.ts';
import { forms, instructions } from '../../src/isa/catalog.ts';
// ----
import type { AbstractMachine, Operand } from '../../src/isa/abstract-machine.ts';
import { instruction, type Instruction } from '../../src/isa/instruction.ts';

/** Unsigned addition that stays at the largest number when the sum does not fit. */
function saturatingAddition(m: AbstractMachine, destination: Operand, source: Operand): void {
  const a = m.read(destination);
  const sum = m.add(a, m.read(source));
  const carried = m.ltu(sum, a);
  m.write(destination, m.select(carried, m.constant(-1, sum.bits), sum));
  m.setFlag('CF', carried);
}

export const addus = instruction({
  mnemonic: 'addus',
  forms: ['0f 38 c0 /r Gv Ev', '0f 38 c1 /r Gb Eb'],
  manual: 'an example, in no manual',
  meaning: saturatingAddition,
});
// ----

// The line in the catalog. What is derived from it is made when the modules below are loaded, so they come after it.
(instructions as Instruction[]).push(addus);
(forms as Form[]).push(...addus.forms);
const { buildInterpreter } = await import('../../src/translate/interpreter-module.ts');
const { disassemble } = await import('../../src/translate/disassemble.ts');
const { compareAnswers } = await import('./compare.ts');
const { generateCase } = await import('./generate-cases.ts');
const { parseInsFile } = await import('./ins-file.ts');
const { Oracle } = await import('./oracle.ts');
const { runInterpreter } = await import('./run-interpreter.ts');
const { runTranslated } = await import('./run-translated.ts');
const { TestCell } = await import('./test-cell.ts');

const root = join(import.meta.dirname, '../../../..');
const page = readFileSync(join(root, 'docs/instructions-adding.md'), 'utf8');
const blocks = [...page.matchAll(/^ *```(\w+)\n(.*?)^ *```$/gms)].map(([, language, text = '']) => ({
  language,
  text,
}));
const interpreter = new WebAssembly.Module(buildInterpreter({ names: false }));

test('the page shows this declaration', () => {
  const [, declared] = readFileSync(join(root, 'tests/instructions/adding-an-instruction.test.ts'), 'utf8').split(
    '// ----\n',
  );
  const shown = blocks.find(({ language }) => language === 'ts')?.text;
  assert.equal(shown, declared?.replaceAll('../../src/isa/', '../').replace(', type Instruction', ''));
});

test('the chosen cases of the page hold on the oracle and the interpreter, and in the disassembler', () => {
  const cases = parseInsFile(blocks.find(({ language }) => language === 'ins')?.text ?? '', 'the page');
  assert.ok(cases.length > 3);
  const cell = new TestCell(null, interpreter);
  const oracle = new Oracle(cell);
  for (const { line, image, expected, disassembly } of cases) {
    assert.equal(disassemble(image.instruction, 0, image.codeSize, image.rip).text, disassembly, line);
    const options = { codeSize: image.codeSize, undefined: [] };
    assert.deepEqual(compareAnswers(expected, oracle.run(image), options), [], line);
    assert.deepEqual(compareAnswers(expected, runInterpreter(cell, image), options), [], line);
  }
});

test('random cases of every form agree, without a word about the new instruction in the tests', () => {
  const cell = new TestCell(null, interpreter);
  const translating = new TestCell(1, interpreter);
  const oracle = new Oracle(cell);
  let count = 0;
  let translated = 0;
  for (const form of addus.forms) {
    for (let index = 0; index < 100; index++) {
      const made = generateCase(form, 1, index);
      if (!made) continue;
      const options = { codeSize: made.image.codeSize, undefined: [] };
      const expected = oracle.run(made.image);
      const { answer, regions } = runTranslated(translating, made.image);
      assert.deepEqual(compareAnswers(expected, runInterpreter(cell, made.image), options), []);
      assert.deepEqual(compareAnswers(expected, answer, options), []);
      if (regions > 0) translated++;
      count++;
    }
  }
  assert.ok(count > 100 && translated > 100);
});
