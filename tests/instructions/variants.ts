// What a form can be encoded as: code size, operand size, register or memory, repetition, LOCK.

import type { Form } from '../../src/isa/form.ts';
import { acceptsMemory, acceptsRegister } from '../../src/translate/handler-variant.ts';

export interface CaseVariant {
  readonly form: Form;
  readonly codeSize: 16 | 32 | 64;
  readonly operandSize: 0 | 16 | 32 | 64;
  readonly memory: boolean;
  readonly repetition: 'none' | 'repe' | 'repne';
  readonly lock: boolean;
  /** DS and ES are a segment with base and limit. */
  readonly small: boolean;
}

function repetitions({ attributes }: Form): CaseVariant['repetition'][] {
  if (attributes.has('repz')) return ['none', 'repe', 'repne'];
  return attributes.has('rep') ? ['none', 'repe'] : ['none'];
}

/** True when the operand size can be had with this code size. */
function exists(form: Form, codeSize: number, operandSize: number): boolean {
  const { attributes } = form;
  if (codeSize === 64) return !attributes.has('i64') && !(attributes.has('d64') && operandSize === 32);
  return !attributes.has('o64') && operandSize !== 64;
}

function variantsFor(form: Form, codeSize: 16 | 32 | 64, small: boolean): CaseVariant[] {
  const kinds = [...(acceptsRegister(form) ? [false] : []), ...(acceptsMemory(form) ? [true] : [])];
  return form.sizes
    .filter((operandSize) => exists(form, codeSize, operandSize))
    .flatMap((operandSize) =>
      kinds.flatMap((memory) =>
        repetitions(form).flatMap((repetition) => {
          const locks = memory && form.attributes.has('lock') ? [false, true] : [false];
          return locks.map((lock): CaseVariant => ({ form, codeSize, operandSize, memory, repetition, lock, small }));
        }),
      ),
    );
}

/** All variants of a form, those of 64-bit code first. A form that 64-bit code has is tried there three times as often. */
export function caseVariants(form: Form): CaseVariant[] {
  const long = variantsFor(form, 64, false);
  const legacy = [variantsFor(form, 32, false), variantsFor(form, 32, true), variantsFor(form, 16, true)];
  return [...long, ...long, ...long, ...legacy.flat()];
}
