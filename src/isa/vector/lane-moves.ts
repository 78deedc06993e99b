// Insertion and extraction of one element, whose number is an immediate. SDM vol. 2 "PINSRB", "PEXTRB", "INSERTPS", …

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction, type Feature, type Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { laneConstant } from './lane-constants.ts';
import { blend, doublewordMask } from './lane-masks.ts';
import { inMmx, readVector, writeVector } from './packed-forms.ts';

type Width = 8 | 16 | 32 | 64;

const splats: Record<Width, VectorOperator> = { 8: 'i8x16Splat', 16: 'i16x8Splat', 32: 'i32x4Splat', 64: 'i64x2Splat' };

/** An element's number from an immediate, of which only the bits that count are kept; 32 bits. */
function elementNumber(m: AbstractMachine, immediate: Value, elements: number): Value {
  return m.zeroExtend(m.and(immediate, m.constant(elements - 1, 8)), 32);
}

/** Ones in the element of `bits` bits with that number. */
function elementMask(m: AbstractMachine, number: Value, bits: Width): Value {
  const bytes = Array.from({ length: 16 }, (_, byte) => Math.floor((8 * byte) / bits));
  return m.vector('i8x16Eq', m.vector('i8x16Splat', number), laneConstant(m, ...bytes));
}

/** The element with that number, of `bits` bits, as lane 0. */
function extract(m: AbstractMachine, vector: Value, number: Value, bits: Width): Value {
  const bytes = bits / 8;
  const first = m.vector('i8x16Splat', m.shl(number, Math.log2(bytes)));
  const indices = m.vector(
    'i8x16Add',
    first,
    laneConstant(m, ...Array.from({ length: 16 }, (_, byte) => byte % bytes)),
  );
  return m.lane(m.vector('i8x16Swizzle', vector, indices), bits, 0);
}

/** A general register gives its low bits; elements narrower than 32 bits are splatted from 32. */
function insertion(bits: Width, elements: number) {
  return (m: AbstractMachine, destination: Operand, source: Operand, immediate: Operand): void => {
    const value = m.resize(m.read(source), bits === 64 ? 64 : 32);
    const mask = elementMask(m, elementNumber(m, m.read(immediate), elements), bits);
    writeVector(m, destination, blend(m, mask, m.vector(splats[bits], value), readVector(m, destination)));
  };
}

/** A general register is zero-extended to, memory takes the element's width. */
function extraction(bits: Width, elements: number) {
  return (m: AbstractMachine, destination: Operand, source: Operand, immediate: Operand): void => {
    const element = extract(m, readVector(m, source), elementNumber(m, m.read(immediate), elements), bits);
    m.write(destination, m.zeroExtend(element, destination.isMemory || bits === 64 ? bits : 32));
  };
}

function lane(mnemonic: string, feature: Feature, forms: string[], meaning: Instruction['meaning']): Instruction {
  return instruction({ mnemonic, forms, manual: `SDM 2 "${mnemonic.toUpperCase()}"`, feature, meaning });
}

export const insertions = [
  lane('pinsrw', 'sse', ['np 0f c4 /r Pq Rd Ib', 'np 0f c4 /r Pq Mw Ib'], inMmx(insertion(16, 4))),
  lane('pinsrw', 'sse2', ['66 0f c4 /r Vx Rd Ib', '66 0f c4 /r Vx Mw Ib'], insertion(16, 8)),
  lane('pinsrb', 'sse4.1', ['66 0f 3a 20 /r Vx Rd Ib', '66 0f 3a 20 /r Vx Mb Ib'], insertion(8, 16)),
  lane('pinsrd', 'sse4.1', ['66 0f 3a 22 /r Vx Ed Ib [w0]'], insertion(32, 4)),
  lane('pinsrq', 'sse4.1', ['66 0f 3a 22 /r Vx Eq Ib [w1]'], insertion(64, 2)),
];

export const extractions = [
  lane('pextrw', 'sse', ['np 0f c5 /r Gd Nq Ib'], inMmx(extraction(16, 4))),
  lane('pextrw', 'sse2', ['66 0f c5 /r Gd Ux Ib'], extraction(16, 8)),
  lane('pextrw', 'sse4.1', ['66 0f 3a 15 /r Rd Vx Ib', '66 0f 3a 15 /r Mw Vx Ib'], extraction(16, 8)),
  lane('pextrb', 'sse4.1', ['66 0f 3a 14 /r Rd Vx Ib', '66 0f 3a 14 /r Mb Vx Ib'], extraction(8, 16)),
  lane('pextrd', 'sse4.1', ['66 0f 3a 16 /r Ed Vx Ib [w0]'], extraction(32, 4)),
  lane('pextrq', 'sse4.1', ['66 0f 3a 16 /r Eq Vx Ib [w1]'], extraction(64, 2)),
  lane('extractps', 'sse4.1', ['66 0f 3a 17 /r Ed Vx Ib'], extraction(32, 4)),
];

/** The immediate: bits 7-6 the source's element (of a register), 5-4 the destination's, 3-0 elements to clear afterwards. */
export const insertps = lane(
  'insertps',
  'sse4.1',
  ['66 0f 3a 21 /r Vx Ux Ib', '66 0f 3a 21 /r Vx Md Ib'],
  (m, destination, source, immediate) => {
    const operand = m.read(source);
    const control = m.read(immediate);
    const value = source.isMemory ? operand : extract(m, operand, m.zeroExtend(m.shr(control, 6), 32), 32);
    const mask = elementMask(m, elementNumber(m, m.shr(control, 4), 4), 32);
    const inserted = blend(m, mask, m.vector('i32x4Splat', value), m.read(destination));
    m.write(destination, m.vector('v128Andnot', inserted, doublewordMask(m, control, 1, 2, 4, 8)));
  },
);
