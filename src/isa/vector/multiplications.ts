// Products of packed integers. SDM vol. 2 "PMULLW", "PMULHW", "PMULUDQ", "PMADDWD", "PMADDUBSW", "PMULHRSW", …

import type { VectorOperator } from '../vector-operators.ts';
import { everyLane } from './lane-constants.ts';
import { packed, ssePacked, type PackedOperation } from './packed-forms.ts';

/** The high words of the eight products that two widening multiplications give. */
function highWords(low: VectorOperator, high: VectorOperator): PackedOperation {
  const odd = [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31];
  return (m, a, b) => m.shuffle(m.vector(low, a, b), m.vector(high, a, b), odd);
}

/** Products of the even doublewords. */
function evenDoublewords(operator: VectorOperator): PackedOperation {
  const even = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];
  return (m, a, b) => m.vector(operator, m.shuffle(a, a, even), m.shuffle(b, b, even));
}

export const products = [
  packed('pmullw', '0f d5', (m, a, b) => m.vector('i16x8Mul', a, b)),
  packed('pmulhw', '0f e5', highWords('i32x4ExtmulLowI16x8S', 'i32x4ExtmulHighI16x8S')),
  packed('pmulhuw', '0f e4', highWords('i32x4ExtmulLowI16x8U', 'i32x4ExtmulHighI16x8U'), 'sse'),
  packed('pmuludq', '0f f4', evenDoublewords('i64x2ExtmulLowI32x4U'), 'sse2'),
  ssePacked('pmuldq', '0f 38 28', 'sse4.1', evenDoublewords('i64x2ExtmulLowI32x4S')),
  ssePacked('pmulld', '0f 38 40', 'sse4.1', (m, a, b) => m.vector('i32x4Mul', a, b)),
  packed('pmaddwd', '0f f5', (m, a, b) => m.vector('i32x4DotI16x8S', a, b)),
].flat();

/** Unsigned bytes of the destination times signed ones of the source: the two products of a word, added with saturation. */
export const pmaddubsw = packed(
  'pmaddubsw',
  '0f 38 04',
  (m, a, b) => {
    const byte = m.constant(8, 32);
    const even = m.vector(
      'i16x8Mul',
      m.vector('v128And', a, everyLane(m, 16, 0xff)),
      m.vector('i16x8ShrS', m.vector('i16x8Shl', b, byte), byte),
    );
    const odd = m.vector('i16x8Mul', m.vector('i16x8ShrU', a, byte), m.vector('i16x8ShrS', b, byte));
    return m.vector('i16x8AddSatS', even, odd);
  },
  'ssse3',
  'ssse3',
);

/** WebAssembly's operator saturates -1 times -1 (in 1.15 fixed point); the instruction gives -1. */
export const pmulhrsw = packed(
  'pmulhrsw',
  '0f 38 0b',
  (m, a, b) => {
    const least = everyLane(m, 16, 0x8000);
    const saturated = m.vector('v128And', m.vector('i16x8Eq', a, least), m.vector('i16x8Eq', b, least));
    return m.vector('v128Xor', m.vector('i16x8Q15mulrSatS', a, b), saturated);
  },
  'ssse3',
  'ssse3',
);
