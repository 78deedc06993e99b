// A handler is made for a form and everything else that is fixed when it runs: operand size, register or memory
// operand, how addresses are formed, the repeat prefix. Build time and decoder enumerate them alike.

import type { Form, OperandPattern } from '../isa/form.ts';

/**
 * How addresses are formed. `none`: the form touches no memory. `long`: 64-bit mode with 64-bit addresses; `plain`: the same
 * for a ModRM operand that is a base and a displacement, which most are. `flat`: 32-bit code and addresses through segments
 * without limits. `segmented`: all else; the core computes and checks addresses.
 */
export type Environment = 'none' | 'long' | 'plain' | 'flat' | 'segmented';

/** True in 64-bit mode, where the core need not compute addresses. */
export function hasLongAddresses(environment: Environment): boolean {
  return environment === 'long' || environment === 'plain';
}

export interface HandlerVariant {
  readonly form: Form;
  readonly operandSize: 0 | 16 | 32 | 64;
  /** The ModRM operand is in memory. */
  readonly memory: boolean;
  readonly environment: Environment;
  readonly addressSize: 16 | 32 | 64;
  readonly repetition: 'none' | 'repe' | 'repne';
}

const modrmPlaces: ReadonlySet<string> = new Set(['E', 'W', 'Q', 'M']);
const registerOnlyPlaces: ReadonlySet<string> = new Set(['R', 'U', 'N', 'F']);

/** The operand that ModRM.rm encodes, when it may be in memory. */
export function modrmOperand(form: Form): OperandPattern | undefined {
  return form.operands.find((operand) => modrmPlaces.has(operand.place));
}

/** Which kinds of ModRM.rm the form accepts. */
export function acceptsRegister(form: Form): boolean {
  return modrmOperand(form)?.place !== 'M';
}
export function acceptsMemory(form: Form): boolean {
  return modrmOperand(form) !== undefined && !form.operands.some((operand) => registerOnlyPlaces.has(operand.place));
}

/** True when handlers depend on how addresses are formed even with register operands. */
export function usesImplicitMemory(form: Form): boolean {
  return (
    form.attributes.has('stack') ||
    form.attributes.has('implicit') ||
    form.operands.some((operand) => 'OXY'.includes(operand.place))
  );
}

function environmentsOf(form: Form, memory: boolean): { environment: Environment; addressSize: 16 | 32 | 64 }[] {
  if (!memory && !usesImplicitMemory(form)) return [{ environment: 'none', addressSize: 64 }];
  const sizeMatters = form.attributes.has('implicit') || form.operands.some((operand) => 'XY'.includes(operand.place));
  const all: { environment: Environment; addressSize: 16 | 32 | 64 }[] = [
    { environment: 'long', addressSize: 64 },
    ...(memory ? [{ environment: 'plain', addressSize: 64 } as const] : []),
    { environment: 'flat', addressSize: 32 },
    { environment: 'segmented', addressSize: 32 },
  ];
  if (sizeMatters) all.push({ environment: 'segmented', addressSize: 16 });
  return all.filter(({ environment, addressSize }) => {
    if (form.attributes.has('i64') && hasLongAddresses(environment)) return false;
    if (form.attributes.has('o64') && environment === 'flat') return false;
    for (const size of [16, 32, 64] as const)
      if (form.attributes.has(`a${size}`) && sizeMatters && addressSize !== size) return false;
    return true;
  });
}

function repetitionsOf(form: Form): HandlerVariant['repetition'][] {
  if (form.attributes.has('rep')) return ['none', 'repe'];
  return form.attributes.has('repz') ? ['none', 'repe', 'repne'] : ['none'];
}

/** All handlers of a form, in a fixed order. */
export function* variantsOf(form: Form): Generator<HandlerVariant> {
  const kinds = [...(acceptsRegister(form) ? [false] : []), ...(acceptsMemory(form) ? [true] : [])];
  for (const operandSize of form.sizes)
    for (const memory of kinds)
      for (const { environment, addressSize } of environmentsOf(form, memory))
        for (const repetition of repetitionsOf(form))
          yield { form, operandSize, memory, environment, addressSize, repetition };
}

/** A number that is unique among one form's variants; `HandlerTable` finds handlers by it. */
export function variantKey(
  operandSize: number,
  memory: boolean,
  environment: Environment,
  addressSize: number,
  repetition: HandlerVariant['repetition'],
): number {
  const environments = { none: 0, long: 1, flat: 2, segmented: 3, plain: 4 };
  const repetitions = { none: 0, repe: 1, repne: 2 };
  return (
    (operandSize >> 4 === 4 ? 3 : operandSize >> 4) |
    (memory ? 4 : 0) |
    (environments[environment] << 3) |
    (repetitions[repetition] << 6) |
    (addressSize === 16 ? 256 : 0)
  );
}
