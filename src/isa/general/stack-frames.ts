// Stack frames and stack images of all registers. APM vol. 3 "ENTER", "LEAVE", "PUSHA", "POPA".

import { RBP, RSP } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

export const leave = instruction({
  mnemonic: 'leave',
  forms: ['c9 [d64 stack sized]'],
  manual: 'APM 3 "LEAVE"',
  meaning: (m) => {
    // From the stack pointer to the frame pointer, both as wide as the stack's addresses: the rest of the sum is cut off.
    const distance = m.sub(m.register(RBP, 64), m.register(RSP, 64));
    const frame = m.peek(m.operandSize, distance);
    m.dropStack(m.add(distance, m.constant(m.operandSize / 8, 64)));
    m.setRegister(RBP, frame);
  },
});

export const enter = instruction({
  mnemonic: 'enter',
  forms: ['c8 Iw Ib [d64 sized]'],
  manual: 'APM 3 "ENTER"',
  meaning: (m, bytes, level) => m.core('enterFrame', m.read(bytes), m.read(level), m.constant(m.operandSize, 32)),
});

export const pusha = instruction({
  mnemonic: 'pusha',
  forms: ['60 [i64 sized]'],
  manual: 'APM 3 "PUSHA"',
  meaning: (m) => m.core('pushAll', m.constant(m.operandSize, 32)),
});

export const popa = instruction({
  mnemonic: 'popa',
  forms: ['61 [i64 sized]'],
  manual: 'APM 3 "POPA"',
  meaning: (m) => m.core('popAll', m.constant(m.operandSize, 32)),
});

export const bound = instruction({
  mnemonic: 'bound',
  forms: ['62 /r Gv M [i64]'],
  manual: 'APM 3 "BOUND"',
  meaning: (m, index, bounds) => {
    const bytes = m.operandSize / 8;
    const linear = m.linear(bounds, 2 * bytes, false);
    const lower = m.loadLinear(linear, m.operandSize);
    const upper = m.loadLinear(m.add(linear, m.constant(bytes, 64)), m.operandSize);
    const value = m.read(index);
    m.if(m.or(m.lts(value, lower), m.lts(upper, value)), () => m.raise('#BR'));
  },
});
