// Moves of one half of an XMM register, and moves that duplicate elements. SDM vol. 2 "MOVLPS", "MOVHPS", "MOVHLPS",
// "MOVLHPS", "MOVDDUP", "MOVSLDUP", "MOVSHDUP".

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction, type Feature, type Instruction } from '../instruction.ts';
import { readVector } from './packed-forms.ts';

function half(mnemonic: string, feature: Feature, forms: string[], meaning: Instruction['meaning']): Instruction {
  return instruction({ mnemonic, forms, manual: `SDM 2 "${mnemonic.toUpperCase()}"`, feature, meaning });
}

const copy = (m: AbstractMachine, destination: Operand, source: Operand): void => m.write(destination, m.read(source));

/** The low half of the source becomes the high half of the destination. */
const toHigh = (m: AbstractMachine, destination: Operand, source: Operand): void => {
  const value = m.read(source);
  m.write(destination, m.setLane(m.read(destination), 1, value));
};

/** The high half of the source becomes the (low half of the) destination. */
const fromHigh = (m: AbstractMachine, destination: Operand, source: Operand): void =>
  m.write(destination, m.lane(m.read(source), 64, 1));

export const halfMoves = [
  half('movlps', 'sse', ['np 0f 12 /r Vq Mq', 'np 0f 13 /r Mq Vq'], copy),
  half('movlpd', 'sse2', ['66 0f 12 /r Vq Mq', '66 0f 13 /r Mq Vq'], copy),
  half('movhlps', 'sse', ['np 0f 12 /r Vq Ux'], fromHigh),
  half('movlhps', 'sse', ['np 0f 16 /r Vx Uq'], toHigh),
  half('movhps', 'sse', ['np 0f 16 /r Vx Mq'], toHigh),
  half('movhps', 'sse', ['np 0f 17 /r Mq Vx'], fromHigh),
  half('movhpd', 'sse2', ['66 0f 16 /r Vx Mq'], toHigh),
  half('movhpd', 'sse2', ['66 0f 17 /r Mq Vx'], fromHigh),
];

function duplicate(mnemonic: string, form: string, indices: readonly number[]): Instruction {
  return half(mnemonic, 'sse3', [form], (m, destination, source) => {
    const value = readVector(m, source);
    m.write(destination, m.shuffle(value, value, indices));
  });
}

export const duplicatingMoves = [
  duplicate('movddup', 'f2 0f 12 /r Vx Wq', [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]),
  duplicate('movsldup', 'f3 0f 12 /r Vx Wx [aligned]', [0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11]),
  duplicate('movshdup', 'f3 0f 16 /r Vx Wx [aligned]', [4, 5, 6, 7, 4, 5, 6, 7, 12, 13, 14, 15, 12, 13, 14, 15]),
];
