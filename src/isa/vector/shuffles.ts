// Shuffles. The immediate is known only when the instruction runs, so it is spread into the indices of a byte swizzle:
// every lane multiplies it so that its own two bits come to stand at the same place. SDM vol. 2 "PSHUFD", "SHUFPS", "PSHUFB", …

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction, type Feature, type Instruction } from '../instruction.ts';
import { everyLane, laneConstant } from './lane-constants.ts';
import { inMmx, mmxPacked, readVector, ssePacked, writeVector } from './packed-forms.ts';

const SELECTOR = 6;

/**
 * Byte indices, a word of two at a time. Word `i` takes the two bits of `order` at position 6 - log2(factors[i]), times
 * `step` (both bytes), plus first[i]; a factor of 0 takes no bits.
 */
function spread(
  m: AbstractMachine,
  order: Value,
  factors: readonly number[],
  step: number,
  first: readonly number[],
): Value {
  const copies = m.vector('i16x8Splat', m.zeroExtend(order, 32));
  const shifted = m.vector(
    'i16x8ShrU',
    m.vector('i16x8Mul', copies, laneConstant(m, ...factors)),
    m.constant(SELECTOR, 32),
  );
  const fields = m.vector('v128And', shifted, everyLane(m, 16, 3));
  const bytes = m.vector('i16x8Mul', fields, everyLane(m, 16, step));
  return m.vector('i16x8Add', bytes, laneConstant(m, ...first));
}

const wordIndices = [0x0100, 0x0302, 0x0504, 0x0706, 0x0908, 0x0b0a, 0x0d0c, 0x0f0e];

/** Indices that put doubleword (order >> 2i) & 3 at place i. */
export function doublewordIndices(m: AbstractMachine, order: Value): Value {
  const first = [0x0100, 0x0302, 0x0100, 0x0302, 0x0100, 0x0302, 0x0100, 0x0302];
  return spread(m, order, [64, 64, 16, 16, 4, 4, 1, 1], 0x0404, first);
}

function lowWordIndices(m: AbstractMachine, order: Value): Value {
  const first = [0x0100, 0x0100, 0x0100, 0x0100, ...wordIndices.slice(4)];
  return spread(m, order, [64, 16, 4, 1, 0, 0, 0, 0], 0x0202, first);
}

function highWordIndices(m: AbstractMachine, order: Value): Value {
  const first = [...wordIndices.slice(0, 4), 0x0908, 0x0908, 0x0908, 0x0908];
  return spread(m, order, [0, 0, 0, 0, 64, 16, 4, 1], 0x0202, first);
}

function byImmediate(
  mnemonic: string,
  form: string,
  feature: Feature,
  indices: (m: AbstractMachine, order: Value) => Value,
): Instruction {
  const meaning = (m: AbstractMachine, destination: Operand, source: Operand, order: Operand): void => {
    const value = readVector(m, source);
    writeVector(m, destination, m.vector('i8x16Swizzle', value, indices(m, m.read(order))));
  };
  const manual = `SDM 2 "${mnemonic.toUpperCase()}"`;
  return instruction({
    mnemonic,
    forms: [form],
    manual,
    feature,
    meaning: form.includes('Q') ? inMmx(meaning) : meaning,
  });
}

export const integerShuffles = [
  byImmediate('pshufw', 'np 0f 70 /r Pq Qq Ib', 'sse', lowWordIndices),
  byImmediate('pshufd', '66 0f 70 /r Vx Wx Ib [aligned]', 'sse2', doublewordIndices),
  byImmediate('pshufhw', 'f3 0f 70 /r Vx Wx Ib [aligned]', 'sse2', highWordIndices),
  byImmediate('pshuflw', 'f2 0f 70 /r Vx Wx Ib [aligned]', 'sse2', lowWordIndices),
];

export const shufps = instruction({
  mnemonic: 'shufps',
  forms: ['np 0f c6 /r Vx Wx Ib [aligned]'],
  manual: 'SDM 2 "SHUFPS"',
  feature: 'sse',
  meaning: (m, destination, source, order) => {
    const b = m.read(source);
    const a = m.read(destination);
    const indices = doublewordIndices(m, m.read(order));
    const low = m.vector('i8x16Swizzle', a, indices);
    const high = m.vector('i8x16Swizzle', b, indices);
    m.write(destination, m.shuffle(low, high, [0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31]));
  },
});

export const shufpd = instruction({
  mnemonic: 'shufpd',
  forms: ['66 0f c6 /r Vx Wx Ib [aligned]'],
  manual: 'SDM 2 "SHUFPD"',
  feature: 'sse2',
  meaning: (m, destination, source, order) => {
    const b = m.read(source);
    const a = m.read(destination);
    const chosen = m.read(order);
    const half = (value: Value, bit: number): Value =>
      m.select(m.bit(chosen, bit), m.lane(value, 64, 1), m.lane(value, 64, 0));
    m.write(destination, m.setLane(m.zeroExtend(half(a, 0), 128), 1, half(b, 1)));
  },
});

/** An index with its top bit set gives zero; the bits between are ignored. */
function shuffleBytes(bits: number) {
  const kept = 0x80 | (bits / 8 - 1);
  return (m: AbstractMachine, value: Value, indices: Value): Value =>
    m.vector('i8x16Swizzle', value, m.vector('v128And', indices, everyLane(m, 8, kept)));
}

export const pshufb = [
  mmxPacked('pshufb', '0f 38 00', 'ssse3', shuffleBytes(64)),
  ssePacked('pshufb', '0f 38 00', 'ssse3', shuffleBytes(128)),
];
