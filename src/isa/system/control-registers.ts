// Control and debug registers. APM vol. 3 chapter 4; operands are 64 bits wide in 64-bit mode and 32 elsewhere.

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

function moveFrom(routine: 'movFromCr' | 'movFromDr') {
  return (m: AbstractMachine, destination: Operand, register: Operand): void =>
    m.write(destination, m.resize(m.core(routine, m.number(register)), destination.bits as 32 | 64));
}

function moveTo(routine: 'movToCr' | 'movToDr') {
  return (m: AbstractMachine, register: Operand, source: Operand): void => {
    m.core(routine, m.number(register), m.zeroExtend(m.read(source), 64));
  };
}

export const movFromControl = instruction({
  mnemonic: 'mov',
  forms: ['0f 20 /r Rq C [o64]', '0f 20 /r Rd C [i64]'],
  manual: 'APM 3 "MOV CRn"',
  meaning: moveFrom('movFromCr'),
});
export const movToControl = instruction({
  mnemonic: 'mov',
  forms: ['0f 22 /r C Rq [o64 ends]', '0f 22 /r C Rd [i64 ends]'],
  manual: 'APM 3 "MOV CRn"',
  meaning: moveTo('movToCr'),
});
export const movFromDebug = instruction({
  mnemonic: 'mov',
  forms: ['0f 21 /r Rq D [o64 ends]', '0f 21 /r Rd D [i64 ends]'],
  manual: 'APM 3 "MOV DRn"',
  meaning: moveFrom('movFromDr'),
});
export const movToDebug = instruction({
  mnemonic: 'mov',
  forms: ['0f 23 /r D Rq [o64 ends]', '0f 23 /r D Rd [i64 ends]'],
  manual: 'APM 3 "MOV DRn"',
  meaning: moveTo('movToDr'),
});

export const clts = instruction({
  mnemonic: 'clts',
  forms: ['0f 06 [ends]'],
  manual: 'APM 3 "CLTS"',
  meaning: (m) => m.core('clts'),
});

export const lmsw = instruction({
  mnemonic: 'lmsw',
  forms: ['0f 01 /6 Ew [p0 ends]'],
  manual: 'APM 3 "LMSW"',
  meaning: (m, source) => m.core('lmsw', m.read(source)),
});

export const smsw = instruction({
  mnemonic: 'smsw',
  forms: ['0f 01 /4 Rv', '0f 01 /4 Mw'],
  manual: 'APM 3 "SMSW"',
  meaning: (m, destination) => m.write(destination, m.resize(m.core('smsw'), destination.bits as 16 | 32 | 64)),
});

export const xgetbv = instruction({
  mnemonic: 'xgetbv',
  forms: ['np 0f 01 =d0'],
  manual: 'APM 4 "XGETBV"',
  feature: 'xsave',
  meaning: (m) => m.core('xgetbv'),
});
export const xsetbv = instruction({
  mnemonic: 'xsetbv',
  forms: ['np 0f 01 =d1 [ends]'],
  manual: 'APM 4 "XSETBV"',
  feature: 'xsave',
  meaning: (m) => m.core('xsetbv'),
});
