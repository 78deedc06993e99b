// How the four kinds of SSE floating-point instructions are encoded: one opcode, told apart by the mandatory prefix (none:
// packed single, 66: packed double, F3: scalar single, F2: scalar double). SDM volume 2 appendix A.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import type { CoreRoutine } from '../core-routines.ts';
import { instruction, type Feature, type Instruction } from '../instruction.ts';

/** The value of a result in terms of the operands' values. */
export type FloatOperation = (m: AbstractMachine, ...values: Value[]) => Value;

/** A core routine of as many values as it is given. */
export function routine(name: CoreRoutine): FloatOperation {
  return (m, ...values) => m.core(name, ...values);
}

/** A core routine with a constant for its last parameter. */
export function routineWith(name: CoreRoutine, last: number): FloatOperation {
  return (m, ...values) => m.core(name, ...values, m.constant(last, 32));
}

/** Declares an instruction of one form. */
export function floatInstruction(
  mnemonic: string,
  feature: Feature,
  form: string,
  meaning: Instruction['meaning'],
): Instruction {
  return instruction({ mnemonic, forms: [form], manual: `SDM 2 "${mnemonic.toUpperCase()}"`, feature, meaning });
}

/** `destination = operation(source)`. */
export function unary(mnemonic: string, feature: Feature, form: string, operation: FloatOperation): Instruction {
  return floatInstruction(mnemonic, feature, form, (m: AbstractMachine, destination: Operand, source: Operand) =>
    m.write(destination, operation(m, m.read(source))),
  );
}

/** `destination = operation(destination, source)`. */
export function binary(mnemonic: string, feature: Feature, form: string, operation: FloatOperation): Instruction {
  return floatInstruction(mnemonic, feature, form, (m: AbstractMachine, destination: Operand, source: Operand) => {
    const b = m.read(source);
    m.write(destination, operation(m, m.read(destination), b));
  });
}

/** `destination = operation(destination, source, immediate byte)`. */
export function binaryImmediate(
  mnemonic: string,
  feature: Feature,
  form: string,
  operation: FloatOperation,
): Instruction {
  return floatInstruction(
    mnemonic,
    feature,
    form,
    (m: AbstractMachine, destination: Operand, source: Operand, immediate: Operand) => {
      const b = m.read(source);
      m.write(destination, operation(m, m.read(destination), b, m.zeroExtend(m.read(immediate), 32)));
    },
  );
}

/** The four kinds: how a mnemonic ends, what it needs, its mandatory prefix, and its operands. */
export const packedSingle = {
  suffix: 'ps',
  feature: 'sse',
  prefix: 'np',
  operands: 'Vx Wx',
  mark: ' [aligned]',
} as const;
export const packedDouble = {
  suffix: 'pd',
  feature: 'sse2',
  prefix: '66',
  operands: 'Vx Wx',
  mark: ' [aligned]',
} as const;
export const scalarSingle = { suffix: 'ss', feature: 'sse', prefix: 'f3', operands: 'Vd Wd', mark: '' } as const;
export const scalarDouble = { suffix: 'sd', feature: 'sse2', prefix: 'f2', operands: 'Vq Wq', mark: '' } as const;
export type FloatKind = typeof packedSingle | typeof packedDouble | typeof scalarSingle | typeof scalarDouble;
