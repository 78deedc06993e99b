// Interleaving the elements of two registers, and packing them with saturation. SDM vol. 2 "PUNPCKLBW", "PUNPCKHBW",
// "UNPCKLPS", "PACKSSWB", …

import type { Feature, Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { mmxPacked, ssePacked, type PackedOperation } from './packed-forms.ts';

/** Elements of `bytes` bytes from byte `from` on, of the destination and the source in turn. */
function interleave(bytes: number, from: number): PackedOperation {
  const indices = Array.from({ length: 16 }, (_, index) => {
    const element = Math.floor(index / bytes);
    return from + (element >> 1) * bytes + (index % bytes) + (element & 1 ? 16 : 0);
  });
  return (m, a, b) => m.shuffle(a, b, indices);
}

/** The high halves of MMX registers begin at byte 4; 16 bytes from there on are more than counts. */
function interleaveMmxHigh(bytes: number): PackedOperation {
  const operation = interleave(bytes, 0);
  return (m, a, b) => {
    const all = operation(m, a, b);
    return m.shuffle(all, all, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]);
  };
}

/** The MMX forms of the low halves load 32 bits from memory. */
function unpack(name: string, lowOpcode: string, highOpcode: string, bytes: number): Instruction[] {
  return [
    mmxPacked(`punpckl${name}`, `0f ${lowOpcode}`, 'mmx', interleave(bytes, 0), 'Qd'),
    ssePacked(`punpckl${name}`, `0f ${lowOpcode}`, 'sse2', interleave(bytes, 0)),
    mmxPacked(`punpckh${name}`, `0f ${highOpcode}`, 'mmx', interleaveMmxHigh(bytes)),
    ssePacked(`punpckh${name}`, `0f ${highOpcode}`, 'sse2', interleave(bytes, 8)),
  ];
}

export const unpacking = [
  unpack('bw', '60', '68', 1),
  unpack('wd', '61', '69', 2),
  unpack('dq', '62', '6a', 4),
  ssePacked('punpcklqdq', '0f 6c', 'sse2', interleave(8, 0)),
  ssePacked('punpckhqdq', '0f 6d', 'sse2', interleave(8, 8)),
  ssePacked('unpcklps', '0f 14', 'sse', interleave(4, 0), 'np'),
  ssePacked('unpcklpd', '0f 14', 'sse2', interleave(8, 0)),
  ssePacked('unpckhps', '0f 15', 'sse', interleave(4, 8), 'np'),
  ssePacked('unpckhpd', '0f 15', 'sse2', interleave(8, 8)),
].flat();

/** Of MMX operands, both fit into one vector. */
export function pairHalves(operation: PackedOperation): PackedOperation {
  return (m, a, b) => {
    const pair = m.setLane(a, 1, m.lane(b, 64, 0));
    return operation(m, pair, pair);
  };
}

function pack(
  mnemonic: string,
  opcode: string,
  operator: VectorOperator,
  mmxFeature: Feature | null,
  sseFeature: Feature,
): Instruction[] {
  const operation: PackedOperation = (m, a, b) => m.vector(operator, a, b);
  const sse = ssePacked(mnemonic, opcode, sseFeature, operation);
  return mmxFeature ? [mmxPacked(mnemonic, opcode, mmxFeature, pairHalves(operation)), sse] : [sse];
}

export const packing = [
  pack('packsswb', '0f 63', 'i8x16NarrowI16x8S', 'mmx', 'sse2'),
  pack('packuswb', '0f 67', 'i8x16NarrowI16x8U', 'mmx', 'sse2'),
  pack('packssdw', '0f 6b', 'i16x8NarrowI32x4S', 'mmx', 'sse2'),
  pack('packusdw', '0f 38 2b', 'i16x8NarrowI32x4U', null, 'sse4.1'),
].flat();
