// What the declarations of x87 instructions have in common.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import type { CoreRoutine } from '../core-routines.ts';
import { instruction, type Instruction } from '../instruction.ts';

type Meaning = Instruction['meaning'];

export function x87(mnemonic: string, forms: readonly string[], meaning: Meaning): Instruction {
  return instruction({ mnemonic, forms, manual: `SDM 2 "${mnemonic.toUpperCase()}"`, feature: 'x87', meaning });
}

/** A meaning that is a core routine of constants. */
export function constants(routine: CoreRoutine, ...numbers: number[]): Meaning {
  return (m) => {
    m.core(routine, ...numbers.map((number) => m.constant(number, 32)));
  };
}

/** A meaning that is a core routine of the number of ST(i), the only or the second operand, and then constants. */
export function ofRegister(routine: CoreRoutine, ...numbers: number[]): Meaning {
  return (m, first, second = first) => {
    m.core(routine, m.number(second!), ...numbers.map((number) => m.constant(number, 32)));
  };
}

/** The linear address of a memory operand that the core accesses. A pending #MF comes before any fault of its segment. */
export function linearOf(m: AbstractMachine, operand: Operand, bytes: number, write: boolean): Value {
  // In 64-bit mode segments raise nothing, and the core looks for #MF before it accesses memory.
  if (!m.isLong) m.core('waitX87');
  return m.linear(operand, bytes, write);
}

/** The memory operand's value, and the linear address that it was loaded from. */
export function load(m: AbstractMachine, operand: Operand): { value: Value; linear: Value } {
  if (operand.bits === 0) throw new Error('an operand without a width cannot be loaded');
  // A pending #MF comes before any fault of the operand.
  m.core('waitX87');
  const linear = m.linear(operand, operand.bits / 8, false);
  return { value: m.loadLinear(linear, operand.bits), linear };
}
