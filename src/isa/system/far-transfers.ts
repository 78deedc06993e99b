// Far jumps, calls and returns, and fast system calls. APM vol. 3 "JMP (Far)", "CALL (Far)", "RET (Far)", "SYSCALL", ….

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { loadFarPointer } from './segments.ts';

function go(m: AbstractMachine, routine: 'farJump' | 'farCall', selector: Value, offset: Value): void {
  m.core(routine, selector, m.zeroExtend(offset, 64), m.constant(m.operandSize, 32));
}

function direct(routine: 'farJump' | 'farCall') {
  return (m: AbstractMachine, target: Operand): void => {
    const { selector, offset } = m.farPointer(target);
    go(m, routine, selector, offset);
  };
}

function indirect(routine: 'farJump' | 'farCall') {
  return (m: AbstractMachine, target: Operand): void => {
    const { selector, offset } = loadFarPointer(m, target);
    go(m, routine, selector, offset);
  };
}

export const jmpFar = instruction({
  mnemonic: 'jmp far',
  forms: ['ea A [i64 sized ends transfers]'],
  manual: 'APM 3 "JMP (Far)"',
  meaning: direct('farJump'),
});
export const jmpFarIndirect = instruction({
  mnemonic: 'jmp far',
  forms: ['ff /5 M [sized ends transfers]'],
  manual: 'APM 3 "JMP (Far)"',
  meaning: indirect('farJump'),
});
export const callFar = instruction({
  mnemonic: 'call far',
  forms: ['9a A [i64 sized ends transfers]'],
  manual: 'APM 3 "CALL (Far)"',
  meaning: direct('farCall'),
});
export const callFarIndirect = instruction({
  mnemonic: 'call far',
  forms: ['ff /3 M [sized ends transfers]'],
  manual: 'APM 3 "CALL (Far)"',
  meaning: indirect('farCall'),
});

export const retf = instruction({
  mnemonic: 'retf',
  forms: ['cb [sized ends transfers]'],
  manual: 'APM 3 "RET (Far)"',
  meaning: (m) => m.core('farReturn', m.constant(m.operandSize, 32), m.constant(0, 32)),
});
export const retfImmediate = instruction({
  mnemonic: 'retf',
  forms: ['ca Iw [sized ends transfers]'],
  manual: 'APM 3 "RET (Far)"',
  meaning: (m, bytes) => m.core('farReturn', m.constant(m.operandSize, 32), m.read(bytes)),
});

export const syscall = instruction({
  mnemonic: 'syscall',
  forms: ['0f 05 [ends transfers]'],
  manual: 'APM 3 "SYSCALL"',
  meaning: (m) => m.core('syscall'),
});
export const sysret = instruction({
  mnemonic: 'sysret',
  forms: ['0f 07 [sized ends transfers]'],
  manual: 'APM 3 "SYSRET"',
  meaning: (m) => m.core('sysret', m.constant(m.operandSize === 64 ? 64 : 32, 32)),
});
export const sysenter = instruction({
  mnemonic: 'sysenter',
  forms: ['0f 34 [ends transfers]'],
  manual: 'APM 3 "SYSENTER"',
  meaning: (m) => m.core('sysenter'),
});
export const sysexit = instruction({
  mnemonic: 'sysexit',
  forms: ['0f 35 [ends transfers]'],
  manual: 'APM 3 "SYSEXIT"',
  meaning: (m) => m.core('sysexit'),
});
