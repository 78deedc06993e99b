// Moves among registers, and of the stack itself. SDM volume 2 "FXCH", "FCMOVcc", "FFREE", "FINCSTP", "FDECSTP", "FNOP".
// DD C8+i and DF C8+i (FXCH) and DF C0+i (FFREEP) are not documented.

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import type { Instruction } from '../instruction.ts';
import { constants, ofRegister, x87 } from './x87-instruction.ts';

export const fxch = x87('fxch', ['d9 /1 ST0 F', 'dd /1 ST0 F', 'df /1 ST0 F'], ofRegister('x87Exchange'));

function conditionalMove(mnemonic: string, form: string, condition: (m: AbstractMachine) => Value): Instruction {
  return x87(mnemonic, [form], (m, _top, register) => {
    m.core('x87Move', m.number(register!), condition(m));
  });
}

const below = (m: AbstractMachine): Value => m.flag('CF');
const equal = (m: AbstractMachine): Value => m.flag('ZF');
const belowOrEqual = (m: AbstractMachine): Value => m.or(m.flag('CF'), m.flag('ZF'));
const unordered = (m: AbstractMachine): Value => m.flag('PF');

export const conditionalMoves = [
  conditionalMove('fcmovb', 'da /0 ST0 F', below),
  conditionalMove('fcmove', 'da /1 ST0 F', equal),
  conditionalMove('fcmovbe', 'da /2 ST0 F', belowOrEqual),
  conditionalMove('fcmovu', 'da /3 ST0 F', unordered),
  conditionalMove('fcmovnb', 'db /0 ST0 F', (m) => m.not(below(m))),
  conditionalMove('fcmovne', 'db /1 ST0 F', (m) => m.not(equal(m))),
  conditionalMove('fcmovnbe', 'db /2 ST0 F', (m) => m.not(belowOrEqual(m))),
  conditionalMove('fcmovnu', 'db /3 ST0 F', (m) => m.not(unordered(m))),
];

export const ffree = x87('ffree', ['dd /0 F'], ofRegister('x87Free', 0));
export const ffreep = x87('ffreep', ['df /0 F'], ofRegister('x87Free', 1));
export const fincstp = x87('fincstp', ['d9 =f7'], constants('x87Turn', 1));
export const fdecstp = x87('fdecstp', ['d9 =f6'], constants('x87Turn', 7));
export const fnop = x87('fnop', ['d9 =d0'], constants('fnop'));
