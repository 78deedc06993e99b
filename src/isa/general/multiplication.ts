// Multiplication. APM vol. 3 "MUL", "IMUL". The manual leaves SF, ZF, AF and PF undefined; AMD's processors of family 19h keep them.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { RAX, RDX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/** CF and OF tell that the high half matters. */
function setOverflow(m: AbstractMachine, overflow: Value): void {
  m.setCarryAndOverflow(overflow, overflow);
}

interface Product {
  readonly low: Value;
  readonly high: Value;
}

function multiply(m: AbstractMachine, a: Value, b: Value, signed: boolean): Product {
  if (a.bits === 64) return { low: m.mul(a, b), high: m.core(signed ? 'mulHighSigned' : 'mulHighUnsigned', a, b) };
  const bits = a.bits === 32 ? 64 : 32;
  const extend = (value: Value): Value => (signed ? m.signExtend(value, bits) : m.zeroExtend(value, bits));
  const product = m.mul(extend(a), extend(b));
  return { low: m.truncate(product, a.bits), high: m.truncate(m.shr(product, a.bits), a.bits) };
}

/** True when the high half of a signed product is not the sign of the low half. */
function overflows(m: AbstractMachine, { low, high }: Product): Value {
  return m.not(m.eq(high, m.sar(low, low.bits - 1)));
}

function intoAccumulator(signed: boolean) {
  return (m: AbstractMachine, source: Operand): void => {
    const b = m.read(source);
    const product = multiply(m, m.register(RAX, b.bits as 8 | 16 | 32 | 64), b, signed);
    if (b.bits === 8) {
      m.setRegister(RAX, m.or(m.zeroExtend(product.low, 16), m.shl(m.zeroExtend(product.high, 16), 8)));
    } else {
      m.setRegister(RAX, product.low);
      m.setRegister(RDX, product.high);
    }
    setOverflow(m, signed ? overflows(m, product) : m.not(m.isZero(product.high)));
  };
}

export const mul = instruction({
  mnemonic: 'mul',
  forms: ['f6 /4 Eb', 'f7 /4 Ev'],
  manual: 'APM 3 "MUL"',
  undefined: ['SF', 'ZF', 'AF', 'PF'],
  meaning: intoAccumulator(false),
});
export const imul = instruction({
  mnemonic: 'imul',
  forms: ['f6 /5 Eb', 'f7 /5 Ev'],
  manual: 'APM 3 "IMUL"',
  undefined: ['SF', 'ZF', 'AF', 'PF'],
  meaning: intoAccumulator(true),
});

function truncatedProduct(m: AbstractMachine, destination: Operand, a: Value, b: Value): void {
  const product = multiply(m, a, b, true);
  m.write(destination, product.low);
  setOverflow(m, overflows(m, product));
}

export const imulRegister = instruction({
  mnemonic: 'imul',
  forms: ['0f af /r Gv Ev'],
  manual: 'APM 3 "IMUL"',
  undefined: ['SF', 'ZF', 'AF', 'PF'],
  meaning: (m, destination, source) => truncatedProduct(m, destination, m.read(destination), m.read(source)),
});

export const imulImmediate = instruction({
  mnemonic: 'imul',
  forms: ['69 /r Gv Ev Iz', '6b /r Gv Ev Ibs'],
  manual: 'APM 3 "IMUL"',
  undefined: ['SF', 'ZF', 'AF', 'PF'],
  meaning: (m, destination, source, factor) => truncatedProduct(m, destination, m.read(source), m.read(factor)),
});
