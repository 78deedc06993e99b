// Moves of 32 and 64 bits between XMM, MMX and general registers and memory. SDM vol. 2 "MOVD", "MOVQ", "MOVSS", "MOVSD".

import type { AbstractMachine, Bits, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { inMmx } from './packed-forms.ts';

/** Whether the rest of an XMM destination is kept or zeroed is in the form: its width is the source's, or 128. */
const extend = (m: AbstractMachine, destination: Operand, source: Operand): void =>
  m.write(destination, m.zeroExtend(m.read(source), destination.bits as Bits));

export const movd = [
  instruction({
    mnemonic: 'movd',
    forms: ['66 0f 6e /r Vx Ed [w0]', '66 0f 7e /r Ed Vd [w0]'],
    manual: 'SDM 2 "MOVD"',
    feature: 'sse2',
    meaning: extend,
  }),
  instruction({
    mnemonic: 'movd',
    forms: ['np 0f 6e /r Pq Ed [w0]', 'np 0f 7e /r Ed Pd [w0]'],
    manual: 'SDM 2 "MOVD"',
    feature: 'mmx',
    meaning: inMmx(extend),
  }),
];

export const movq = [
  instruction({
    mnemonic: 'movq',
    forms: [
      '66 0f 6e /r Vx Eq [w1]',
      '66 0f 7e /r Eq Vq [w1]',
      'f3 0f 7e /r Vx Wq',
      '66 0f d6 /r Ux Vq',
      '66 0f d6 /r Mq Vq',
    ],
    manual: 'SDM 2 "MOVQ"',
    feature: 'sse2',
    meaning: extend,
  }),
  instruction({
    mnemonic: 'movq',
    forms: ['np 0f 6e /r Pq Eq [w1]', 'np 0f 7e /r Eq Pq [w1]', 'np 0f 6f /r Pq Qq', 'np 0f 7f /r Qq Pq'],
    manual: 'SDM 2 "MOVQ"',
    feature: 'mmx',
    meaning: inMmx(extend),
  }),
];

export const movss = instruction({
  mnemonic: 'movss',
  forms: ['f3 0f 10 /r Vd Ud', 'f3 0f 10 /r Vx Md', 'f3 0f 11 /r Wd Vd'],
  manual: 'SDM 2 "MOVSS"',
  feature: 'sse',
  meaning: extend,
});

export const movsd = instruction({
  mnemonic: 'movsd',
  forms: ['f2 0f 10 /r Vq Uq', 'f2 0f 10 /r Vx Mq', 'f2 0f 11 /r Wq Vq'],
  manual: 'SDM 2 "MOVSD"',
  feature: 'sse2',
  meaning: extend,
});

export const movq2dq = instruction({
  mnemonic: 'movq2dq',
  forms: ['f3 0f d6 /r Vx Nq'],
  manual: 'SDM 2 "MOVQ2DQ"',
  feature: 'sse2',
  meaning: inMmx(extend),
});

export const movdq2q = instruction({
  mnemonic: 'movdq2q',
  forms: ['f2 0f d6 /r Pq Uq'],
  manual: 'SDM 2 "MOVDQ2Q"',
  feature: 'sse2',
  meaning: inMmx(extend),
});

export const movntq = instruction({
  mnemonic: 'movntq',
  forms: ['np 0f e7 /r Mq Pq'],
  manual: 'SDM 2 "MOVNTQ"',
  feature: 'sse',
  meaning: inMmx(extend),
});
