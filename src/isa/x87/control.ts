// Control of the x87 unit: its words, its images in memory, and waiting for it. SDM volume 2 "FLDCW", "FSTENV", "FSAVE",
// "FCLEX", "WAIT", …

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { constants, load, x87 } from './x87-instruction.ts';

/** Not of feature x87: CR0.EM does not matter to it, and CR0.TS only with CR0.MP. */
export const fwait = instruction({
  mnemonic: 'fwait',
  forms: ['9b'],
  manual: 'SDM 2 "WAIT/FWAIT"',
  meaning: constants('fwait'),
});

export const fninit = x87('fninit', ['db =e3'], constants('fninit'));
export const fnclex = x87('fnclex', ['db =e2'], constants('fnclex'));

export const fldcw = x87('fldcw', ['d9 /5 Mw'], (m, source) => {
  m.core('fldcw', load(m, source!).value);
});
export const fnstcw = x87('fnstcw', ['d9 /7 Mw'], (m, destination) =>
  m.write(destination!, m.truncate(m.core('fnstcw'), 16)),
);
export const fnstsw = x87('fnstsw', ['dd /7 Mw', 'df =e0 AX'], (m, destination) =>
  m.write(destination!, m.truncate(m.core('fnstsw'), 16)),
);

/** What only the 8087 and the 80287 did: FENI, FDISI, FSETPM. */
export const withoutEffect = [
  x87('fneni', ['db =e0'], () => {}),
  x87('fndisi', ['db =e1'], () => {}),
  x87('fnsetpm', ['db =e4'], () => {}),
];

/** An image longer than any operand: its first and last bytes are checked against the segment, its pages by the core. */
function image(routine: 'fldenv' | 'fnstenv' | 'frstor' | 'fnsave', registers: number) {
  const writes = routine.startsWith('fn');
  return (m: AbstractMachine, operand: Operand): void => {
    const bytes = (m.operandSize === 16 ? 14 : 28) + registers;
    if (!writes) m.core('waitX87');
    m.linear(m.displaced(operand, m.constant(bytes - 1, 64)), 1, writes);
    m.core(routine, m.linear(operand, 1, writes), m.constant(m.operandSize, 32));
  };
}

export const images = [
  x87('fldenv', ['d9 /4 M [sized]'], image('fldenv', 0)),
  x87('fnstenv', ['d9 /6 M [sized]'], image('fnstenv', 0)),
  x87('frstor', ['dd /4 M [sized]'], image('frstor', 80)),
  x87('fnsave', ['dd /6 M [sized]'], image('fnsave', 80)),
];
