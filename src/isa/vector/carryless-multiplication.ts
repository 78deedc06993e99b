// Multiplication of polynomials over GF(2). SDM vol. 2 "PCLMULQDQ".

import type { Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/** Bits 0 and 4 of the immediate choose the halves of destination and source. */
export const pclmulqdq = instruction({
  mnemonic: 'pclmulqdq',
  forms: ['66 0f 3a 44 /r Vx Wx Ib [aligned]'],
  manual: 'SDM 2 "PCLMULQDQ"',
  feature: 'pclmulqdq',
  meaning: (m, destination, source, immediate) => {
    const second = m.read(source);
    const first = m.read(destination);
    const chosen = m.read(immediate);
    const half = (value: Value, bit: number): Value =>
      m.select(m.bit(chosen, bit), m.lane(value, 64, 1), m.lane(value, 64, 0));
    const a = half(first, 0);
    const b = half(second, 4);
    const low = m.zeroExtend(m.core('carrylessLow', a, b), 128);
    m.write(destination, m.setLane(low, 1, m.core('carrylessHigh', a, b)));
  },
});
