// Bitwise logic on whole registers; the floating-point names do the same. SDM vol. 2 "PAND", "ANDPS", …

import type { PackedOperation } from './packed-forms.ts';
import { packed, ssePacked } from './packed-forms.ts';

const and: PackedOperation = (m, a, b) => m.vector('v128And', a, b);
const andNot: PackedOperation = (m, a, b) => m.vector('v128Andnot', b, a);
const or: PackedOperation = (m, a, b) => m.vector('v128Or', a, b);
const xor: PackedOperation = (m, a, b) => m.vector('v128Xor', a, b);

export const bitwise = [
  packed('pand', '0f db', and),
  packed('pandn', '0f df', andNot),
  packed('por', '0f eb', or),
  packed('pxor', '0f ef', xor),
].flat();

export const floatingBitwise = [
  ssePacked('andps', '0f 54', 'sse', and, 'np'),
  ssePacked('andpd', '0f 54', 'sse2', and),
  ssePacked('andnps', '0f 55', 'sse', andNot, 'np'),
  ssePacked('andnpd', '0f 55', 'sse2', andNot),
  ssePacked('orps', '0f 56', 'sse', or, 'np'),
  ssePacked('orpd', '0f 56', 'sse2', or),
  ssePacked('xorps', '0f 57', 'sse', xor, 'np'),
  ssePacked('xorpd', '0f 57', 'sse2', xor),
];
