// Moves of whole XMM registers. SDM vol. 2 "MOVAPS", "MOVUPS", "MOVDQA", "MOVDQU", "MOVNTPS", "LDDQU", …

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction, type Feature, type Instruction } from '../instruction.ts';

const copy = (m: AbstractMachine, destination: Operand, source: Operand): void => m.write(destination, m.read(source));

function move(mnemonic: string, feature: Feature, forms: string[]): Instruction {
  return instruction({ mnemonic, forms, manual: `SDM 2 "${mnemonic.toUpperCase()}"`, feature, meaning: copy });
}

export const fullMoves = [
  move('movaps', 'sse', ['np 0f 28 /r Vx Wx [aligned]', 'np 0f 29 /r Wx Vx [aligned]']),
  move('movapd', 'sse2', ['66 0f 28 /r Vx Wx [aligned]', '66 0f 29 /r Wx Vx [aligned]']),
  move('movups', 'sse', ['np 0f 10 /r Vx Wx', 'np 0f 11 /r Wx Vx']),
  move('movupd', 'sse2', ['66 0f 10 /r Vx Wx', '66 0f 11 /r Wx Vx']),
  move('movdqa', 'sse2', ['66 0f 6f /r Vx Wx [aligned]', '66 0f 7f /r Wx Vx [aligned]']),
  move('movdqu', 'sse2', ['f3 0f 6f /r Vx Wx', 'f3 0f 7f /r Wx Vx']),
  move('lddqu', 'sse3', ['f2 0f f0 /r Vx Mx']),
  move('movntps', 'sse', ['np 0f 2b /r Mx Vx [aligned]']),
  move('movntpd', 'sse2', ['66 0f 2b /r Mx Vx [aligned]']),
  move('movntdq', 'sse2', ['66 0f e7 /r Mx Vx [aligned]']),
  move('movntdqa', 'sse4.1', ['66 0f 38 2a /r Vx Mx [aligned]']),
];
