// Exchanges. APM vol. 3 "XCHG", "XADD", "CMPXCHG", "CMPXCHG8B CMPXCHG16B".

import { RAX, RBX, RCX, RDX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

export const xchg = instruction({
  mnemonic: 'xchg',
  // 90 without REX.B is NOP, which must not zero-extend EAX.
  forms: ['86 /r Eb Gb [lock]', '87 /r Ev Gv [lock]', '90 +r Zv rAX [not0]'],
  manual: 'APM 3 "XCHG"',
  meaning: (m, first, second) => {
    const b = m.read(second);
    const a = m.readForWrite(first);
    m.write(first, b);
    m.write(second, a);
  },
});

export const xadd = instruction({
  mnemonic: 'xadd',
  forms: ['0f c0 /r Eb Gb [lock]', '0f c1 /r Ev Gv [lock]'],
  manual: 'APM 3 "XADD"',
  meaning: (m, destination, source) => {
    const b = m.read(source);
    const a = m.readForWrite(destination);
    const sum = m.add(a, b);
    m.write(source, a);
    m.write(destination, sum);
    m.setFlagsFromSum(a, b, sum);
  },
});

export const cmpxchg = instruction({
  mnemonic: 'cmpxchg',
  forms: ['0f b0 /r Eb Gb [lock]', '0f b1 /r Ev Gv [lock]'],
  manual: 'APM 3 "CMPXCHG"',
  meaning: (m, destination, source) => {
    const replacement = m.read(source);
    const current = m.readForWrite(destination);
    const accumulator = m.register(RAX, current.bits as 8 | 16 | 32 | 64);
    const difference = m.sub(accumulator, current);
    const equal = m.isZero(difference);
    // Memory is written in any case. Of registers only the one that changes is, so only that one is zero-extended.
    if (destination.isMemory) m.write(destination, m.select(equal, replacement, current));
    m.if(
      equal,
      () => {
        if (!destination.isMemory) m.write(destination, replacement);
      },
      () => m.setRegister(RAX, current),
    );
    m.setFlagsFromDifference(accumulator, current, difference);
  },
});

export const cmpxchg8b = instruction({
  mnemonic: 'cmpxchg8b',
  forms: ['0f c7 /1 Mq [lock w0]'],
  manual: 'APM 3 "CMPXCHG8B"',
  meaning: (m, destination) => {
    const pair = (high: number, low: number) =>
      m.or(m.shl(m.zeroExtend(m.register(high, 32), 64), 32), m.zeroExtend(m.register(low, 32), 64));
    const current = m.readForWrite(destination);
    const equal = m.eq(current, pair(RDX, RAX));
    m.write(destination, m.select(equal, pair(RCX, RBX), current));
    m.if(m.not(equal), () => {
      m.setRegister(RAX, m.truncate(current, 32));
      m.setRegister(RDX, m.truncate(m.shr(current, 32), 32));
    });
    m.setFlag('ZF', equal);
  },
});

export const cmpxchg16b = instruction({
  mnemonic: 'cmpxchg16b',
  forms: ['0f c7 /1 Mx [lock w1 o64 aligned]'],
  manual: 'APM 3 "CMPXCHG16B"',
  feature: 'cmpxchg16b',
  meaning: (m, destination) => {
    const current = m.readForWrite(destination);
    const low = m.lane(current, 64, 0);
    const high = m.lane(current, 64, 1);
    const equal = m.and(m.eq(low, m.register(RAX, 64)), m.eq(high, m.register(RDX, 64)));
    const newLow = m.select(equal, m.register(RBX, 64), low);
    const newHigh = m.select(equal, m.register(RCX, 64), high);
    m.write(destination, m.setLane(m.setLane(current, 0, newLow), 1, newHigh));
    m.if(m.not(equal), () => {
      m.setRegister(RAX, low);
      m.setRegister(RDX, high);
    });
    m.setFlag('ZF', equal);
  },
});
