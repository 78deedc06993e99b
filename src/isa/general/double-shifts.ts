// Double-precision shifts. APM vol. 3 "SHLD", "SHRD". Flags as for the single shifts. With 16-bit operands and a count above
// 16 the manual leaves result and flags undefined; AMD's processors of family 19h shift the source in a second time, and
// take CF and SHLD's OF from the destination alone.

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { complementOf, lastBitOut, maskedCount } from './shifts.ts';

function shiftLeftDouble(m: AbstractMachine, destination: Operand, source: Operand, by: Operand): void {
  const b = m.read(source);
  const a = m.readForWrite(destination);
  const count = maskedCount(m, by, a.bits);
  let result;
  if (a.bits === 64) {
    // The source moves in two steps, because it may have to move by 64.
    result = m.or(m.shl(a, count), m.shr(m.shr(b, 1), m.xor(count, m.constant(63, 8))));
  } else {
    const low =
      a.bits === 32 ? m.zeroExtend(b, 64) : m.zeroExtend(m.or(m.zeroExtend(b, 32), m.shl(m.zeroExtend(b, 32), 16)), 64);
    result = m.truncate(m.shr(m.shl(m.or(m.shl(m.zeroExtend(a, 64), 32), low), count), 32), a.bits);
  }
  m.write(destination, result);
  m.if(m.not(m.isZero(count)), () => {
    const alone = m.shl(a.bits === 16 ? m.zeroExtend(a, 32) : a, count);
    const carry = a.bits === 16 ? m.bit(alone, 16) : m.truncate(m.shr(a, complementOf(m, count, a.bits)), 1);
    const top = a.bits === 16 ? m.bit(alone, 15) : m.sign(result);
    m.setFlagsFromResult(result, { CF: carry, OF: m.xor(top, carry), AF: m.constant(1, 1) });
  });
}

function shiftRightDouble(m: AbstractMachine, destination: Operand, source: Operand, by: Operand): void {
  const b = m.read(source);
  const a = m.readForWrite(destination);
  const count = maskedCount(m, by, a.bits);
  let result;
  if (a.bits === 64) {
    result = m.or(m.shr(a, count), m.shl(m.shl(b, 1), m.xor(count, m.constant(63, 8))));
  } else {
    const wide = m.zeroExtend(b, 64);
    const high = a.bits === 32 ? m.shl(wide, 32) : m.or(m.shl(wide, 16), m.shl(wide, 32));
    result = m.truncate(m.shr(m.or(high, m.zeroExtend(a, 64)), count), a.bits);
  }
  m.write(destination, result);
  m.if(m.not(m.isZero(count)), () => {
    const carry = lastBitOut(m, a.bits === 16 ? m.zeroExtend(a, 32) : a, count);
    m.setFlagsFromResult(result, {
      CF: carry,
      OF: m.xor(m.sign(result), m.bit(result, a.bits - 2)),
      AF: m.constant(1, 1),
    });
  });
}

export const shld = instruction({
  mnemonic: 'shld',
  forms: ['0f a4 /r Ev Gv Ib', '0f a5 /r Ev Gv CL'],
  manual: 'APM 3 "SHLD"',
  undefined: ['AF', 'OF'],
  meaning: shiftLeftDouble,
});
export const shrd = instruction({
  mnemonic: 'shrd',
  forms: ['0f ac /r Ev Gv Ib', '0f ad /r Ev Gv CL'],
  manual: 'APM 3 "SHRD"',
  undefined: ['AF', 'OF'],
  meaning: shiftRightDouble,
});
