// Near jumps, calls and returns. APM vol. 3 chapter 3; operand size of near branches in 64-bit mode: APM 3 section 1.2.

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { RCX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

const names = ['o', 'no', 'b', 'nb', 'z', 'nz', 'be', 'nbe', 's', 'ns', 'p', 'np', 'l', 'nl', 'le', 'nle'];

/** All sixteen conditions as Jcc, SETcc and CMOVcc encode them, by the low four bits of the opcode. */
export const allConditions: readonly { name: string; code: number }[] = names.map((name, code) => ({ name, code }));

export const conditionalJumps = allConditions.map(({ name, code }) =>
  instruction({
    mnemonic: `j${name}`,
    forms: [`7${code.toString(16)} Jbs [d64 ends]`, `0f 8${code.toString(16)} Jz [d64 ends]`],
    manual: 'APM 3 "Jcc"',
    meaning: (m, target) => m.jumpIf(m.condition(code), target),
  }),
);

export const jmp = instruction({
  mnemonic: 'jmp',
  forms: ['eb Jbs [d64 ends]', 'e9 Jz [d64 ends]'],
  manual: 'APM 3 "JMP (Near)"',
  meaning: (m, target) => m.jumpTo(target),
});

/**
 * A near transfer to a non-canonical address faults before it changes anything (APM 3 "CALL (Near)"). The common case is
 * decided by 48 bits; the core knows whether there are 57.
 */
function checkTarget(m: AbstractMachine, target: Value): void {
  if (target.bits !== 64) return;
  const canonical = m.sar(m.shl(target, 16), 16);
  m.if(m.not(m.eq(canonical, target)), () => m.core('requireCanonical', target));
}

export const jmpIndirect = instruction({
  mnemonic: 'jmp',
  forms: ['ff /4 Ev [d64 ends]'],
  manual: 'APM 3 "JMP (Near)"',
  meaning: (m, target) => {
    const address = m.read(target);
    checkTarget(m, address);
    m.jump(address);
  },
});

export const call = instruction({
  mnemonic: 'call',
  forms: ['e8 Jz [d64 ends stack]'],
  manual: 'APM 3 "CALL (Near)"',
  meaning: (m, target) => {
    m.push(m.nextInstruction());
    m.jumpTo(target);
  },
});

export const callIndirect = instruction({
  mnemonic: 'call',
  forms: ['ff /2 Ev [d64 ends stack]'],
  manual: 'APM 3 "CALL (Near)"',
  meaning: (m, target) => {
    const address = m.read(target);
    checkTarget(m, address);
    m.push(m.nextInstruction());
    m.jump(address);
  },
});

export const ret = instruction({
  mnemonic: 'ret',
  forms: ['c3 [d64 sized ends stack]'],
  manual: 'APM 3 "RET (Near)"',
  meaning: (m) => {
    const address = m.peek(m.operandSize);
    checkTarget(m, address);
    m.dropStack(m.operandSize / 8);
    m.jump(address);
  },
});

export const retImmediate = instruction({
  mnemonic: 'ret',
  forms: ['c2 Iw [d64 sized ends stack]'],
  manual: 'APM 3 "RET (Near)"',
  meaning: (m, bytes) => {
    const address = m.peek(m.operandSize);
    checkTarget(m, address);
    m.dropStack(m.operandSize / 8);
    m.dropStack(m.zeroExtend(m.read(bytes), 32));
    m.jump(address);
  },
});

const loops: { mnemonic: string; opcode: string; holds: (m: AbstractMachine) => Value | null }[] = [
  { mnemonic: 'loopnz', opcode: 'e0', holds: (m) => m.not(m.flag('ZF')) },
  { mnemonic: 'loopz', opcode: 'e1', holds: (m) => m.flag('ZF') },
  { mnemonic: 'loop', opcode: 'e2', holds: () => null },
];

export const loopInstructions = loops.map(({ mnemonic, opcode, holds }) =>
  instruction({
    mnemonic,
    forms: [`${opcode} Jbs [d64 ends implicit]`],
    manual: 'APM 3 "LOOPcc"',
    meaning: (m, target) => {
      const count = m.sub(m.register(RCX, m.addressSize), m.constant(1, m.addressSize));
      m.setRegister(RCX, count);
      const more = m.not(m.isZero(count));
      const extra = holds(m);
      m.jumpIf(extra ? m.and(more, extra) : more, target);
    },
  }),
);

export const jcxz = instruction({
  mnemonic: 'jcxz',
  forms: ['e3 Jbs [d64 ends implicit]'],
  manual: 'APM 3 "JCXZ"',
  meaning: (m, target) => m.jumpIf(m.isZero(m.register(RCX, m.addressSize)), target),
});
