// Comparison of strings of up to 16 bytes or 8 words. SDM vol. 2 section 4.1 and "PCMPESTRI", "PCMPISTRM", …
// The memory operand need not be aligned.

import { RAX, RCX, RDX, type AbstractMachine, type Operand, type Value } from '../abstract-machine.ts';
import { instruction, type Instruction } from '../instruction.ts';
import { byteMask, wordMask } from './lane-masks.ts';

/** The magnitude of a length in a register, at most `elements`; 32 bits. */
function explicitLength(m: AbstractMachine, register: number, elements: Value): Value {
  const length = m.register(register, m.operandSize === 64 ? 64 : 32);
  const magnitude = m.select(m.sign(length), m.neg(length), length);
  const most = m.zeroExtend(elements, length.bits);
  return m.truncate(m.select(m.ltu(most, magnitude), most, magnitude), 32);
}

/** With `mask` as a fourth operand the mask goes there, else the index to ECX. */
function compare(lengths: 'explicit' | 'implicit') {
  return (m: AbstractMachine, first: Operand, second: Operand, immediate: Operand, mask?: Operand): void => {
    const b = m.read(second);
    const a = m.read(first);
    const control = m.zeroExtend(m.read(immediate), 32);
    const words = m.bit(control, 0);
    const elements = m.select(words, m.constant(8, 32), m.constant(16, 32));
    const length = (register: number, string: Value): Value =>
      lengths === 'explicit' ? explicitLength(m, register, elements) : m.core('stringLength', string, control);
    const lengthA = length(RAX, a);
    const lengthB = length(RDX, b);
    const matches = m.core('compareStrings', a, b, lengthA, lengthB, control);
    const none = m.isZero(matches);
    const last = m.bit(control, 6);
    if (mask) {
      const spread = m.select(words, wordMask(m, matches), byteMask(m, matches));
      m.write(mask, m.select(last, spread, m.zeroExtend(matches, 128)));
    } else {
      const highest = m.sub(m.constant(31, 32), m.clz(matches));
      m.setRegister(RCX, m.select(none, elements, m.select(last, highest, m.ctz(matches))));
    }
    const clear = m.constant(0, 1);
    m.setFlags({
      CF: m.not(none),
      ZF: m.ltu(lengthB, elements),
      SF: m.ltu(lengthA, elements),
      OF: m.bit(matches, 0),
      AF: clear,
      PF: clear,
    });
  };
}

function comparison(mnemonic: string, opcode: string, operands: string, lengths: 'explicit' | 'implicit'): Instruction {
  // REX.W makes explicit lengths 64-bit registers.
  const encoding = `66 0f 3a ${opcode} /r ${operands}`;
  return instruction({
    mnemonic,
    forms: lengths === 'explicit' ? [`${encoding} [w0]`, `${encoding} [w1 sized]`] : [encoding],
    manual: `SDM 2 "${mnemonic.toUpperCase()}"`,
    feature: 'sse4.2',
    meaning: compare(lengths),
  });
}

export const stringComparisons = [
  comparison('pcmpestrm', '60', 'Vx Wx Ib XMM0', 'explicit'),
  comparison('pcmpestri', '61', 'Vx Wx Ib', 'explicit'),
  comparison('pcmpistrm', '62', 'Vx Wx Ib XMM0', 'implicit'),
  comparison('pcmpistri', '63', 'Vx Wx Ib', 'implicit'),
];
