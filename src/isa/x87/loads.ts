// Pushing values. SDM volume 2 "FLD", "FILD", "FBLD", "FLD1/FLDL2T/…".

import type { CoreRoutine } from '../core-routines.ts';
import type { Instruction } from '../instruction.ts';
import { constants, linearOf, load, ofRegister, x87 } from './x87-instruction.ts';

function ofFloat(form: string, core: CoreRoutine): Instruction {
  return x87('fld', [form], (m, source) => {
    const { value, linear } = load(m, source!);
    m.core(core, value, linear);
  });
}

/** Of ten bytes, which the core reads. */
function ofTenBytes(mnemonic: string, form: string, core: CoreRoutine): Instruction {
  return x87(mnemonic, [form], (m, source) => {
    m.core(core, linearOf(m, source!, 10, false));
  });
}

export const fromMemory = [
  ofFloat('d9 /0 Md', 'x87LoadSingle'),
  ofFloat('dd /0 Mq', 'x87LoadDouble'),
  ofTenBytes('fld', 'db /5 M', 'x87LoadExtended'),
  ofTenBytes('fbld', 'df /4 M', 'x87LoadDecimal'),
];

export const fild = x87('fild', ['df /0 Mw', 'db /0 Md', 'df /5 Mq'], (m, source) => {
  const { value, linear } = load(m, source!);
  m.core('x87LoadInteger', m.signExtend(value, 64), linear);
});

export const fld = x87('fld', ['d9 /0 F'], ofRegister('x87LoadRegister'));

export const constantLoads = ['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'].map((mnemonic, index) =>
  x87(mnemonic, [`d9 =${(0xe8 + index).toString(16)}`], constants('x87LoadConstant', index)),
);
