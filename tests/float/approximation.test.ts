// RCPSS and RSQRTSS: within the manual's relative error, and its table of special operands.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCore } from './build.ts';
import { Random } from './operands.ts';

const seed = BigInt(process.env['LODGE_FLOAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const core = compileCore('approximation', 'export { f32Reciprocal, f32ReciprocalSqrt };') as unknown as {
  f32Reciprocal(a: number): number;
  f32ReciprocalSqrt(a: number): number;
};

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

function toFloat(bits: number): number {
  words[0] = bits;
  return floats[0]!;
}

const functions = {
  f32Reciprocal: (value: number) => 1 / value,
  f32ReciprocalSqrt: (value: number) => 1 / Math.sqrt(value),
};

for (const [name, exact] of Object.entries(functions)) {
  test(`${name} stays within 1.5 * 2^-12`, () => {
    const random = new Random(seed);
    for (let index = 0; index < 50_000; index++) {
      // Normal, and with a reciprocal that is normal.
      const bits = (1 + random.below(0xfc)) * 0x800000 + random.below(0x800000);
      const expected = exact(toFloat(bits));
      const actual = toFloat(core[name as keyof typeof functions](bits));
      const error = Math.abs(actual - expected) / expected;
      assert.ok(error <= 1.5 * 2 ** -12, `${name}(${bits.toString(16)}) is off by ${error}, LODGE_FLOAT_SEED=${seed}`);
    }
  });
}

test('special operands give what the manual says', () => {
  const table: readonly (readonly [bits: number, reciprocal: number, reciprocalSqrt: number])[] = [
    [0x00000000, 0x7f800000, 0x7f800000],
    [0x80000000, 0xff800000, 0xff800000],
    [0x007fffff, 0x7f800000, 0x7f800000],
    [0x807fffff, 0xff800000, 0xff800000],
    [0x7f800000, 0x00000000, 0x00000000],
    [0xff800000, 0x80000000, 0xffc00000],
    [0xbf800000, 0xbf800000, 0xffc00000],
    [0x7f000000, 0x00000000, 0x1fb50800],
    [0x7fa00000, 0x7fe00000, 0x7fe00000],
    [0xffc12345, 0xffc12345, 0xffc12345],
  ];
  for (const [bits, reciprocal, reciprocalSqrt] of table) {
    assert.equal(core.f32Reciprocal(bits) >>> 0, reciprocal, `1 / ${bits.toString(16)}`);
    assert.equal(core.f32ReciprocalSqrt(bits) >>> 0, reciprocalSqrt, `1 / sqrt ${bits.toString(16)}`);
  }
});
