// Division. APM vol. 3 "DIV", "IDIV". #DE comes before any write, for a divisor of zero as for a quotient that does not fit.
// The manual leaves the flags undefined; AMD's processors of family 19h keep CF and OF, set AF and clear the others.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { RAX, RDX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

function setDivisionFlags(m: AbstractMachine): void {
  const clear = m.constant(0, 1);
  m.setFlags({ CF: m.flag('CF'), PF: clear, AF: m.constant(1, 1), ZF: clear, SF: clear, OF: m.flag('OF') });
}

/** rDX:rAX (or AX) as one number; 64 bits wide, for divisors of up to 32 bits. */
function dividendOf(m: AbstractMachine, bits: 8 | 16 | 32, signed: boolean): Value {
  if (bits === 8) return signed ? m.signExtend(m.register(RAX, 16), 64) : m.zeroExtend(m.register(RAX, 16), 64);
  const high = m.register(RDX, bits);
  return m.or(
    m.shl(signed ? m.signExtend(high, 64) : m.zeroExtend(high, 64), bits),
    m.zeroExtend(m.register(RAX, bits), 64),
  );
}

function divideNarrow(m: AbstractMachine, divisor: Value, signed: boolean): void {
  const bits = divisor.bits as 8 | 16 | 32;
  const extend = (value: Value): Value => (signed ? m.signExtend(value, 64) : m.zeroExtend(value, 64));
  const dividend = dividendOf(m, bits, signed);
  // A divisor of zero gives a quotient that fits no operand.
  const quotient = m.core(signed ? 'divideSigned' : 'divideUnsigned', dividend, extend(divisor));
  const result = m.truncate(quotient, bits);
  m.if(m.not(m.eq(extend(result), quotient)), () => m.raise('#DE'));
  const remainder = m.truncate(m.sub(dividend, m.mul(quotient, extend(divisor))), bits);
  if (bits === 8) {
    m.setRegister(RAX, m.or(m.zeroExtend(result, 16), m.shl(m.zeroExtend(remainder, 16), 8)));
  } else {
    m.setRegister(RAX, result);
    m.setRegister(RDX, remainder);
  }
  setDivisionFlags(m);
}

function divideWide(m: AbstractMachine, divisor: Value, signed: boolean): void {
  const low = m.register(RAX, 64);
  const quotient = m.core(signed ? 'divideWideSigned' : 'divideWideUnsigned', m.register(RDX, 64), low, divisor);
  m.setRegister(RAX, quotient);
  m.setRegister(RDX, m.sub(low, m.mul(quotient, divisor)));
  setDivisionFlags(m);
}

function division(signed: boolean) {
  return (m: AbstractMachine, source: Operand): void => {
    const divisor = m.read(source);
    if (divisor.bits === 64) divideWide(m, divisor, signed);
    else divideNarrow(m, divisor, signed);
  };
}

export const div = instruction({
  mnemonic: 'div',
  forms: ['f6 /6 Eb', 'f7 /6 Ev'],
  manual: 'APM 3 "DIV"',
  undefined: ['CF', 'PF', 'AF', 'ZF', 'SF', 'OF'],
  meaning: division(false),
});
export const idiv = instruction({
  mnemonic: 'idiv',
  forms: ['f6 /7 Eb', 'f7 /7 Ev'],
  manual: 'APM 3 "IDIV"',
  undefined: ['CF', 'PF', 'AF', 'ZF', 'SF', 'OF'],
  meaning: division(true),
});
