// Decimal arithmetic. APM vol. 3 "AAA", "AAD", "AAM", "AAS", "DAA", "DAS". Where the manual leaves a flag undefined, it is what
// AMD's processors of family 19h make of the addition, subtraction or division inside.

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { RAX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { setLogicFlags } from './logic.ts';

/** True when the low digit of AL needs an adjustment: it is above 9, or AF says that it was. */
function lowDigitOverflows(m: AbstractMachine, al: Value): Value {
  return m.or(m.ltu(m.constant(9, 8), m.and(al, m.constant(15, 8))), m.flag('AF'));
}

function adjustAscii(direction: 'add' | 'sub') {
  return (m: AbstractMachine): void => {
    const ax = m.register(RAX, 16);
    const adjust = lowDigitOverflows(m, m.truncate(ax, 8));
    const sum = m.select(adjust, m[direction](ax, m.constant(0x106, 16)), ax);
    const overflow = direction === 'add' ? m.and(m.not(ax), sum) : m.and(ax, m.not(sum));
    m.setRegister(RAX, m.and(sum, m.constant(0xff0f, 16)));
    m.setFlagsFromResult(sum, { CF: adjust, OF: m.sign(overflow), AF: adjust });
  };
}

export const aaa = instruction({
  mnemonic: 'aaa',
  forms: ['37 [i64]'],
  manual: 'APM 3 "AAA"',
  undefined: ['OF', 'SF', 'ZF', 'PF'],
  meaning: adjustAscii('add'),
});
export const aas = instruction({
  mnemonic: 'aas',
  forms: ['3f [i64]'],
  manual: 'APM 3 "AAS"',
  undefined: ['OF', 'SF', 'ZF', 'PF'],
  meaning: adjustAscii('sub'),
});

function adjustDecimal(direction: 'add' | 'sub') {
  return (m: AbstractMachine): void => {
    const al = m.register(RAX, 8);
    const low = lowDigitOverflows(m, al);
    const high = m.or(m.ltu(m.constant(0x99, 8), al), m.flag('CF'));
    const zero = m.constant(0, 8);
    const correction = m.or(m.select(low, m.constant(6, 8), zero), m.select(high, m.constant(0x60, 8), zero));
    const result = m[direction](al, correction);
    const overflow = direction === 'add' ? m.and(m.not(al), result) : m.and(al, m.not(result));
    const borrow = m.and(low, m.ltu(al, m.constant(6, 8)));
    m.setRegister(RAX, result);
    m.setFlagsFromResult(result, {
      CF: direction === 'add' ? high : m.or(high, borrow),
      OF: m.sign(overflow),
      AF: low,
    });
  };
}

export const daa = instruction({
  mnemonic: 'daa',
  forms: ['27 [i64]'],
  manual: 'APM 3 "DAA"',
  undefined: ['OF'],
  meaning: adjustDecimal('add'),
});
export const das = instruction({
  mnemonic: 'das',
  forms: ['2f [i64]'],
  manual: 'APM 3 "DAS"',
  undefined: ['OF'],
  meaning: adjustDecimal('sub'),
});

export const aam = instruction({
  mnemonic: 'aam',
  forms: ['d4 Ib [i64]'],
  manual: 'APM 3 "AAM"',
  undefined: ['OF', 'AF', 'CF'],
  meaning: (m, immediate) => {
    const base = m.read(immediate);
    m.if(m.isZero(base), () => m.raise('#DE'));
    const al = m.register(RAX, 8);
    const quotient = m.truncate(m.core('divideUnsigned', m.zeroExtend(al, 64), m.zeroExtend(base, 64)), 8);
    const remainder = m.sub(al, m.mul(quotient, base));
    m.setRegister(RAX, m.or(m.shl(m.zeroExtend(quotient, 16), 8), m.zeroExtend(remainder, 16)));
    setLogicFlags(m, remainder);
  },
});

export const aad = instruction({
  mnemonic: 'aad',
  forms: ['d5 Ib [i64]'],
  manual: 'APM 3 "AAD"',
  undefined: ['OF', 'AF', 'CF'],
  meaning: (m, immediate) => {
    const base = m.read(immediate);
    const ax = m.register(RAX, 16);
    const al = m.truncate(ax, 8);
    const tens = m.mul(m.truncate(m.shr(ax, 8), 8), base);
    const sum = m.add(al, tens);
    m.setRegister(RAX, m.zeroExtend(sum, 16));
    m.setFlagsFromSum(al, tens, sum);
  },
});

export const salc = instruction({
  mnemonic: 'salc',
  // In no manual of AMD's, but in all processors (Intel lists D6 without a name).
  forms: ['d6 [i64]'],
  manual: 'SDM 2 appendix A.3',
  meaning: (m) => m.setRegister(RAX, m.select(m.flag('CF'), m.constant(0xff, 8), m.constant(0, 8))),
});
