// FADD, FMUL, FCOM, FCOMP, FSUB, FSUBR, FDIV, FDIVR: eight operations, numbered in ModRM.reg, and their encodings with
// registers, binary32, binary64 and integers. SDM volume 2 "FADD/FADDP/FIADD", …; appendix A, tables.

import type { CoreRoutine } from '../core-routines.ts';
import type { Instruction } from '../instruction.ts';
import { load, x87 } from './x87-instruction.ts';

interface Operation {
  readonly number: number;
  readonly name: string;
  /** The operation's name where the result goes to ST(i): there the reversed ones change places. */
  readonly nameToRegister: string;
}

const arithmetic: readonly Operation[] = [
  { number: 0, name: 'add', nameToRegister: 'add' },
  { number: 1, name: 'mul', nameToRegister: 'mul' },
  { number: 4, name: 'sub', nameToRegister: 'subr' },
  { number: 5, name: 'subr', nameToRegister: 'sub' },
  { number: 6, name: 'div', nameToRegister: 'divr' },
  { number: 7, name: 'divr', nameToRegister: 'div' },
];
const comparisons: readonly Operation[] = [
  { number: 2, name: 'com', nameToRegister: 'com' },
  { number: 3, name: 'comp', nameToRegister: 'comp' },
];

function toTop({ number, name }: Operation): Instruction {
  return x87(`f${name}`, [`d8 /${number} ST0 F`], (m, _top, register) => {
    const zero = m.constant(0, 32);
    m.core('x87Arithmetic', m.constant(number, 32), m.number(register!), zero, zero);
  });
}

function toRegister({ number, nameToRegister }: Operation, pops: 0 | 1): Instruction {
  const mnemonic = `f${nameToRegister}${pops ? 'p' : ''}`;
  return x87(mnemonic, [`${pops ? 'de' : 'dc'} /${number} F ST0`], (m, register) => {
    const i = m.number(register!);
    m.core('x87Arithmetic', m.constant(number, 32), i, i, m.constant(pops, 32));
  });
}

function ofFloat({ number, name }: Operation, opcode: string, width: 'd' | 'q', core: CoreRoutine): Instruction {
  return x87(`f${name}`, [`${opcode} /${number} M${width}`], (m, source) => {
    const { value, linear } = load(m, source!);
    m.core(core, m.constant(number, 32), value, linear);
  });
}

function ofInteger({ number, name }: Operation): Instruction {
  return x87(`fi${name}`, [`da /${number} Md`, `de /${number} Mw`], (m, source) => {
    const { value, linear } = load(m, source!);
    m.core('x87ArithmeticInteger', m.constant(number, 32), m.signExtend(value, 32), linear);
  });
}

export const withRegisters = arithmetic.flatMap((operation) => [
  toTop(operation),
  toRegister(operation, 0),
  toRegister(operation, 1),
]);

export const withMemory = [...arithmetic, ...comparisons].flatMap((operation) => [
  ofFloat(operation, 'd8', 'd', 'x87ArithmeticSingle'),
  ofFloat(operation, 'dc', 'q', 'x87ArithmeticDouble'),
  ofInteger(operation),
]);
