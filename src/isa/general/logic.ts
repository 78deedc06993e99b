// Bitwise logic. APM vol. 3 "AND", "OR", "XOR", "NOT", "TEST". AF is documented as undefined; every processor clears it.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { binaryForms } from './arithmetic.ts';

type Combine = (m: AbstractMachine, a: Value, b: Value) => Value;

/** ZF, SF and PF from the result of a logical operation; CF, OF and AF clear. */
export function setLogicFlags(m: AbstractMachine, result: Value): void {
  const zero = m.constant(0, 1);
  m.setFlagsFromResult(result, { CF: zero, OF: zero, AF: zero });
}

function logic(combine: Combine, writes: boolean) {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const b = m.read(source);
    const a = writes ? m.readForWrite(destination) : m.read(destination);
    const result = combine(m, a, b);
    if (writes) m.write(destination, result);
    setLogicFlags(m, result);
  };
}

export const and = instruction({
  mnemonic: 'and',
  forms: binaryForms(0x20, 4, 'lock'),
  manual: 'APM 3 "AND"',
  undefined: ['AF'],
  meaning: logic((m, a, b) => m.and(a, b), true),
});

export const or = instruction({
  mnemonic: 'or',
  forms: binaryForms(0x08, 1, 'lock'),
  manual: 'APM 3 "OR"',
  undefined: ['AF'],
  meaning: logic((m, a, b) => m.or(a, b), true),
});

export const xor = instruction({
  mnemonic: 'xor',
  forms: binaryForms(0x30, 6, 'lock'),
  manual: 'APM 3 "XOR"',
  undefined: ['AF'],
  meaning: logic((m, a, b) => m.xor(a, b), true),
});

export const test = instruction({
  mnemonic: 'test',
  // Number 1 of group 3 is an undocumented twin of number 0 in every processor.
  forms: [
    '84 /r Eb Gb',
    '85 /r Ev Gv',
    'a8 AL Ib',
    'a9 rAX Iz',
    'f6 /0 Eb Ib',
    'f7 /0 Ev Iz',
    'f6 /1 Eb Ib',
    'f7 /1 Ev Iz',
  ],
  manual: 'APM 3 "TEST"',
  undefined: ['AF'],
  meaning: logic((m, a, b) => m.and(a, b), false),
});

export const not = instruction({
  mnemonic: 'not',
  forms: ['f6 /2 Eb [lock]', 'f7 /2 Ev [lock]'],
  manual: 'APM 3 "NOT"',
  meaning: (m, destination) => m.write(destination, m.not(m.readForWrite(destination))),
});
