// Moves that sign- or zero-extend packed integers. SDM vol. 2 "PMOVSX", "PMOVZX".

import { instruction, type Instruction } from '../instruction.ts';
import type { VectorOperator } from '../vector-operators.ts';
import { readVector } from './packed-forms.ts';

type Step = 'bytes' | 'words' | 'doublewords';

const operators: Record<'S' | 'U', Record<Step, VectorOperator>> = {
  S: { bytes: 'i16x8ExtendLowI8x16S', words: 'i32x4ExtendLowI16x8S', doublewords: 'i64x2ExtendLowI32x4S' },
  U: { bytes: 'i16x8ExtendLowI8x16U', words: 'i32x4ExtendLowI16x8U', doublewords: 'i64x2ExtendLowI32x4U' },
};

/** Both instructions of a pair of widths; a memory operand is as wide as the elements that count. */
function widen(name: string, opcode: string, source: string, ...steps: Step[]): Instruction[] {
  return (['S', 'U'] as const).map((kind) => {
    const mnemonic = `pmov${kind === 'S' ? 's' : 'z'}x${name}`;
    return instruction({
      mnemonic,
      forms: [`66 0f 38 ${kind === 'S' ? 2 : 3}${opcode} /r Vx ${source}`],
      manual: `SDM 2 "${mnemonic.toUpperCase()}"`,
      feature: 'sse4.1',
      meaning: (m, destination, operand) => {
        const value = readVector(m, operand);
        m.write(
          destination,
          steps.reduce((vector, step) => m.vector(operators[kind][step], vector), value),
        );
      },
    });
  });
}

export const wideningMoves = [
  widen('bw', '0', 'Wq', 'bytes'),
  widen('bd', '1', 'Wd', 'bytes', 'words'),
  widen('bq', '2', 'Ww', 'bytes', 'words', 'doublewords'),
  widen('wd', '3', 'Wq', 'words'),
  widen('wq', '4', 'Wd', 'words', 'doublewords'),
  widen('dq', '5', 'Wq', 'doublewords'),
].flat();
