// How an instruction is declared: once, with its encodings, its source in the manuals and its meaning.

import type { AbstractMachine, Flag, Operand } from './abstract-machine.ts';
import { parseForm, type Form } from './form.ts';

/** CPUID features that a form may need. An instruction without one is in every x86-64 processor. */
export type Feature =
  | 'x87' | 'mmx' | 'sse' | 'sse2' | 'sse3' | 'ssse3' | 'sse4.1' | 'sse4.2' | 'popcnt' | 'lzcnt' | 'bmi1' | 'bmi2' | 'adx' | 'movbe'
  | 'aes' | 'pclmulqdq' | 'sha' | 'rdrand' | 'rdseed' | 'fsgsbase' | 'rdtscp' | 'clflush' | 'cmpxchg16b' | 'xsave' | 'invpcid';

export interface Declaration {
  readonly mnemonic: string;
  /** Encodings and operands; `form.ts` has the notation. */
  readonly forms: readonly string[];
  /** Where the manual defines it. */
  readonly manual: string;
  readonly feature?: Feature;
  /** Flags that the manual leaves undefined afterwards; tests do not compare them. */
  readonly undefined?: readonly Flag[];
  /** True when a result's undefined flags depend on a count; see the test generator. */
  readonly meaning: (m: AbstractMachine, ...operands: Operand[]) => void;
}

export interface Instruction extends Omit<Declaration, 'forms'> {
  readonly forms: readonly Form[];
}

/** Declares an instruction. Throws an Error that names the form when its text cannot be parsed. */
export function instruction(declaration: Declaration): Instruction {
  const made: { -readonly [K in keyof Instruction]: Instruction[K] } = { ...declaration, forms: [] };
  made.forms = declaration.forms.map((text) => parseForm(text, made));
  return made;
}
