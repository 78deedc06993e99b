// Shifts of packed elements by one count for all, and of whole registers by bytes. SDM vol. 2 "PSLLW", "PSRAW", "PSLLDQ", …

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { instruction, type Feature, type Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { byteNumbers, everyLane } from './lane-constants.ts';
import { inMmx, mmxPacked, readVector, ssePacked, writeVector, type PackedOperation } from './packed-forms.ts';

/** Shifts lanes of `bits` bits by an unsigned integer. Counts beyond the lane leave zeros, or copies of the sign. */
function shiftLanes(operator: VectorOperator, bits: number) {
  const arithmetic = operator.endsWith('S');
  return (m: AbstractMachine, value: Value, count: Value): Value => {
    const excessive = m.ltu(m.constant(bits - 1, count.bits), count);
    const amount = m.resize(count, 32);
    if (arithmetic) return m.vector(operator, value, m.select(excessive, m.constant(bits - 1, 32), amount));
    return m.select(excessive, m.vectorConstant(0n), m.vector(operator, value, amount));
  };
}

/** The three encodings: by a register, its low 64 bits taken as one number, and by an immediate. */
function shift(mnemonic: string, opcode: string, group: string, operator: VectorOperator, bits: number): Instruction[] {
  const lanes = shiftLanes(operator, bits);
  const byRegister: PackedOperation = (m, value, count) => lanes(m, value, m.lane(count, 64, 0));
  const byImmediate: Instruction['meaning'] = (m, destination, count) =>
    writeVector(m, destination, lanes(m, readVector(m, destination), m.read(count)));
  const manual = `SDM 2 "${mnemonic.toUpperCase()}"`;
  return [
    mmxPacked(mnemonic, `0f ${opcode}`, 'mmx', byRegister),
    ssePacked(mnemonic, `0f ${opcode}`, 'sse2', byRegister),
    instruction({ mnemonic, forms: [`np 0f ${group} Nq Ib`], manual, feature: 'mmx', meaning: inMmx(byImmediate) }),
    instruction({ mnemonic, forms: [`66 0f ${group} Ux Ib`], manual, feature: 'sse2', meaning: byImmediate }),
  ];
}

export const shifts = [
  shift('psrlw', 'd1', '71 /2', 'i16x8ShrU', 16),
  shift('psrld', 'd2', '72 /2', 'i32x4ShrU', 32),
  shift('psrlq', 'd3', '73 /2', 'i64x2ShrU', 64),
  shift('psraw', 'e1', '71 /4', 'i16x8ShrS', 16),
  shift('psrad', 'e2', '72 /4', 'i32x4ShrS', 32),
  shift('psllw', 'f1', '71 /6', 'i16x8Shl', 16),
  shift('pslld', 'f2', '72 /6', 'i32x4Shl', 32),
  shift('psllq', 'f3', '73 /6', 'i64x2Shl', 64),
].flat();

/** The count of bytes, or `limit` when it is more, in every byte lane. */
function byteCount(m: AbstractMachine, count: Value, limit: number): Value {
  const most = m.constant(limit, 8);
  return m.vector('i8x16Splat', m.zeroExtend(m.select(m.ltu(most, count), most, count), 32));
}

/** A swizzle index beyond the vector, to either side, gives zero. */
function shiftBytes(mnemonic: string, extension: number, direction: 'i8x16Add' | 'i8x16Sub'): Instruction {
  return instruction({
    mnemonic,
    forms: [`66 0f 73 /${extension} Ux Ib`],
    manual: `SDM 2 "${mnemonic.toUpperCase()}"`,
    feature: 'sse2',
    meaning: (m, destination, count) => {
      const indices = m.vector(direction, byteNumbers(m), byteCount(m, m.read(count), 16));
      m.write(destination, m.vector('i8x16Swizzle', m.read(destination), indices));
    },
  });
}

export const byteShifts = [shiftBytes('psrldq', 3, 'i8x16Add'), shiftBytes('pslldq', 7, 'i8x16Sub')];

function align(mmx: boolean): Instruction {
  const mnemonic = 'palignr';
  const feature: Feature = 'ssse3';
  const manual = 'SDM 2 "PALIGNR"';
  if (mmx) {
    const meaning: Instruction['meaning'] = (m, destination, source, count) => {
      const pair = m.setLane(readVector(m, source), 1, m.read(destination));
      const indices = m.vector('i8x16Add', byteNumbers(m), byteCount(m, m.read(count), 16));
      writeVector(m, destination, m.vector('i8x16Swizzle', pair, indices));
    };
    return instruction({ mnemonic, forms: ['np 0f 3a 0f /r Pq Qq Ib'], manual, feature, meaning: inMmx(meaning) });
  }
  const meaning: Instruction['meaning'] = (m, destination, source, count) => {
    const low = m.read(source);
    const lowIndices = m.vector('i8x16Add', byteNumbers(m), byteCount(m, m.read(count), 32));
    const highIndices = m.vector('i8x16Sub', lowIndices, everyLane(m, 8, 16));
    const high = m.vector('i8x16Swizzle', m.read(destination), highIndices);
    m.write(destination, m.vector('v128Or', m.vector('i8x16Swizzle', low, lowIndices), high));
  };
  return instruction({ mnemonic, forms: ['66 0f 3a 0f /r Vx Wx Ib [aligned]'], manual, feature, meaning });
}

export const palignr = [align(true), align(false)];
