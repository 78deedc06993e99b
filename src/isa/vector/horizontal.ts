// Additions and subtractions of neighbouring integers. SDM vol. 2 "PHADDW", "PHADDSW", "PHSUBW", …

import type { Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { pairHalves } from './interleave.ts';
import { mmxPacked, ssePacked, type PackedOperation } from './packed-forms.ts';

/** Byte indices of the even (0) or odd (1) elements of two vectors. */
function everyOther(bytes: number, which: 0 | 1): number[] {
  return Array.from({ length: 16 }, (_, index) => (Math.floor(index / bytes) * 2 + which) * bytes + (index % bytes));
}

function horizontal(mnemonic: string, opcode: string, bytes: number, operator: VectorOperator): Instruction[] {
  const even = everyOther(bytes, 0);
  const odd = everyOther(bytes, 1);
  const operation: PackedOperation = (m, a, b) => m.vector(operator, m.shuffle(a, b, even), m.shuffle(a, b, odd));
  return [
    mmxPacked(mnemonic, `0f 38 ${opcode}`, 'ssse3', pairHalves(operation)),
    ssePacked(mnemonic, `0f 38 ${opcode}`, 'ssse3', operation),
  ];
}

export const horizontalArithmetic = [
  horizontal('phaddw', '01', 2, 'i16x8Add'),
  horizontal('phaddd', '02', 4, 'i32x4Add'),
  horizontal('phaddsw', '03', 2, 'i16x8AddSatS'),
  horizontal('phsubw', '05', 2, 'i16x8Sub'),
  horizontal('phsubd', '06', 4, 'i32x4Sub'),
  horizontal('phsubsw', '07', 2, 'i16x8SubSatS'),
].flat();
