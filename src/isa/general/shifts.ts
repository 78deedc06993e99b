// Shifts. APM vol. 3 "SAL SHL", "SHR", "SAR". The count is taken modulo 32, or modulo 64 for 64-bit operands; a count of 0
// leaves the flags alone. The manual leaves AF undefined, OF for counts above 1 and CF for counts beyond the operand's
// width. What is here is what AMD's processors of family 19h do: AF is set, OF and CF follow the rule of smaller counts.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/** The encodings of number `extension` of group 2 with an immediate or CL as the count. */
export function countForms(extension: number): string[] {
  return [`c0 /${extension} Eb Ib`, `c1 /${extension} Ev Ib`, `d2 /${extension} Eb CL`, `d3 /${extension} Ev CL`];
}

/** The encodings of number `extension` of group 2 with a count of 1. */
export function onceForms(extension: number): string[] {
  return [`d0 /${extension} Eb 1`, `d1 /${extension} Ev 1`];
}

/** The count as the processor takes it: 8 bits, less than 32, or less than 64 for 64-bit operands. */
export function maskedCount(m: AbstractMachine, count: Operand, bits: number): Value {
  return m.and(m.read(count), m.constant(bits === 64 ? 63 : 31, 8));
}

/** The width minus the count, modulo the width: 8 bits. */
export function complementOf(m: AbstractMachine, count: Value, bits: number): Value {
  return m.and(m.neg(count), m.constant(bits - 1, 8));
}

/** The bit that a right shift by `count`, which is not 0, moved out last. */
export function lastBitOut(m: AbstractMachine, shifted: Value, count: Value): Value {
  return m.truncate(m.shr(shifted, m.sub(count, m.constant(1, 8))), 1);
}

function setShiftFlags(m: AbstractMachine, result: Value, CF: Value, OF: Value): void {
  m.setFlagsFromResult(result, { CF, OF, AF: m.constant(1, 1) });
}

function shiftLeft(m: AbstractMachine, destination: Operand, source: Operand): void {
  const a = m.readForWrite(destination);
  const count = maskedCount(m, source, a.bits);
  const shifted = m.shl(a.bits < 32 ? m.zeroExtend(a, 32) : a, count);
  const result = m.truncate(shifted, a.bits);
  m.write(destination, result);
  m.if(m.not(m.isZero(count)), () => {
    const carry = a.bits < 32 ? m.bit(shifted, a.bits) : m.truncate(m.shr(a, complementOf(m, count, a.bits)), 1);
    setShiftFlags(m, result, carry, m.xor(m.sign(result), carry));
  });
}

function shiftLeftOnce(m: AbstractMachine, destination: Operand): void {
  const a = m.readForWrite(destination);
  const result = m.shl(a, 1);
  const carry = m.sign(a);
  m.write(destination, result);
  setShiftFlags(m, result, carry, m.xor(m.sign(result), carry));
}

function shiftRight(signed: boolean) {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const a = m.readForWrite(destination);
    const count = maskedCount(m, source, a.bits);
    const extended = a.bits === 64 ? a : signed ? m.signExtend(a, 32) : m.zeroExtend(a, 32);
    const result = m.truncate(signed ? m.sar(extended, count) : m.shr(extended, count), a.bits);
    m.write(destination, result);
    m.if(m.not(m.isZero(count)), () => {
      const overflow = signed ? m.constant(0, 1) : m.bit(result, a.bits - 2);
      const before = m.sub(count, m.constant(1, 8));
      const carry = m.truncate(signed ? m.sar(extended, before) : m.shr(extended, before), 1);
      setShiftFlags(m, result, carry, overflow);
    });
  };
}

function shiftRightOnce(signed: boolean) {
  return (m: AbstractMachine, destination: Operand): void => {
    const a = m.readForWrite(destination);
    const result = signed ? m.sar(a, 1) : m.shr(a, 1);
    m.write(destination, result);
    setShiftFlags(m, result, m.bit(a, 0), signed ? m.constant(0, 1) : m.sign(a));
  };
}

// Number 6 of group 2 is an undocumented twin of number 4 in every processor.
export const shl = instruction({
  mnemonic: 'shl',
  forms: [...countForms(4), ...countForms(6)],
  manual: 'APM 3 "SAL SHL"',
  undefined: ['AF', 'OF'],
  meaning: shiftLeft,
});
export const shlOnce = instruction({
  mnemonic: 'shl',
  forms: [...onceForms(4), ...onceForms(6)],
  manual: 'APM 3 "SAL SHL"',
  undefined: ['AF'],
  meaning: shiftLeftOnce,
});
export const shr = instruction({
  mnemonic: 'shr',
  forms: countForms(5),
  manual: 'APM 3 "SHR"',
  undefined: ['AF', 'OF'],
  meaning: shiftRight(false),
});
export const shrOnce = instruction({
  mnemonic: 'shr',
  forms: onceForms(5),
  manual: 'APM 3 "SHR"',
  undefined: ['AF'],
  meaning: shiftRightOnce(false),
});
export const sar = instruction({
  mnemonic: 'sar',
  forms: countForms(7),
  manual: 'APM 3 "SAR"',
  undefined: ['AF', 'OF'],
  meaning: shiftRight(true),
});
export const sarOnce = instruction({
  mnemonic: 'sar',
  forms: onceForms(7),
  manual: 'APM 3 "SAR"',
  undefined: ['AF'],
  meaning: shiftRightOnce(true),
});
