// Random cases of every form: the oracle, the interpreter, the translator and this host's processor must agree on every
// register, flag and byte of memory.
//
//   LODGE_INSTRUCTION_CASES   cases a form (200)
//   LODGE_INSTRUCTION_SEED    seed of the random numbers; a failure prints the one that was used
//   LODGE_INSTRUCTION_FORM    only forms whose mnemonic and text contain this

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forms } from '../../src/isa/catalog.ts';
import type { Form } from '../../src/isa/form.ts';
import { whyNotNative, whyNotTested } from './exclusions.ts';
import { generateCase, type Case } from './generate-cases.ts';
import { hostHas, nativeObstacle, runNative } from './native-runner.ts';
import { Oracle } from './oracle.ts';
import { describeFailure, findDifferences } from './report.ts';
import { runInterpreter } from './run-interpreter.ts';
import { runTranslated } from './run-translated.ts';
import type { StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';
import { nativeOptions } from './tolerances.ts';

const count = Number(process.env['LODGE_INSTRUCTION_CASES'] ?? 200);
const seed = Number(process.env['LODGE_INSTRUCTION_SEED'] ?? 20_240_229);
const filter = process.env['LODGE_INSTRUCTION_FORM'] ?? '';
const obstacle = nativeObstacle();
/** Forms whose cases go to the native runner together. */
const BATCH = 16;
const SHOWN = 10;

/** Regions are only let go with their cell. */
const CASES_A_CELL = 400;

let cell = new TestCell();
let oracle = new Oracle(cell);
let translating = new TestCell(1);
const counts = { cases: 0, translated: 0 };

function attempt(run: () => StateImage): StateImage | Error {
  try {
    return run();
  } catch (error) {
    // Whatever is left of the case must not spoil the next.
    cell = new TestCell();
    oracle = new Oracle(cell);
    translating = new TestCell(1);
    return error as Error;
  }
}

function translated(image: StateImage): StateImage {
  if (++counts.cases % CASES_A_CELL === 0) translating = new TestCell(1);
  const { answer, regions } = runTranslated(translating, image);
  if (regions > 0) counts.translated++;
  return answer;
}

function casesOf(form: Form): Case[] {
  const cases: Case[] = [];
  for (let index = 0; index < count; index++) {
    const made = generateCase(form, seed, index);
    if (made) cases.push(made);
  }
  return cases;
}

function judgeable(form: Form): boolean {
  const { feature } = form.instruction;
  return whyNotNative(form) === null && (feature === undefined || hostHas(feature));
}

/** Runs all cases of some forms; gives descriptions of those on which there is no agreement. */
function failuresOf(batch: readonly Form[]): string[] {
  const cases = batch.flatMap(casesOf);
  const judged = obstacle === null ? cases.filter(({ variant }) => judgeable(variant.form)) : [];
  const natives = new Map(runNative(judged.map(({ image }) => image)).map((answer, index) => [judged[index], answer]));
  return cases.flatMap((made) => {
    const native = natives.get(made) ?? null;
    const interpreter = attempt(() => runInterpreter(cell, made.image));
    const expected = attempt(() => oracle.run(made.image));
    const translator = attempt(() => translated(made.image));
    const answers = { oracle: expected, interpreter, translator, native };
    const found = findDifferences(made, answers, native ? nativeOptions(made) : null);
    return found.length > 0 ? [describeFailure(made, found, seed)] : [];
  });
}

const chosen = forms.filter(
  (form) => whyNotTested(form) === null && `${form.instruction.mnemonic} ${form.text}`.includes(filter),
);
const groups = new Map<string, Form[]>();
for (const form of chosen) {
  const group = form.instruction.feature ?? 'every processor';
  groups.set(group, [...(groups.get(group) ?? []), form]);
}

if (obstacle !== null) test("the host's processor as judge", { skip: obstacle }, () => {});

for (const [group, members] of groups) {
  test(`oracle, interpreter, translator and processor agree: ${group}, ${members.length} forms`, () => {
    const failures: string[] = [];
    for (let at = 0; at < members.length; at += BATCH) failures.push(...failuresOf(members.slice(at, at + BATCH)));
    const shown = failures.slice(0, SHOWN).join('\n\n');
    assert.equal(failures.length, 0, `${failures.length} cases differ; of them:\n\n${shown}\n`);
  });
}

test('nearly all cases are translated', () => {
  // What ends a block may stay interpreted, all else becomes regions.
  assert.ok(counts.translated > counts.cases * 0.75, `only ${counts.translated} of ${counts.cases} cases were`);
});
