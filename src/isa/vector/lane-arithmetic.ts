// Additions, subtractions, comparisons, minima and maxima of packed integers: what is one operator a lane.
// SDM vol. 2 "PADDB", "PSUBB", "PCMPEQB", "PMINUB", …

import type { Feature, Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { packed, ssePacked } from './packed-forms.ts';

/** MMX and SSE2; the MMX form is younger where a feature is given. */
function both(mnemonic: string, opcode: string, operator: VectorOperator, mmxFeature: Feature = 'mmx'): Instruction[] {
  return packed(mnemonic, `0f ${opcode}`, (m, a, b) => m.vector(operator, a, b), mmxFeature);
}

function sse4(mnemonic: string, opcode: string, operator: VectorOperator, feature: Feature = 'sse4.1'): Instruction {
  return ssePacked(mnemonic, `0f 38 ${opcode}`, feature, (m, a, b) => m.vector(operator, a, b));
}

export const additions = [
  both('paddb', 'fc', 'i8x16Add'),
  both('paddw', 'fd', 'i16x8Add'),
  both('paddd', 'fe', 'i32x4Add'),
  both('paddq', 'd4', 'i64x2Add', 'sse2'),
  both('paddsb', 'ec', 'i8x16AddSatS'),
  both('paddsw', 'ed', 'i16x8AddSatS'),
  both('paddusb', 'dc', 'i8x16AddSatU'),
  both('paddusw', 'dd', 'i16x8AddSatU'),
  both('pavgb', 'e0', 'i8x16AvgrU', 'sse'),
  both('pavgw', 'e3', 'i16x8AvgrU', 'sse'),
].flat();

export const subtractions = [
  both('psubb', 'f8', 'i8x16Sub'),
  both('psubw', 'f9', 'i16x8Sub'),
  both('psubd', 'fa', 'i32x4Sub'),
  both('psubq', 'fb', 'i64x2Sub', 'sse2'),
  both('psubsb', 'e8', 'i8x16SubSatS'),
  both('psubsw', 'e9', 'i16x8SubSatS'),
  both('psubusb', 'd8', 'i8x16SubSatU'),
  both('psubusw', 'd9', 'i16x8SubSatU'),
].flat();

export const comparisons = [
  both('pcmpeqb', '74', 'i8x16Eq'),
  both('pcmpeqw', '75', 'i16x8Eq'),
  both('pcmpeqd', '76', 'i32x4Eq'),
  both('pcmpgtb', '64', 'i8x16GtS'),
  both('pcmpgtw', '65', 'i16x8GtS'),
  both('pcmpgtd', '66', 'i32x4GtS'),
  sse4('pcmpeqq', '29', 'i64x2Eq'),
  sse4('pcmpgtq', '37', 'i64x2GtS', 'sse4.2'),
].flat();

export const extrema = [
  both('pminub', 'da', 'i8x16MinU', 'sse'),
  both('pmaxub', 'de', 'i8x16MaxU', 'sse'),
  both('pminsw', 'ea', 'i16x8MinS', 'sse'),
  both('pmaxsw', 'ee', 'i16x8MaxS', 'sse'),
  sse4('pminsb', '38', 'i8x16MinS'),
  sse4('pminsd', '39', 'i32x4MinS'),
  sse4('pminuw', '3a', 'i16x8MinU'),
  sse4('pminud', '3b', 'i32x4MinU'),
  sse4('pmaxsb', '3c', 'i8x16MaxS'),
  sse4('pmaxsd', '3d', 'i32x4MaxS'),
  sse4('pmaxuw', '3e', 'i16x8MaxU'),
  sse4('pmaxud', '3f', 'i32x4MaxU'),
].flat();
