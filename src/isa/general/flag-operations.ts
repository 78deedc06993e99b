// Instructions on single flags, and the flags in AH. APM vol. 3 "CLC", "CMC", "STC", "CLD", "STD", "LAHF", "SAHF".

import type { Flag } from '../abstract-machine.ts';
import { RAX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

export const clc = instruction({
  mnemonic: 'clc',
  forms: ['f8'],
  manual: 'APM 3 "CLC"',
  meaning: (m) => m.setFlag('CF', m.constant(0, 1)),
});
export const stc = instruction({
  mnemonic: 'stc',
  forms: ['f9'],
  manual: 'APM 3 "STC"',
  meaning: (m) => m.setFlag('CF', m.constant(1, 1)),
});
export const cmc = instruction({
  mnemonic: 'cmc',
  forms: ['f5'],
  manual: 'APM 3 "CMC"',
  meaning: (m) => m.setFlag('CF', m.not(m.flag('CF'))),
});
export const cld = instruction({
  mnemonic: 'cld',
  forms: ['fc'],
  manual: 'APM 3 "CLD"',
  meaning: (m) => m.setSystemFlag('DF', m.constant(0, 1)),
});
export const std = instruction({
  mnemonic: 'std',
  forms: ['fd'],
  manual: 'APM 3 "STD"',
  meaning: (m) => m.setSystemFlag('DF', m.constant(1, 1)),
});

/** Where the five flags are in AH; bit 1 is always set there. */
const positions: readonly (readonly [Flag, number])[] = [
  ['CF', 0],
  ['PF', 2],
  ['AF', 4],
  ['ZF', 6],
  ['SF', 7],
];

export const lahf = instruction({
  mnemonic: 'lahf',
  forms: ['9f'],
  manual: 'APM 3 "LAHF"',
  meaning: (m) => {
    let flags = m.constant(2, 8);
    for (const [flag, position] of positions) flags = m.or(flags, m.shl(m.zeroExtend(m.flag(flag), 8), position));
    m.setRegister(RAX, m.or(m.shl(m.zeroExtend(flags, 16), 8), m.zeroExtend(m.register(RAX, 8), 16)));
  },
});

export const sahf = instruction({
  mnemonic: 'sahf',
  forms: ['9e'],
  manual: 'APM 3 "SAHF"',
  meaning: (m) => {
    const flags = m.shr(m.register(RAX, 16), 8);
    const [CF, PF, AF, ZF, SF] = positions.map(([, position]) => m.bit(flags, position));
    m.setFlags({ CF: CF!, PF: PF!, AF: AF!, ZF: ZF!, SF: SF!, OF: m.flag('OF') });
  },
});
