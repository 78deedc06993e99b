// How an instruction is declared: once, with its encodings, its source in the manuals and its meaning.

import type { AbstractMachine, Flag, Operand } from './abstract-machine.ts';
import { parseForm, type Form } from './form.ts';

/** CPUID features that a form may need. An instruction without one is in every x86-64 processor. */
export type Feature =
  | 'x87'
  | 'mmx'
  | 'sse'
  | 'sse2'
  | 'sse3'
  | 'ssse3'
  | 'sse4.1'
  | 'sse4.2'
  | 'popcnt'
  | 'lzcnt'
  | 'bmi1'
  | 'bmi2'
  | 'adx'
  | 'movbe'
  | 'aes'
  | 'pclmulqdq'
  | 'sha'
  | 'rdrand'
  | 'rdseed'
  | 'fsgsbase'
  | 'rdtscp'
  | 'rdpid'
  | 'clflush'
  | 'cmpxchg16b'
  | 'xsave'
  | 'invpcid';

export interface Declaration {
  readonly mnemonic: string;
  /** Encodings and operands; `form.ts` has the notation. */
  readonly forms: readonly string[];
  /** Where the manual defines it. */
  readonly manual: string;
  readonly feature?: Feature;
  /**
   * Flags that the manual leaves undefined, always or for some operands. The meaning gives them as AMD's processors of
   * family 19h do, so that only tests against other processors must mask them.
   */
  readonly undefined?: readonly Flag[];
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
