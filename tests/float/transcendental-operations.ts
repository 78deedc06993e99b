// The x87 operations that processors round within one unit, not exactly.

import type { Operation } from './operation.ts';

const transcendentals: Operation[] = [];
const C2 = 0x400;
for (const [name, instruction] of [
  ['f80Sin', 'fsin'],
  ['f80Cos', 'fcos'],
  ['f80Exp2Minus1', 'f2xm1'],
] as const) {
  transcendentals.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'none',
    native: `X87_UNARY("${instruction}")`,
    core: `f80Copy(first, a); ${name}(first, first, control); x87Result(control)`,
    conditions: C2,
    tolerance: 1,
  });
}
for (const [name, instruction] of [
  ['f80SinCos', 'fsincos'],
  ['f80Tan', 'fptan'],
] as const) {
  transcendentals.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'none',
    native: `X87_TWO_RESULTS("${instruction}")`,
    core: `${name}(second, first, a, control); if (f80Blocked(control) || floatCondition & ${C2}) {
      f80Copy(first, a); f80Set(second, 0xffff, 0xc000000000000000); } x87Result(control)`,
    conditions: C2,
    tolerance: 1,
  });
}
for (const [name, instruction] of [
  ['f80Atan2', 'fpatan'],
  ['f80Log2', 'fyl2x'],
  ['f80Log2Plus1', 'fyl2xp1'],
] as const) {
  transcendentals.push({
    name,
    control: 'x87',
    a: 'f80',
    b: 'f80',
    native: `X87_BINARY("${instruction}")`,
    core: `f80Copy(first, a); ${name}(first, first, b, control); x87Result(control)`,
    tolerance: 1,
  });
}

/** The operations whose results processors round within one unit, not exactly. */
export const transcendentalOperations: readonly Operation[] = transcendentals;
