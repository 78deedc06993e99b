// Absolute values and signs of packed integers. SDM vol. 2 "PABSB", "PSIGNB", …

import type { Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { packed } from './packed-forms.ts';

function absolute(mnemonic: string, opcode: string, operator: VectorOperator): Instruction[] {
  return packed(mnemonic, `0f 38 ${opcode}`, (m, _, source) => m.vector(operator, source), 'ssse3', 'ssse3');
}

type Lane = 'i8x16' | 'i16x8' | 'i32x4';

/** The destination negated where the source is negative, and zero where the source is zero. */
function sign(mnemonic: string, opcode: string, lane: Lane): Instruction[] {
  return packed(
    mnemonic,
    `0f 38 ${opcode}`,
    (m, value, source) => {
      const zero = m.vectorConstant(0n);
      const negative = m.vector(`${lane}GtS`, zero, source);
      const negated = m.vector(`${lane}Sub`, m.vector('v128Xor', value, negative), negative);
      return m.vector('v128Andnot', negated, m.vector(`${lane}Eq`, source, zero));
    },
    'ssse3',
    'ssse3',
  );
}

export const signs = [
  absolute('pabsb', '1c', 'i8x16Abs'),
  absolute('pabsw', '1d', 'i16x8Abs'),
  absolute('pabsd', '1e', 'i32x4Abs'),
  sign('psignb', '08', 'i8x16'),
  sign('psignw', '09', 'i16x8'),
  sign('psignd', '0a', 'i32x4'),
].flat();
