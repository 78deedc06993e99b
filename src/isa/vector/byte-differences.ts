// Sums of absolute differences of bytes. SDM vol. 2 "PSADBW", "MPSADBW".

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { byteNumbers, everyLane } from './lane-constants.ts';
import { packed } from './packed-forms.ts';

function absoluteDifferences(m: AbstractMachine, a: Value, b: Value): Value {
  return m.vector('i8x16Sub', m.vector('i8x16MaxU', a, b), m.vector('i8x16MinU', a, b));
}

export const psadbw = packed(
  'psadbw',
  '0f f6',
  (m, a, b) => {
    const words = m.vector('i16x8ExtaddPairwiseI8x16U', absoluteDifferences(m, a, b));
    const doublewords = m.vector('i32x4ExtaddPairwiseI16x8U', words);
    const low = m.vector('v128And', doublewords, everyLane(m, 64, 0xffffffff));
    return m.vector('i64x2Add', low, m.vector('i64x2ShrU', doublewords, m.constant(32, 32)));
  },
  'sse',
);

/** `value` with the bytes from `from` (a value of 0…15) on in front. */
function bytesFrom(m: AbstractMachine, value: Value, from: Value): Value {
  return m.vector('i8x16Swizzle', value, m.vector('i8x16Add', byteNumbers(m), m.vector('i8x16Splat', from)));
}

/** Word i: the sum over k < 4 of |destination[i + k + 4 * imm.2] - source[k + 4 * imm.1:0]|. */
export const mpsadbw = instruction({
  mnemonic: 'mpsadbw',
  forms: ['66 0f 3a 42 /r Vx Wx Ib [aligned]'],
  manual: 'SDM 2 "MPSADBW"',
  feature: 'sse4.1',
  meaning: (m, destination, source, control) => {
    const offsets = m.zeroExtend(m.read(control), 32);
    const b = bytesFrom(m, m.read(source), m.shl(m.and(offsets, m.constant(3, 32)), 2));
    const a = bytesFrom(m, m.read(destination), m.and(offsets, m.constant(4, 32)));
    let sum: Value | null = null;
    for (const k of [0, 1, 2, 3]) {
      const slid = Array.from({ length: 16 }, (_, index) => Math.min(index + k, 15));
      const repeated = Array.from({ length: 16 }, () => k);
      const differences = absoluteDifferences(m, m.shuffle(a, a, slid), m.shuffle(b, b, repeated));
      const words = m.vector('i16x8ExtendLowI8x16U', differences);
      sum = sum ? m.vector('i16x8Add', sum, words) : words;
    }
    m.write(destination, sum!);
  },
});
