// Addition, subtraction and comparison. AMD64 APM vol. 3 "ADC", "ADD", "SUB", …; flags: SDM vol. 1 section 5.1.2.

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/** The eight classic encodings of a two-operand instruction, whose opcodes differ by `base`, and its number in group 1. */
export function binaryForms(base: number, extension: number, attribute: 'lock' | ''): string[] {
  const hex = (offset: number): string => (base + offset).toString(16).padStart(2, '0');
  const mark = attribute ? ` [${attribute}]` : '';
  return [
    `${hex(0)} /r Eb Gb${mark}`,
    `${hex(1)} /r Ev Gv${mark}`,
    `${hex(2)} /r Gb Eb`,
    `${hex(3)} /r Gv Ev`,
    `${hex(4)} AL Ib`,
    `${hex(5)} rAX Iz`,
    `80 /${extension} Eb Ib${mark}`,
    `82 /${extension} Eb Ib [i64${attribute ? ' lock' : ''}]`,
    `81 /${extension} Ev Iz${mark}`,
    `83 /${extension} Ev Ibs${mark}`,
  ];
}

function addition(withCarry: boolean) {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const b = m.read(source);
    const a = m.readForWrite(destination);
    const sum = m.add(a, b);
    const result = withCarry ? m.add(sum, m.zeroExtend(m.flag('CF'), a.bits)) : sum;
    m.write(destination, result);
    m.setFlagsFromSum(a, b, result);
  };
}

function subtraction(withBorrow: boolean, writes: boolean) {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const b = m.read(source);
    const a = writes ? m.readForWrite(destination) : m.read(destination);
    const difference = m.sub(a, b);
    const result = withBorrow ? m.sub(difference, m.zeroExtend(m.flag('CF'), a.bits)) : difference;
    if (writes) m.write(destination, result);
    m.setFlagsFromDifference(a, b, result);
  };
}

export const add = instruction({
  mnemonic: 'add',
  forms: binaryForms(0x00, 0, 'lock'),
  manual: 'APM 3 "ADD"',
  meaning: addition(false),
});
export const adc = instruction({
  mnemonic: 'adc',
  forms: binaryForms(0x10, 2, 'lock'),
  manual: 'APM 3 "ADC"',
  meaning: addition(true),
});
export const sub = instruction({
  mnemonic: 'sub',
  forms: binaryForms(0x28, 5, 'lock'),
  manual: 'APM 3 "SUB"',
  meaning: subtraction(false, true),
});
export const sbb = instruction({
  mnemonic: 'sbb',
  forms: binaryForms(0x18, 3, 'lock'),
  manual: 'APM 3 "SBB"',
  meaning: subtraction(true, true),
});
export const cmp = instruction({
  mnemonic: 'cmp',
  forms: binaryForms(0x38, 7, ''),
  manual: 'APM 3 "CMP"',
  meaning: subtraction(false, false),
});

/** INC and DEC leave CF alone. */
function step(direction: 1 | -1) {
  return (m: AbstractMachine, destination: Operand): void => {
    const a = m.readForWrite(destination);
    const one = m.constant(1, a.bits);
    const carry = m.flag('CF');
    const result = direction === 1 ? m.add(a, one) : m.sub(a, one);
    m.write(destination, result);
    if (direction === 1) m.setFlagsFromSum(a, one, result, carry);
    else m.setFlagsFromDifference(a, one, result, carry);
  };
}

export const inc = instruction({
  mnemonic: 'inc',
  forms: ['fe /0 Eb [lock]', 'ff /0 Ev [lock]', '40 +r Zv [i64]'],
  manual: 'APM 3 "INC"',
  meaning: step(1),
});
export const dec = instruction({
  mnemonic: 'dec',
  forms: ['fe /1 Eb [lock]', 'ff /1 Ev [lock]', '48 +r Zv [i64]'],
  manual: 'APM 3 "DEC"',
  meaning: step(-1),
});

export const neg = instruction({
  mnemonic: 'neg',
  forms: ['f6 /3 Eb [lock]', 'f7 /3 Ev [lock]'],
  manual: 'APM 3 "NEG"',
  meaning: (m, destination) => {
    const a = m.readForWrite(destination);
    const zero = m.constant(0, a.bits);
    const result = m.sub(zero, a);
    m.write(destination, result);
    m.setFlagsFromDifference(zero, a, result);
  },
});
