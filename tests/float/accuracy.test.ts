// The transcendental instructions against bigint arithmetic of 400 bits: in every rounding mode the
// result lies within the rounding error plus a thousandth of a unit in the last place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerSize, buildCore, caseSize } from './build.ts';
import { Random } from './operands.ts';
import { transcendentalOperations } from './transcendental-operations.ts';
import { arctangent2, cosine, exponentialMinus1, fractionBits, ln2, log2OfOnePlus, one, sine } from './reference.ts';

const cases = Number(process.env['LODGE_FLOAT_ACCURACY_CASES'] ?? 150);
const seed = BigInt(process.env['LODGE_FLOAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const core = buildCore('accuracy', transcendentalOperations);

interface Extended {
  readonly significand: bigint;
  readonly signExponent: number;
}

/** A number with an exponent from lowest to highest, often with a short or nearly full significand. */
function extended(random: Random, lowest: number, highest: number, positive = false): Extended {
  const kind = random.below(4);
  const cut = BigInt(random.below(63));
  let significand = random.next();
  if (kind === 0) significand = (significand >> cut) << cut;
  if (kind === 1) significand |= (1n << cut) - 1n;
  const exponent = lowest + random.below(highest - lowest + 1);
  return {
    significand: significand | (1n << 63n),
    signExponent: (positive ? 0 : random.below(2) << 15) | (exponent + 16383),
  };
}

/** A number one step of some size away from one. */
function nearOne(random: Random): Extended {
  const step = 1n << BigInt(random.below(62));
  return random.below(2) === 0
    ? { significand: (1n << 63n) + step, signExponent: 16383 }
    : { significand: (1n << 64n) - step, signExponent: 16382 };
}

/** The number in fixed point; it must not have bits below 2^-fractionBits. */
function fixed({ significand, signExponent }: Extended): bigint {
  const shift = BigInt((signExponent & 0x7fff) - 16383 - 63) + fractionBits;
  const magnitude = shift < 0n ? significand >> -shift : significand << shift;
  return signExponent >> 15 ? -magnitude : magnitude;
}

const product = (a: bigint, b: bigint): bigint => (a * b) >> fractionBits;

interface Function {
  readonly a: (random: Random) => Extended;
  readonly b?: (random: Random) => Extended;
  /** The first and, where there are two, the second result. */
  readonly expected: (a: Extended, b: Extended) => readonly bigint[];
}

const angle = (random: Random): Extended => extended(random, random.pick([-40, -3]), random.pick([2, 62]));
const factor = (random: Random): Extended => extended(random, -20, 20);
const functions: Readonly<Record<string, Function>> = {
  f80Sin: { a: angle, expected: (a) => [sine(fixed(a))] },
  f80Cos: { a: angle, expected: (a) => [cosine(fixed(a))] },
  f80SinCos: { a: angle, expected: (a) => [cosine(fixed(a)), sine(fixed(a))] },
  f80Tan: { a: angle, expected: (a) => [one, (sine(fixed(a)) << fractionBits) / cosine(fixed(a))] },
  f80Exp2Minus1: {
    a: (random) => extended(random, random.pick([-70, -4]), -1),
    expected: (a) => [exponentialMinus1(product(fixed(a), ln2))],
  },
  f80Atan2: {
    a: (random) => extended(random, -30, 30),
    b: (random) => extended(random, -30, 30),
    expected: (a, b) => [arctangent2(fixed(b), fixed(a))],
  },
  f80Log2: {
    a: (random) => (random.below(2) === 0 ? nearOne(random) : extended(random, -40, 40, true)),
    b: factor,
    expected: (a, b) => [product(log2OfOnePlus(fixed(a) - one), fixed(b))],
  },
  f80Log2Plus1: {
    a: (random) =>
      random.below(4) === 0 ? extended(random, -1, 20, true) : extended(random, random.pick([-70, -4]), -2),
    b: factor,
    expected: (a, b) => [product(log2OfOnePlus(fixed(a)), fixed(b))],
  },
};

/** Checks one result; `rounding` is RC. */
function check(actual: Extended, expected: bigint, rounding: number, what: string): void {
  if (actual.significand === 0n) {
    assert.equal(expected, 0n, what);
    return;
  }
  const ulp = fixed({ significand: 1n, signExponent: actual.signExponent & 0x7fff });
  const error = fixed(actual) - expected;
  const slack = ulp / 1000n;
  const below = rounding === 1 || (rounding === 3 && expected > 0n);
  const above = rounding === 2 || (rounding === 3 && expected < 0n);
  const lowest = above ? -slack : below ? -ulp - slack : -ulp / 2n - slack;
  const highest = below ? slack : above ? ulp + slack : ulp / 2n + slack;
  assert.ok(
    error >= lowest && error <= highest,
    `${what}: off by ${Number((error * 1000n) / ulp) / 1000} units, LODGE_FLOAT_SEED=${seed}`,
  );
}

for (const [index, operation] of transcendentalOperations.entries()) {
  test(`${operation.name} is right in every rounding mode`, () => {
    const random = new Random(seed + BigInt(index));
    const { a: makeA, b: makeB, expected } = functions[operation.name]!;
    const input = new Uint8Array(cases * caseSize);
    const view = new DataView(input.buffer);
    const operands: { a: Extended; b: Extended; rounding: number }[] = [];
    for (let base = 0; base < input.length; base += caseSize) {
      const a = makeA(random);
      const b = makeB === undefined ? a : makeB(random);
      const rounding = random.below(4);
      operands.push({ a, b, rounding });
      view.setUint32(base, index, true);
      view.setUint32(base + 4, 0x33f | (rounding << 10), true);
      for (const [offset, value] of [
        [16, a],
        [32, b],
      ] as const) {
        view.setBigUint64(base + offset, value.significand, true);
        view.setUint16(base + offset + 8, value.signExponent, true);
      }
    }
    const output = core(input);
    const answers = new DataView(output.buffer);
    for (const [number, { a, b, rounding }] of operands.entries()) {
      for (const [place, value] of expected(a, b).entries()) {
        const offset = number * answerSize + place * 16;
        const actual = {
          significand: answers.getBigUint64(offset, true),
          signExponent: answers.getUint16(offset + 8, true),
        };
        const show = ({ significand, signExponent }: Extended): string =>
          `${signExponent.toString(16)}:${significand.toString(16)}`;
        check(
          actual,
          value,
          rounding,
          `${operation.name}(${show(a)}, ${show(b)}) result ${place}, rounding ${rounding}`,
        );
      }
    }
  });
}
