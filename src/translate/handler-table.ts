// Numbers the handlers: the interpreter's function table and the decoder's records agree through it.

import type { Form } from '../isa/form.ts';
import { forms } from '../isa/catalog.ts';
import { isCommon } from './common-handlers.ts';
import { variantKey, variantsOf, type Environment, type HandlerVariant } from './handler-variant.ts';

/** The handlers that stand for no instruction. */
export const HANDLER_FALL_THROUGH = 0;
/** Raises the exception with vector RECORD_A and error code RECORD_IMMEDIATE (-1: none). */
export const HANDLER_RAISE = 1;
const FIRST_FORM_HANDLER = 2;

const common: HandlerVariant[] = [];
const others: HandlerVariant[] = [];
for (const form of forms) for (const variant of variantsOf(form)) (isCommon(variant) ? common : others).push(variant);

/** Those that the interpreter's loop contains, in table order from `FIRST_FORM_HANDLER`. */
export const commonVariants: readonly HandlerVariant[] = common;

/** What each handler is made for, by its index; undefined for those that stand for no instruction. */
export const handlerVariants: readonly (HandlerVariant | undefined)[] = [
  ...Array.from({ length: FIRST_FORM_HANDLER }, () => undefined),
  ...common,
  ...others,
];

const byForm = new Map<Form, Int32Array>();
for (const [index, variant] of handlerVariants.entries()) {
  if (variant === undefined) continue;
  let table = byForm.get(variant.form);
  if (!table) byForm.set(variant.form, (table = new Int32Array(512).fill(-1)));
  table[variantKey(variant.operandSize, variant.memory, variant.environment, variant.addressSize, variant.repetition)] =
    index;
}

/** Size of the handler table. */
export const handlerCount = handlerVariants.length;

/** Index of a form's handler, or -1 when the form has none for these circumstances. */
export function handlerIndex(
  form: Form,
  operandSize: number,
  memory: boolean,
  environment: Environment,
  addressSize: number,
  repetition: HandlerVariant['repetition'],
): number {
  return byForm.get(form)![variantKey(operandSize, memory, environment, addressSize, repetition)]!;
}
