// Flags that the manuals leave undefined: the meanings follow one processor, and the host's may be another.

import { forms } from '../../src/isa/catalog.ts';
import { compareAnswers } from '../instructions/compare.ts';
import { generateCase, type Case } from '../instructions/generate-cases.ts';
import { runNative } from '../instructions/native-runner.ts';
import { runInterpreter } from '../instructions/run-interpreter.ts';
import { TestCell } from '../instructions/test-cell.ts';
import { isUsable } from './operations.ts';

const CASES = 24;

/** Mnemonics of which the host's processor leaves other undefined flags: what comes after them would differ. */
export function findOtherwiseUndefined(seed: number): Set<string> {
  const cases: Case[] = [];
  for (const form of forms) {
    if (form.instruction.undefined === undefined || !isUsable(form)) continue;
    for (let index = 0; index < CASES; index++) {
      const made = generateCase(form, seed, index);
      if (made) cases.push(made);
    }
  }
  const natives = runNative(cases.map(({ image }) => image));
  const cell = new TestCell();
  const found = new Set<string>();
  cases.forEach(({ image, variant }, index) => {
    const interpreted = runInterpreter(cell, image);
    const differences = compareAnswers(natives[index]!, interpreted, { codeSize: image.codeSize, undefined: [] });
    if (differences.some(({ field }) => field === 'rflags')) found.add(variant.form.instruction.mnemonic);
  });
  return found;
}
