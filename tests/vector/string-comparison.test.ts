import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomVectors, VectorMachine } from './vector-machine.ts';

const machine = new VectorMachine();

interface Expected {
  readonly index: number;
  readonly mask: bigint;
  readonly flags: number;
}

/** SDM vol. 2 section 4.1 as it is written: the matrix of all comparisons, then the aggregation, then the polarity. */
function reference(a: bigint, b: bigint, lengthA: number, lengthB: number, control: number): Expected {
  const bits = control & 1 ? 16 : 8;
  const elements = 128 / bits;
  const element = (value: bigint, index: number): bigint => {
    const raw = BigInt.asUintN(bits, value >> BigInt(bits * index));
    return control & 2 ? BigInt.asIntN(bits, raw) : raw;
  };
  const all = Array.from({ length: elements }, (_, index) => index);
  const aggregate = [
    (j: number) => all.some((i) => i < lengthA && j < lengthB && element(a, i) === element(b, j)),
    (j: number) =>
      all.some((i) => {
        if (i % 2 === 1 || i + 1 >= lengthA || j >= lengthB) return false;
        return element(a, i) <= element(b, j) && element(b, j) <= element(a, i + 1);
      }),
    (j: number) => (j < lengthA && j < lengthB ? element(a, j) === element(b, j) : j >= lengthA && j >= lengthB),
    (j: number) =>
      all.every((i) => i >= lengthA || i + j >= elements || (i + j < lengthB && element(a, i) === element(b, i + j))),
  ][(control >> 2) & 3]!;
  const result = all.map((j) => {
    const negated = (control & 0x10) !== 0 && ((control & 0x20) === 0 || j < lengthB);
    return aggregate(j) !== negated;
  });
  const found = control & 0x40 ? result.lastIndexOf(true) : result.indexOf(true);
  const one = control & 0x40 ? (1n << BigInt(bits)) - 1n : 1n;
  const step = control & 0x40 ? bits : 1;
  const mask = all.reduce((sum, j) => (result[j] ? sum | (one << BigInt(step * j)) : sum), 0n);
  const flags =
    (found >= 0 ? 1 : 0) | (lengthB < elements ? 0x40 : 0) | (lengthA < elements ? 0x80 : 0) | (result[0] ? 0x800 : 0);
  return { index: found < 0 ? elements : found, mask, flags };
}

/** Elements before the first zero. */
function implicitLength(value: bigint, control: number): number {
  const bits = control & 1 ? 16 : 8;
  let length = 0;
  while (length < 128 / bits && BigInt.asUintN(bits, value >> BigInt(bits * length)) !== 0n) length++;
  return length;
}

const random = randomVectors(11n);
/** Few distinct elements, so that there are matches and zeros. */
const text = (): bigint => {
  const kind = random() % 4n;
  if (kind === 0n) return random();
  const few = kind === 1n ? 0x03030303030303030303030303030303n : 0x00010081000100810001008100010081n;
  return random() & few;
};

test('every control byte: implicit lengths', () => {
  for (let control = 0; control < 0x80; control++) {
    for (let round = 0; round < 12; round++) {
      const [a, b] = [text(), text()];
      const expected = reference(a, b, implicitLength(a, control), implicitLength(b, control), control);
      const immediate = control.toString(16).padStart(2, '0');
      machine.combine(`66 0f 3a 63 ca ${immediate}`, a, b);
      assert.equal(Number(machine.register(1)), expected.index, `index of ${immediate}`);
      assert.equal(machine.arithmeticFlags, expected.flags, `flags of ${immediate}`);
      machine.combine(`66 0f 3a 62 ca ${immediate}`, a, b);
      assert.equal(machine.xmm(0), expected.mask, `mask of ${immediate}`);
    }
  }
});

test('every control byte: lengths in registers, their magnitudes cut to the vector', () => {
  for (let control = 0; control < 0x80; control++) {
    for (let round = 0; round < 12; round++) {
      const [a, b] = [text(), text()];
      const lengths = [random(), random()].map((value) => BigInt.asIntN(64, value) % 20n) as [bigint, bigint];
      const wide = round % 2 === 1;
      // Without REX.W the high halves of RAX and RDX do not count.
      const noise = wide ? 0n : random() << 32n;
      machine.setRegister(0, wide ? lengths[0] : noise | BigInt.asUintN(32, lengths[0]));
      machine.setRegister(2, wide ? lengths[1] : noise | BigInt.asUintN(32, lengths[1]));
      const cut = (length: bigint): number => Math.min(Math.abs(Number(length)), control & 1 ? 8 : 16);
      const expected = reference(a, b, cut(lengths[0]), cut(lengths[1]), control);
      const immediate = control.toString(16).padStart(2, '0');
      const rex = wide ? '48 ' : '';
      machine.combine(`66 ${rex}0f 3a 61 ca ${immediate}`, a, b);
      assert.equal(Number(machine.register(1)), expected.index, `index of ${immediate}`);
      assert.equal(machine.arithmeticFlags, expected.flags, `flags of ${immediate}`);
      machine.combine(`66 ${rex}0f 3a 60 ca ${immediate}`, a, b);
      assert.equal(machine.xmm(0), expected.mask, `mask of ${immediate}`);
    }
  }
});

test('the least 32-bit length has the magnitude of a whole vector', () => {
  machine.setRegister(0, 0x80000000n);
  machine.setRegister(2, 0x80000000n);
  machine.combine('66 0f 3a 61 ca 08', 0n, 0n);
  assert.equal(machine.register(1), 0n);
  assert.equal(machine.arithmeticFlags, 0x801);
});
