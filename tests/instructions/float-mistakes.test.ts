// Numbers that are known to be ordinary are not tested again (src/translate/float/ordinary-values.ts). Here are mistakes in what
// is taken for known, which short programs must notice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DOUBLE,
  DOUBLES,
  OrdinaryValues,
  SINGLE,
  SINGLES,
  type OrdinaryRegisters,
} from '../../src/translate/float/ordinary-values.ts';
import { packedArithmetic } from '../../src/translate/float/packed-arithmetic.ts';
import { scalarArithmetic } from '../../src/translate/float/scalar-arithmetic.ts';
import type { UsualCase } from '../../src/translate/float/usual-case.ts';
import { Random } from '../float/operands.ts';
import { floatProgram, floatProgramCases } from './float-cases.ts';
import { FloatRunner } from './run-float-cases.ts';

const SEED = 20_240_229n;
const MOST = 4000;

/** Whether a program shows that something is wrong. */
function isNoticed(): boolean {
  const runner = new FloatRunner();
  const random = new Random(SEED);
  for (let index = 0; index < MOST; index++) {
    if (runner.failures(floatProgramCases(random, floatProgram(random)), []).length > 0) return true;
  }
  return false;
}

/** Runs with some properties of an object replaced. */
function withChange<T extends object, R>(object: T, change: Partial<T>, run: () => R): R {
  const originals = Object.getOwnPropertyDescriptors(object);
  try {
    Object.assign(object, change);
    return run();
  } finally {
    Object.defineProperties(object, originals);
  }
}

const values = OrdinaryValues.prototype;
const { learn, write, of } = values;
const union = (one: OrdinaryRegisters, other: OrdinaryRegisters): OrdinaryRegisters =>
  new Map([...one.keys(), ...other.keys()].map((key) => [key, (one.get(key) ?? 0) | (other.get(key) ?? 0)]));
/** Nobody looks whether what the core computed is ordinary. */
const unchecked = (elements: number): Partial<UsualCase> => ({ makes: { elements, check: () => {} } });
const changeOf = (usual: UsualCase, change: Partial<UsualCase>) => (): boolean => withChange(usual, change, isNoticed);
const changeOfValues = (change: Partial<OrdinaryValues>) => (): boolean => withChange(values, change, isNoticed);

const mistakes: Readonly<Record<string, () => boolean>> = {
  'what is learnt of one element counts for all': changeOfValues({
    learn(this: OrdinaryValues, node) {
      learn.call(this, node, DOUBLES | SINGLES);
    },
  }),
  'what was known of a register stays known when it is written': changeOfValues({
    write(this: OrdinaryValues, ...written) {
      const before = this.registers;
      write.call(this, ...written);
      this.registers = union(before, this.registers);
    },
  }),
  'an ordinary binary32 number counts as an ordinary binary64 number': changeOfValues({
    of(this: OrdinaryValues, node) {
      const known = of.call(this, node);
      return known & SINGLE ? known | DOUBLE : known;
    },
  }),
  'any quotient counts as ordinary': changeOf(scalarArithmetic.divideScalarDouble, unchecked(DOUBLE)),
  'any vector of quotients counts as ordinary': changeOf(packedArithmetic.dividePackedDouble, unchecked(DOUBLES)),
  'any minimum counts as ordinary': changeOf(scalarArithmetic.minimumScalarDouble, unchecked(DOUBLE)),
};

for (const [mistake, isSeen] of Object.entries(mistakes)) {
  test(`it is noticed when ${mistake}`, () => assert.ok(isSeen()));
}
