import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomVectors, VectorMachine } from './vector-machine.ts';

/** The product of polynomials over GF(2). */
function product(a: bigint, b: bigint): bigint {
  let sum = 0n;
  for (let bit = 0n; bit < 64n; bit++) if ((b >> bit) & 1n) sum ^= a << bit;
  return sum;
}

test('PCLMULQDQ multiplies the halves that its immediate names', () => {
  const machine = new VectorMachine();
  const random = randomVectors(5n);
  const ones = 2n ** 128n - 1n;
  for (const [a, b] of [
    [ones, ones],
    [1n, ones],
    [ones << 127n, ones],
    ...Array.from({ length: 50 }, () => [random(), random()]),
  ]) {
    for (const immediate of [0x00, 0x01, 0x10, 0x11, 0xee]) {
      const first = BigInt.asUintN(64, immediate & 1 ? a! >> 64n : a!);
      const second = BigInt.asUintN(64, immediate & 0x10 ? b! >> 64n : b!);
      const bytes = `66 0f 3a 44 ca ${immediate.toString(16).padStart(2, '0')}`;
      assert.equal(machine.combine(bytes, a!, b!), product(first, second));
    }
  }
});
