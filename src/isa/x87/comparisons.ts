// Comparisons of registers, into the condition bits or into RFLAGS, and examination. SDM volume 2 "FCOM", "FUCOM",
// "FCOMI", "FTST", "FXAM". DC D0+i, DC D8+i and DE D0+i are not documented; they do what D8 D0+i and D8 D8+i do.

import type { Instruction } from '../instruction.ts';
import { constants, ofRegister, x87 } from './x87-instruction.ts';

const ORDERED = 0;
const QUIET = 1;

export const fcom = x87('fcom', ['d8 /2 ST0 F', 'dc /2 ST0 F'], ofRegister('x87Compare', ORDERED, 0));
export const fcomp = x87('fcomp', ['d8 /3 ST0 F', 'dc /3 ST0 F', 'de /2 ST0 F'], ofRegister('x87Compare', ORDERED, 1));
export const fcompp = x87('fcompp', ['de =d9'], constants('x87Compare', 1, ORDERED, 2));
export const fucom = x87('fucom', ['dd /4 ST0 F'], ofRegister('x87Compare', QUIET, 0));
export const fucomp = x87('fucomp', ['dd /5 ST0 F'], ofRegister('x87Compare', QUIET, 1));
export const fucompp = x87('fucompp', ['da =e9'], constants('x87Compare', 1, QUIET, 2));

/** The core gives ZF, PF and CF in their places; OF, SF and AF are cleared. */
function intoFlags(mnemonic: string, form: string, quiet: 0 | 1, pops: 0 | 1): Instruction {
  return x87(mnemonic, [form], (m, _top, register) => {
    const flags = m.core('x87CompareFlags', m.number(register!), m.constant(quiet, 32), m.constant(pops, 32));
    const clear = m.constant(0, 1);
    m.setFlags({ CF: m.bit(flags, 0), PF: m.bit(flags, 2), AF: clear, ZF: m.bit(flags, 6), SF: clear, OF: clear });
  });
}

export const flagComparisons = [
  intoFlags('fcomi', 'db /6 ST0 F', ORDERED, 0),
  intoFlags('fucomi', 'db /5 ST0 F', QUIET, 0),
  intoFlags('fcomip', 'df /6 ST0 F', ORDERED, 1),
  intoFlags('fucomip', 'df /5 ST0 F', QUIET, 1),
];

export const ftst = x87('ftst', ['d9 =e4'], constants('ftst'));
export const fxam = x87('fxam', ['d9 =e5'], constants('fxam'));
