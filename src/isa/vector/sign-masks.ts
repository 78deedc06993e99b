// The sign bits of all elements, gathered in a general register. SDM vol. 2 "MOVMSKPS", "MOVMSKPD", "PMOVMSKB".

import { instruction, type Feature, type Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { inMmx, readVector } from './packed-forms.ts';

function signMask(mnemonic: string, feature: Feature, form: string, operator: VectorOperator): Instruction {
  const meaning: Instruction['meaning'] = (m, destination, source) =>
    m.write(destination, m.vector(operator, readVector(m, source)));
  const manual = `SDM 2 "${mnemonic.toUpperCase()}"`;
  return instruction({
    mnemonic,
    forms: [form],
    manual,
    feature,
    meaning: form.includes('N') ? inMmx(meaning) : meaning,
  });
}

export const signMasks = [
  signMask('movmskps', 'sse', 'np 0f 50 /r Gd Ux', 'i32x4Bitmask'),
  signMask('movmskpd', 'sse2', '66 0f 50 /r Gd Ux', 'i64x2Bitmask'),
  signMask('pmovmskb', 'sse2', '66 0f d7 /r Gd Ux', 'i8x16Bitmask'),
  signMask('pmovmskb', 'sse', 'np 0f d7 /r Gd Nq', 'i8x16Bitmask'),
];
