// BMI1, BMI2 and ADX. APM vol. 3 "ANDN", "BEXTR", "BLSI", …; flags that the manual leaves undefined are those of AMD's
// processors of family 19h.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { RDX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { setLogicFlags } from './logic.ts';

export const andn = instruction({
  mnemonic: 'andn',
  forms: ['vex np 0f 38 f2 /r Gy By Ey [l0 prot]'],
  manual: 'APM 3 "ANDN"',
  feature: 'bmi1',
  undefined: ['AF', 'PF'],
  meaning: (m, destination, inverted, source) => {
    const result = m.and(m.not(m.read(inverted)), m.read(source));
    m.write(destination, result);
    setLogicFlags(m, result);
  },
});

/** All ones in the low `count` (8 bits) bits; all of them when the count reaches the width. */
function lowOnes(m: AbstractMachine, count: Value, bits: 32 | 64): Value {
  const ones = m.constant(-1n, bits);
  const within = m.and(count, m.constant(bits - 1, 8));
  return m.select(m.ltu(count, m.constant(bits, 8)), m.not(m.shl(ones, within)), ones);
}

export const bextr = instruction({
  mnemonic: 'bextr',
  forms: ['vex np 0f 38 f7 /r Gy Ey By [l0 prot]'],
  manual: 'APM 3 "BEXTR (register form)"',
  feature: 'bmi1',
  undefined: ['AF', 'SF', 'PF'],
  meaning: (m, destination, source, control) => {
    const value = m.read(source);
    const bits = value.bits as 32 | 64;
    const fields = m.read(control);
    const start = m.truncate(fields, 8);
    const length = m.truncate(m.shr(fields, 8), 8);
    const shifted = m.shr(value, m.and(start, m.constant(bits - 1, 8)));
    const inside = m.select(m.ltu(start, m.constant(bits, 8)), shifted, m.constant(0, bits));
    const result = m.and(inside, lowOnes(m, length, bits));
    m.write(destination, result);
    const clear = m.constant(0, 1);
    const PF = m.not(m.bit(m.popcnt(m.and(result, m.constant(0xff, bits))), 0));
    m.setFlags({ CF: clear, PF, AF: m.constant(1, 1), ZF: m.isZero(result), SF: clear, OF: clear });
  },
});

function lowestBit(combine: (m: AbstractMachine, value: Value) => Value, carryWhenZero: boolean) {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const value = m.read(source);
    const result = combine(m, value);
    m.write(destination, result);
    const zero = m.isZero(value);
    const clear = m.constant(0, 1);
    m.setFlagsFromResult(result, { CF: carryWhenZero ? zero : m.not(zero), OF: clear, AF: clear });
  };
}

const minusOne = (m: AbstractMachine, value: Value): Value => m.sub(value, m.constant(1, value.bits));

export const blsi = instruction({
  mnemonic: 'blsi',
  forms: ['vex np 0f 38 f3 /3 By Ey [l0 prot]'],
  manual: 'APM 3 "BLSI"',
  feature: 'bmi1',
  undefined: ['AF', 'PF'],
  meaning: lowestBit((m, value) => m.and(value, m.neg(value)), false),
});
export const blsmsk = instruction({
  mnemonic: 'blsmsk',
  forms: ['vex np 0f 38 f3 /2 By Ey [l0 prot]'],
  manual: 'APM 3 "BLSMSK"',
  feature: 'bmi1',
  undefined: ['AF', 'PF'],
  meaning: lowestBit((m, value) => m.xor(value, minusOne(m, value)), true),
});
export const blsr = instruction({
  mnemonic: 'blsr',
  forms: ['vex np 0f 38 f3 /1 By Ey [l0 prot]'],
  manual: 'APM 3 "BLSR"',
  feature: 'bmi1',
  undefined: ['AF', 'PF'],
  meaning: lowestBit((m, value) => m.and(value, minusOne(m, value)), true),
});

export const bzhi = instruction({
  mnemonic: 'bzhi',
  forms: ['vex np 0f 38 f5 /r Gy Ey By [l0 prot]'],
  manual: 'APM 3 "BZHI"',
  feature: 'bmi2',
  undefined: ['AF', 'PF'],
  meaning: (m, destination, source, index) => {
    const value = m.read(source);
    const bits = value.bits as 32 | 64;
    const count = m.truncate(m.read(index), 8);
    const result = m.and(value, lowOnes(m, count, bits));
    m.write(destination, result);
    const clear = m.constant(0, 1);
    m.setFlagsFromResult(result, { CF: m.not(m.ltu(count, m.constant(bits, 8))), OF: clear, AF: clear });
  },
});

export const mulx = instruction({
  mnemonic: 'mulx',
  forms: ['vex f2 0f 38 f6 /r Gy By Ey [l0 prot]'],
  manual: 'APM 3 "MULX"',
  feature: 'bmi2',
  // When both destinations are the same register it holds the high half.
  meaning: (m, high, low, source) => {
    const factor = m.read(source);
    if (factor.bits === 64) {
      const other = m.register(RDX, 64);
      const upper = m.core('mulHighUnsigned', other, factor);
      m.write(low, m.mul(other, factor));
      m.write(high, upper);
    } else {
      const product = m.mul(m.zeroExtend(m.register(RDX, 32), 64), m.zeroExtend(factor, 64));
      m.write(low, m.truncate(product, 32));
      m.write(high, m.truncate(m.shr(product, 32), 32));
    }
  },
});

function scatter(routine: 'depositBits' | 'extractBits') {
  return (m: AbstractMachine, destination: Operand, source: Operand, mask: Operand): void => {
    const value = m.read(source);
    const result = m.core(routine, m.zeroExtend(value, 64), m.zeroExtend(m.read(mask), 64));
    m.write(destination, m.truncate(result, value.bits));
  };
}

export const pdep = instruction({
  mnemonic: 'pdep',
  forms: ['vex f2 0f 38 f5 /r Gy By Ey [l0 prot]'],
  manual: 'APM 3 "PDEP"',
  feature: 'bmi2',
  meaning: scatter('depositBits'),
});
export const pext = instruction({
  mnemonic: 'pext',
  forms: ['vex f3 0f 38 f5 /r Gy By Ey [l0 prot]'],
  manual: 'APM 3 "PEXT"',
  feature: 'bmi2',
  meaning: scatter('extractBits'),
});

export const rorx = instruction({
  mnemonic: 'rorx',
  forms: ['vex f2 0f 3a f0 /r Gy Ey Ib [l0 prot]'],
  manual: 'APM 3 "RORX"',
  feature: 'bmi2',
  meaning: (m, destination, source, count) => {
    const value = m.read(source);
    m.write(destination, m.rotr(value, m.and(m.read(count), m.constant(value.bits - 1, 8))));
  },
});

function shiftWithoutFlags(operator: 'sar' | 'shl' | 'shr') {
  return (m: AbstractMachine, destination: Operand, source: Operand, count: Operand): void => {
    const value = m.read(source);
    m.write(destination, m[operator](value, m.and(m.truncate(m.read(count), 8), m.constant(value.bits - 1, 8))));
  };
}

export const sarx = instruction({
  mnemonic: 'sarx',
  forms: ['vex f3 0f 38 f7 /r Gy Ey By [l0 prot]'],
  manual: 'APM 3 "SARX"',
  feature: 'bmi2',
  meaning: shiftWithoutFlags('sar'),
});
export const shlx = instruction({
  mnemonic: 'shlx',
  forms: ['vex 66 0f 38 f7 /r Gy Ey By [l0 prot]'],
  manual: 'APM 3 "SHLX"',
  feature: 'bmi2',
  meaning: shiftWithoutFlags('shl'),
});
export const shrx = instruction({
  mnemonic: 'shrx',
  forms: ['vex f2 0f 38 f7 /r Gy Ey By [l0 prot]'],
  manual: 'APM 3 "SHRX"',
  feature: 'bmi2',
  meaning: shiftWithoutFlags('shr'),
});
