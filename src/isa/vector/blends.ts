// Blends: each element from one of two registers. SDM vol. 2 "PBLENDW", "BLENDPS", "PBLENDVB", "BLENDVPS", …

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { instruction, type Instruction } from '../instruction.ts';
import { blend, doublewordMask, wordMask } from './lane-masks.ts';

function blending(mnemonic: string, form: string, mask: (m: AbstractMachine, selector: Value) => Value): Instruction {
  return instruction({
    mnemonic,
    forms: [form],
    manual: `SDM 2 "${mnemonic.toUpperCase()}"`,
    feature: 'sse4.1',
    meaning: (m, destination, source, selector) => {
      const chosen = m.read(source);
      m.write(destination, blend(m, mask(m, m.read(selector)), chosen, m.read(destination)));
    },
  });
}

export const immediateBlends = [
  blending('blendps', '66 0f 3a 0c /r Vx Wx Ib [aligned]', (m, bits) => doublewordMask(m, bits, 1, 2, 4, 8)),
  blending('blendpd', '66 0f 3a 0d /r Vx Wx Ib [aligned]', (m, bits) => doublewordMask(m, bits, 1, 1, 2, 2)),
  blending('pblendw', '66 0f 3a 0e /r Vx Wx Ib [aligned]', wordMask),
];

/** By the sign bits of XMM0. */
export const variableBlends = [
  blending('pblendvb', '66 0f 38 10 /r Vx Wx XMM0 [aligned]', (m, signs) =>
    m.vector('i8x16GtS', m.vectorConstant(0n), signs),
  ),
  blending('blendvps', '66 0f 38 14 /r Vx Wx XMM0 [aligned]', (m, signs) =>
    m.vector('i32x4GtS', m.vectorConstant(0n), signs),
  ),
  blending('blendvpd', '66 0f 38 15 /r Vx Wx XMM0 [aligned]', (m, signs) =>
    m.vector('i64x2GtS', m.vectorConstant(0n), signs),
  ),
];
