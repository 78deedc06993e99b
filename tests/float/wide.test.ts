// The core's 128-bit integer arithmetic against bigint.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCore } from './build.ts';
import { Random } from './operands.ts';

const seed = BigInt(process.env['LODGE_FLOAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const cases = 20_000;
const random = new Random(seed);
const hint = `LODGE_FLOAT_SEED=${seed}`;

type Binary = (a: bigint, b: bigint) => bigint;
type Ternary = (high: bigint, low: bigint, third: bigint) => bigint;
type Shift = (high: bigint, low: bigint, count: number) => bigint;

const core = compileCore(
  'wide',
  `export { mulHighUnsigned, mulHighSigned, divide128, divide128Signed, shiftLeft128, shiftRight128 };
   export function remainder(): u64 { return wideRemainder; }
   export function high(): u64 { return wideHigh; }
   export function overflow(): u32 { return wideOverflow; }`,
) as unknown as {
  mulHighUnsigned: Binary;
  mulHighSigned: Binary;
  divide128: Ternary;
  divide128Signed: Ternary;
  shiftLeft128: Shift;
  shiftRight128: Shift;
  remainder(): bigint;
  high(): bigint;
  overflow(): number;
};

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const signed = (value: bigint): bigint => BigInt.asIntN(64, value);

/** A word that is often short, nearly all ones, a power of two, or near the middle. */
function word(): bigint {
  const any = random.next();
  switch (random.below(8)) {
    case 0:
      return any >> BigInt(random.below(64));
    case 1:
      return unsigned(~(any >> BigInt(random.below(64))));
    case 2:
      return 1n << BigInt(random.below(64));
    case 3:
      return unsigned((1n << 63n) + BigInt(random.below(5) - 2));
    default:
      return any;
  }
}

test('the high halves of products are right', () => {
  for (let index = 0; index < cases; index++) {
    const a = word();
    const b = word();
    assert.equal(unsigned(core.mulHighUnsigned(a, b)), (a * b) >> 64n, `${a} * ${b}, ${hint}`);
    const product = signed(a) * signed(b);
    assert.equal(signed(core.mulHighSigned(a, b)), product >> 64n, `${signed(a)} * ${signed(b)}, ${hint}`);
  }
});

test('unsigned division gives quotient and remainder', () => {
  for (let index = 0; index < cases; index++) {
    const divisor = word() || 1n;
    const high = word() % divisor;
    const low = word();
    const dividend = (high << 64n) | low;
    const what = `${dividend} / ${divisor}, ${hint}`;
    assert.equal(unsigned(core.divide128(high, low, divisor)), dividend / divisor, what);
    assert.equal(unsigned(core.remainder()), dividend % divisor, what);
  }
});

test('signed division truncates and tells what does not fit', () => {
  for (let index = 0; index < cases; index++) {
    const divisor = signed(word());
    const low = word();
    // Half of the dividends give quotients near the ends of the range.
    const near = (divisor * signed((1n << 63n) + BigInt(random.below(5) - 2)) + BigInt(random.below(9) - 4)) >> 64n;
    const high = random.below(2) === 0 ? signed(near) : signed(word()) >> BigInt(random.below(64));
    const dividend = (high << 64n) | low;
    const what = `${dividend} / ${divisor}, ${hint}`;
    const quotient = signed(core.divide128Signed(high, low, divisor));
    const fits = divisor !== 0n && signed(dividend / divisor) === dividend / divisor;
    assert.equal(core.overflow() === 0, fits, what);
    if (!fits) continue;
    assert.equal(quotient, dividend / divisor, what);
    assert.equal(signed(core.remainder()), dividend % divisor, what);
  }
});

test('shifts move bits between the halves', () => {
  for (let index = 0; index < cases; index++) {
    const high = word();
    const low = word();
    const count = random.below(128);
    const value = (high << 64n) | low;
    const left = BigInt.asUintN(128, value << BigInt(count));
    const right = value >> BigInt(count);
    assert.equal(unsigned(core.shiftLeft128(high, low, count)), unsigned(left), hint);
    assert.equal(unsigned(core.high()), left >> 64n, hint);
    assert.equal(unsigned(core.shiftRight128(high, low, count)), unsigned(right), hint);
    assert.equal(unsigned(core.high()), right >> 64n, hint);
  }
});
