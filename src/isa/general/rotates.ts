// Rotations. APM vol. 3 "ROL", "ROR", "RCL", "RCR". The count is masked like that of a shift; a masked count of 0 leaves the
// flags alone, otherwise CF and OF alone change. The manual leaves OF undefined for counts above 1; AMD's processors of
// family 19h follow the rule of a count of 1.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { complementOf, countForms, maskedCount, onceForms } from './shifts.ts';

interface Rotated {
  readonly result: Value;
  readonly carry: Value;
}

function setLeftFlags(m: AbstractMachine, { result, carry }: Rotated): void {
  m.setCarryAndOverflow(carry, m.xor(m.sign(result), carry));
}

function setRightFlags(m: AbstractMachine, { result, carry }: Rotated): void {
  m.setCarryAndOverflow(carry, m.xor(m.sign(result), m.bit(result, result.bits - 2)));
}

/** Makes the meaning of a rotation by a count out of what it does to a value. */
function byCount(
  rotate: (m: AbstractMachine, a: Value, count: Value) => Rotated,
  setFlags: (m: AbstractMachine, rotated: Rotated) => void,
) {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const a = m.readForWrite(destination);
    const count = maskedCount(m, source, a.bits);
    const rotated = rotate(m, a, count);
    m.write(destination, rotated.result);
    m.if(m.not(m.isZero(count)), () => setFlags(m, rotated));
  };
}

/** The same for a count of 1. */
function once(
  rotate: (m: AbstractMachine, a: Value) => Rotated,
  setFlags: (m: AbstractMachine, rotated: Rotated) => void,
) {
  return (m: AbstractMachine, destination: Operand): void => {
    const rotated = rotate(m, m.readForWrite(destination));
    m.write(destination, rotated.result);
    setFlags(m, rotated);
  };
}

/** The count modulo the operand's width. */
function withinWidth(m: AbstractMachine, count: Value, bits: number): Value {
  return bits < 32 ? m.and(count, m.constant(bits - 1, 8)) : count;
}

function rotateLeft(m: AbstractMachine, a: Value, count: Value): Rotated {
  const result = m.rotl(a, withinWidth(m, count, a.bits));
  return { result, carry: m.bit(result, 0) };
}

function rotateRight(m: AbstractMachine, a: Value, count: Value): Rotated {
  const result = m.rotr(a, withinWidth(m, count, a.bits));
  return { result, carry: m.sign(result) };
}

/** A count below 32 modulo the width plus one: rotations through CF turn 9, 17 or 33 bits. */
function withinCarryWidth(m: AbstractMachine, count: Value, bits: number): Value {
  if (bits === 32) return count;
  if (bits === 16) return m.select(m.ltu(count, m.constant(17, 8)), count, m.sub(count, m.constant(17, 8)));
  // 57 / 512 is close enough to 1 / 9 for counts below 32.
  const ninths = m.truncate(m.shr(m.mul(m.zeroExtend(count, 16), m.constant(57, 16)), 9), 8);
  return m.sub(count, m.mul(ninths, m.constant(9, 8)));
}

/** Turns CF and an operand of up to 32 bits, as one number of width + 1 bits. */
function throughCarry(m: AbstractMachine, a: Value, count: Value, left: boolean): Rotated {
  const around = m.or(m.zeroExtend(a, 64), m.shl(m.zeroExtend(m.flag('CF'), 64), a.bits));
  const forward = withinCarryWidth(m, count, a.bits);
  const back = m.sub(m.constant(a.bits + 1, 8), forward);
  const turned = left
    ? m.or(m.shl(around, forward), m.shr(around, back))
    : m.or(m.shr(around, forward), m.shl(around, back));
  return { result: m.truncate(turned, a.bits), carry: m.bit(turned, a.bits) };
}

function rotateLeftThroughCarry(m: AbstractMachine, a: Value, count: Value): Rotated {
  if (a.bits < 64) return throughCarry(m, a, count, true);
  const rest = complementOf(m, count, 64);
  const before = m.and(m.sub(count, m.constant(1, 8)), m.constant(63, 8));
  const turned = m.or(m.or(m.shl(a, count), m.shr(m.shr(a, 1), rest)), m.shl(m.zeroExtend(m.flag('CF'), 64), before));
  return { result: m.select(m.isZero(count), a, turned), carry: m.truncate(m.shr(a, rest), 1) };
}

function rotateRightThroughCarry(m: AbstractMachine, a: Value, count: Value): Rotated {
  if (a.bits < 64) return throughCarry(m, a, count, false);
  const rest = complementOf(m, count, 64);
  const incoming = m.or(m.shl(a, 1), m.zeroExtend(m.flag('CF'), 64));
  const before = m.and(m.sub(count, m.constant(1, 8)), m.constant(63, 8));
  const turned = m.or(m.shr(a, count), m.shl(incoming, rest));
  return { result: m.select(m.isZero(count), a, turned), carry: m.truncate(m.shr(a, before), 1) };
}

export const rol = instruction({
  mnemonic: 'rol',
  forms: countForms(0),
  manual: 'APM 3 "ROL"',
  undefined: ['OF'],
  meaning: byCount(rotateLeft, setLeftFlags),
});
export const ror = instruction({
  mnemonic: 'ror',
  forms: countForms(1),
  manual: 'APM 3 "ROR"',
  undefined: ['OF'],
  meaning: byCount(rotateRight, setRightFlags),
});
export const rcl = instruction({
  mnemonic: 'rcl',
  forms: countForms(2),
  manual: 'APM 3 "RCL"',
  undefined: ['OF'],
  meaning: byCount(rotateLeftThroughCarry, setLeftFlags),
});
export const rcr = instruction({
  mnemonic: 'rcr',
  forms: countForms(3),
  manual: 'APM 3 "RCR"',
  undefined: ['OF'],
  meaning: byCount(rotateRightThroughCarry, setRightFlags),
});

export const rolOnce = instruction({
  mnemonic: 'rol',
  forms: onceForms(0),
  manual: 'APM 3 "ROL"',
  meaning: once((m, a) => ({ result: m.rotl(a, 1), carry: m.sign(a) }), setLeftFlags),
});
export const rorOnce = instruction({
  mnemonic: 'ror',
  forms: onceForms(1),
  manual: 'APM 3 "ROR"',
  meaning: once((m, a) => ({ result: m.rotr(a, 1), carry: m.bit(a, 0) }), setRightFlags),
});
export const rclOnce = instruction({
  mnemonic: 'rcl',
  forms: onceForms(2),
  manual: 'APM 3 "RCL"',
  meaning: once(
    (m, a) => ({ result: m.or(m.shl(a, 1), m.zeroExtend(m.flag('CF'), a.bits)), carry: m.sign(a) }),
    setLeftFlags,
  ),
});
export const rcrOnce = instruction({
  mnemonic: 'rcr',
  forms: onceForms(3),
  manual: 'APM 3 "RCR"',
  meaning: once(
    (m, a) => ({
      result: m.or(m.shr(a, 1), m.shl(m.zeroExtend(m.flag('CF'), a.bits), a.bits - 1)),
      carry: m.bit(a, 0),
    }),
    setRightFlags,
  ),
});
