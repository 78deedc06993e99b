// All instructions, in one list. The order of families does not matter; a form's position in `forms` is its identity
// for one build of the tables, so nothing outside a build may keep it.

import type { Form } from './form.ts';
import * as arithmetic from './general/arithmetic.ts';
import * as branches from './general/branches.ts';
import * as moves from './general/moves.ts';
import type { Instruction } from './instruction.ts';

const families: readonly Record<string, unknown>[] = [arithmetic, branches, moves];

function isInstruction(value: unknown): value is Instruction {
  return typeof value === 'object' && value !== null && 'mnemonic' in value && 'forms' in value && 'meaning' in value;
}

/** Every declared instruction: each export of a family that is an instruction or a list of them. */
export const instructions: readonly Instruction[] = families.flatMap((family) =>
  Object.values(family).flatMap((exported) => (Array.isArray(exported) ? exported : [exported])).filter(isInstruction),
);

export const forms: readonly Form[] = instructions.flatMap((instruction) => instruction.forms);
