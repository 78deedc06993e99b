// PTEST, and the search for the least word. SDM vol. 2 "PTEST", "PHMINPOSUW".

import { instruction } from '../instruction.ts';
import { laneConstant } from './lane-constants.ts';
import { ssePacked } from './packed-forms.ts';

export const ptest = instruction({
  mnemonic: 'ptest',
  forms: ['66 0f 38 17 /r Vx Wx [aligned]'],
  manual: 'SDM 2 "PTEST"',
  feature: 'sse4.1',
  meaning: (m, first, second) => {
    const b = m.read(second);
    const a = m.read(first);
    const clear = m.constant(0, 1);
    m.setFlags({
      CF: m.isZero(m.vector('v128AnyTrue', m.vector('v128Andnot', b, a))),
      ZF: m.isZero(m.vector('v128AnyTrue', m.vector('v128And', b, a))),
      PF: clear,
      AF: clear,
      SF: clear,
      OF: clear,
    });
  },
});

/** Words are compared with their numbers below them, so that the first of equal ones is the least. */
export const phminposuw = ssePacked('phminposuw', '0f 38 41', 'sse4.1', (m, _, source) => {
  const sixteen = m.constant(16, 32);
  const low = m.vector('i32x4Shl', m.vector('i32x4ExtendLowI16x8U', source), sixteen);
  const high = m.vector('i32x4Shl', m.vector('i32x4ExtendHighI16x8U', source), sixteen);
  const numberedLow = m.vector('v128Or', low, laneConstant(m, 0, 1, 2, 3));
  const numberedHigh = m.vector('v128Or', high, laneConstant(m, 4, 5, 6, 7));
  const four = m.vector('i32x4MinU', numberedLow, numberedHigh);
  const two = m.vector(
    'i32x4MinU',
    four,
    m.shuffle(four, four, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]),
  );
  const one = m.vector('i32x4MinU', two, m.shuffle(two, two, [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]));
  return m.zeroExtend(m.rotl(m.lane(one, 32, 0), 16), 128);
});
