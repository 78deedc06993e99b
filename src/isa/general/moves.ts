// Moves between registers and memory, stack moves, address computation. APM vol. 3 chapter 3.

import { instruction } from '../instruction.ts';

export const mov = instruction({
  mnemonic: 'mov',
  forms: [
    '88 /r Eb Gb',
    '89 /r Ev Gv',
    '8a /r Gb Eb',
    '8b /r Gv Ev',
    'c6 /0 Eb Ib',
    'c7 /0 Ev Iz',
    'b0 +r Zb Ib',
    'b8 +r Zv Iv',
    'a0 AL Ob',
    'a1 rAX Ov',
    'a2 Ob AL',
    'a3 Ov rAX',
  ],
  manual: 'APM 3 "MOV"',
  meaning: (m, destination, source) => m.write(destination, m.read(source)),
});

export const lea = instruction({
  mnemonic: 'lea',
  forms: ['8d /r Gv M'],
  manual: 'APM 3 "LEA"',
  meaning: (m, destination, source) => m.write(destination, m.resize(m.offset(source), m.operandSize)),
});

export const push = instruction({
  mnemonic: 'push',
  forms: ['50 +r Zv [d64 stack]', 'ff /6 Ev [d64 stack]', '68 Iz [d64 stack]', '6a Ibs [d64 stack]'],
  manual: 'APM 3 "PUSH"',
  meaning: (m, source) => m.push(m.read(source)),
});

export const pop = instruction({
  mnemonic: 'pop',
  forms: ['58 +r Zv [d64 stack]', '8f /0 Ev [d64 stack bias]'],
  manual: 'APM 3 "POP"',
  meaning: (m, destination) => {
    // POP into memory computes its address with the popped stack pointer (the decoder's `bias`), but a fault must leave
    // the stack pointer alone; POP into rSP must not add to the popped value.
    if (destination.isMemory) {
      m.write(destination, m.peek(m.operandSize));
      m.dropStack(m.operandSize / 8);
    } else {
      m.write(destination, m.pop(m.operandSize));
    }
  },
});
