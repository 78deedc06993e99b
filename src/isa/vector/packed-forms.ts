// The two encodings that packed integer instructions have in common: MMX registers without a prefix, XMM registers with
// 66. SDM vol. 2 appendix A; MMX state: SDM vol. 1 section 9.5.1.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction, type Feature, type Instruction } from '../instruction.ts';

/** Two vectors to a vector. Of an MMX operand only the low half counts, in the result too. */
export type PackedOperation = (m: AbstractMachine, destination: Value, source: Value) => Value;

type Meaning = (m: AbstractMachine, ...operands: Operand[]) => void;

/** What every MMX instruction does besides its own: a pending x87 exception comes first, and TOP and the tags are set. */
export function inMmx(body: Meaning): Meaning {
  return (m, ...operands) => {
    m.core('requireMmx');
    body(m, ...operands);
    m.core('enterMmx');
  };
}

/** The operand's value as a vector, zeros above it. */
export function readVector(m: AbstractMachine, operand: Operand): Value {
  return m.zeroExtend(m.read(operand), 128);
}

/** Writes the low part of a vector that the operand has room for. */
export function writeVector(m: AbstractMachine, operand: Operand, value: Value): void {
  if (operand.bits === 0) throw new Error('an operand without a width takes no vector');
  m.write(operand, m.truncate(value, operand.bits));
}

/** A meaning of destination and source from an operation on vectors. */
export function packedMeaning(operation: PackedOperation): Meaning {
  return (m, destination, source) => {
    const b = readVector(m, source);
    writeVector(m, destination, operation(m, readVector(m, destination), b));
  };
}

/** `opcode /r Pq Qq` (the memory operand may be narrower). */
export function mmxPacked(
  mnemonic: string,
  opcode: string,
  feature: Feature,
  operation: PackedOperation,
  source = 'Qq',
): Instruction {
  return instruction({
    mnemonic,
    forms: [`np ${opcode} /r Pq ${source}`],
    manual: `SDM 2 "${mnemonic.toUpperCase()}"`,
    feature,
    meaning: inMmx(packedMeaning(operation)),
  });
}

/** `66 opcode /r Vx Wx`, of an aligned memory operand; or with another mandatory prefix. */
export function ssePacked(
  mnemonic: string,
  opcode: string,
  feature: Feature,
  operation: PackedOperation,
  prefix = '66',
): Instruction {
  return instruction({
    mnemonic,
    forms: [`${prefix} ${opcode} /r Vx Wx [aligned]`],
    manual: `SDM 2 "${mnemonic.toUpperCase()}"`,
    feature,
    meaning: packedMeaning(operation),
  });
}

/** Both encodings of an operation that works lane by lane. */
export function packed(
  mnemonic: string,
  opcode: string,
  operation: PackedOperation,
  mmxFeature: Feature = 'mmx',
  sseFeature: Feature = 'sse2',
): Instruction[] {
  return [mmxPacked(mnemonic, opcode, mmxFeature, operation), ssePacked(mnemonic, opcode, sseFeature, operation)];
}
