// Descriptor tables, LDTR and TR, and what a program may ask about selectors. APM vol. 3 chapter 4.

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/** Bytes of a pseudo-descriptor; the core goes by the code segment, which a 67h prefix hides here. */
function pseudoDescriptorBytes(m: AbstractMachine): number {
  return m.isLong ? 10 : 6;
}

function load(routine: 'lgdt' | 'lidt') {
  return (m: AbstractMachine, source: Operand): void => {
    m.core(routine, m.linear(source, pseudoDescriptorBytes(m), false), m.constant(m.operandSize, 32));
  };
}

function store(routine: 'sgdt' | 'sidt') {
  return (m: AbstractMachine, destination: Operand): void => {
    m.core(routine, m.linear(destination, pseudoDescriptorBytes(m), true));
  };
}

export const lgdt = instruction({
  mnemonic: 'lgdt',
  forms: ['0f 01 /2 M [sized p0]'],
  manual: 'APM 3 "LGDT"',
  meaning: load('lgdt'),
});
export const lidt = instruction({
  mnemonic: 'lidt',
  forms: ['0f 01 /3 M [sized p0]'],
  manual: 'APM 3 "LIDT"',
  meaning: load('lidt'),
});
export const sgdt = instruction({
  mnemonic: 'sgdt',
  forms: ['0f 01 /0 M'],
  manual: 'APM 3 "SGDT"',
  meaning: store('sgdt'),
});
export const sidt = instruction({
  mnemonic: 'sidt',
  forms: ['0f 01 /1 M'],
  manual: 'APM 3 "SIDT"',
  meaning: store('sidt'),
});

function storeSelector(routine: 'sldt' | 'str') {
  return (m: AbstractMachine, destination: Operand): void =>
    m.write(destination, m.resize(m.truncate(m.core(routine), 16), destination.bits as 16 | 32 | 64));
}

function loadSelector(routine: 'lldt' | 'ltr') {
  return (m: AbstractMachine, source: Operand): void => {
    m.core(routine, m.read(source));
  };
}

export const sldt = instruction({
  mnemonic: 'sldt',
  forms: ['0f 00 /0 Rv [prot]', '0f 00 /0 Mw [prot]'],
  manual: 'APM 3 "SLDT"',
  meaning: storeSelector('sldt'),
});
export const str = instruction({
  mnemonic: 'str',
  forms: ['0f 00 /1 Rv [prot]', '0f 00 /1 Mw [prot]'],
  manual: 'APM 3 "STR"',
  meaning: storeSelector('str'),
});
export const lldt = instruction({
  mnemonic: 'lldt',
  forms: ['0f 00 /2 Ew [prot p0]'],
  manual: 'APM 3 "LLDT"',
  meaning: loadSelector('lldt'),
});
export const ltr = instruction({
  mnemonic: 'ltr',
  forms: ['0f 00 /3 Ew [prot p0]'],
  manual: 'APM 3 "LTR"',
  meaning: loadSelector('ltr'),
});

function verify(routine: 'verr' | 'verw') {
  return (m: AbstractMachine, source: Operand): void => m.setFlag('ZF', m.truncate(m.core(routine, m.read(source)), 1));
}

export const verr = instruction({
  mnemonic: 'verr',
  forms: ['0f 00 /4 Ew [prot]'],
  manual: 'APM 3 "VERR"',
  meaning: verify('verr'),
});
export const verw = instruction({
  mnemonic: 'verw',
  forms: ['0f 00 /5 Ew [prot]'],
  manual: 'APM 3 "VERW"',
  meaning: verify('verw'),
});

/** Asks the core about a selector: ZF tells whether there is an answer, and without one the destination stays. */
function ask(routine: 'lar' | 'lsl') {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const answer = m.core(routine, m.read(source));
    const known = m.not(m.eq(answer, m.constant(-1n, 64)));
    m.if(known, () => m.write(destination, m.resize(answer, m.operandSize)));
    m.setFlag('ZF', known);
  };
}

export const lar = instruction({
  mnemonic: 'lar',
  forms: ['0f 02 /r Gv Ew [prot]'],
  manual: 'APM 3 "LAR"',
  meaning: ask('lar'),
});
export const lsl = instruction({
  mnemonic: 'lsl',
  forms: ['0f 03 /r Gv Ew [prot]'],
  manual: 'APM 3 "LSL"',
  meaning: ask('lsl'),
});

export const arpl = instruction({
  mnemonic: 'arpl',
  forms: ['63 /r Ew Gw [i64 prot]'],
  manual: 'APM 3 "ARPL"',
  meaning: (m, destination, source) => {
    const level = m.and(m.read(source), m.constant(3, 16));
    const selector = m.read(destination);
    const lower = m.ltu(m.and(selector, m.constant(3, 16)), level);
    // Memory that need not change need not be writable.
    m.if(lower, () => m.write(destination, m.or(m.and(selector, m.constant(0xfffc, 16)), level)));
    m.setFlag('ZF', lower);
  },
});
