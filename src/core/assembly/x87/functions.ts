// Functions of ST(0), and of ST(0) and ST(1): FCHS, FABS, FSQRT, FRNDINT, FSCALE, FXTRACT, FPREM, FPREM1, F2XM1, FYL2X,
// FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS. SDM volume 2. All raise #MF.

import { f80Atan2 } from '../float/f80-arctangent.ts';
import { f80Sqrt } from '../float/f80-arithmetic.ts';
import { f80Abs, f80Chs } from '../float/f80-compare.ts';
import { f80Exp2Minus1 } from '../float/f80-exponential.ts';
import { CLASS_QUIET, f80Class, f80Copy } from '../float/f80-format.ts';
import { f80Log2, f80Log2Plus1 } from '../float/f80-logarithm.ts';
import { f80Remainder, f80RemainderNearest } from '../float/f80-remainder.ts';
import { f80Extract, f80RoundToInteger, f80Scale } from '../float/f80-scaling.ts';
import { f80Cos, f80Sin, f80SinCos, f80Tan } from '../float/f80-trigonometry.ts';
import { C1, C2, IE, floatCondition, floatFlags } from '../float/flags.ts';
import { stackRegister } from '../fpu-environment.ts';
import { CONDITIONS } from './comparisons.ts';
import { begin, control, finish, has, hasRoom, isBlocked, occupy, pop, push, scratch, setDefaultNan } from './unit.ts';

/** Begins a function of ST(0). False, with the default NaN in ST(0) unless that is unmasked, when it is empty. */
function beginTop(): bool {
  begin();
  if (has(0)) return true;
  if (!isBlocked()) {
    setDefaultNan(stackRegister(0));
    occupy(0);
  }
  return false;
}

/** Begins a function of ST(0) and ST(1). False, with the default NaN in ST(`target`), when one is empty. */
function beginTopTwo(target: u32): bool {
  begin();
  if (has(0) && has(1)) return true;
  if (!isBlocked()) {
    setDefaultNan(stackRegister(target));
    occupy(target);
  }
  return false;
}

/** FCHS. */
export function fchs(): void {
  const top = stackRegister(0);
  if (beginTop()) f80Chs(top, top);
  finish(C1);
}

/** FABS. */
export function fabs(): void {
  const top = stackRegister(0);
  if (beginTop()) f80Abs(top, top);
  finish(C1);
}

/** FSQRT. */
export function fsqrt(): void {
  const top = stackRegister(0);
  if (beginTop()) f80Sqrt(top, top, control);
  finish(C1);
}

/** FRNDINT. */
export function frndint(): void {
  const top = stackRegister(0);
  if (beginTop()) f80RoundToInteger(top, top, control);
  finish(C1);
}

/** F2XM1. */
export function f2xm1(): void {
  const top = stackRegister(0);
  if (beginTop()) f80Exp2Minus1(top, top, control);
  finish(C1);
}

/** FSIN. */
export function fsin(): void {
  const top = stackRegister(0);
  if (beginTop()) f80Sin(top, top, control);
  finish(C1 | C2);
}

/** FCOS. */
export function fcos(): void {
  const top = stackRegister(0);
  if (beginTop()) f80Cos(top, top, control);
  finish(C1 | C2);
}

/** FSCALE. */
export function fscale(): void {
  const top = stackRegister(0);
  if (beginTopTwo(0)) f80Scale(top, top, stackRegister(1), control);
  finish(C1);
}

/** FPREM, or FPREM1. Where there is no quotient, C0 and C3 stay as they are. */
function remainder(toNearest: bool): void {
  const top = stackRegister(0);
  const divisor = stackRegister(1);
  let hasQuotient = false;
  if (beginTopTwo(0)) {
    hasQuotient = f80Class(top) < CLASS_QUIET && f80Class(divisor) < CLASS_QUIET;
    if (toNearest) f80RemainderNearest(top, top, divisor, control);
    else f80Remainder(top, top, divisor, control);
  }
  if ((floatFlags & IE) != 0 || isBlocked()) hasQuotient = false;
  finish(hasQuotient ? CONDITIONS : C1 | C2);
}

/** FPREM. */
export function fprem(): void {
  remainder(false);
}

/** FPREM1. */
export function fprem1(): void {
  remainder(true);
}

/** Ends a function of ST(0) and ST(1) whose result is in ST(1). */
function finishPopping(): void {
  if (!isBlocked()) pop();
  finish(C1);
}

/** FYL2X. */
export function fyl2x(): void {
  const y = stackRegister(1);
  if (beginTopTwo(1)) f80Log2(y, stackRegister(0), y, control);
  finishPopping();
}

/** FYL2XP1. */
export function fyl2xp1(): void {
  const y = stackRegister(1);
  if (beginTopTwo(1)) f80Log2Plus1(y, stackRegister(0), y, control);
  finishPopping();
}

/** FPATAN. */
export function fpatan(): void {
  const y = stackRegister(1);
  if (beginTopTwo(1)) f80Atan2(y, stackRegister(0), y, control);
  finishPopping();
}

/**
 * Begins a function of ST(0) that pushes a second result. False when ST(0) is empty or there is no room; unless that is
 * unmasked, both results are then the default NaN.
 */
function beginPushing(): bool {
  begin();
  if (has(0) && hasRoom()) return true;
  if (!isBlocked()) {
    setDefaultNan(stackRegister(0));
    occupy(0);
    setDefaultNan(scratch);
  }
  return false;
}

/** Pushes the second result from `scratch`, unless an exception or an operand beyond reduction (C2) forbids it. */
function finishPushing(conditions: u32): void {
  if (!isBlocked() && (floatCondition & C2) == 0) {
    f80Copy(stackRegister(7), scratch);
    push();
  }
  finish(conditions);
}

/** FSINCOS. */
export function fsincos(): void {
  const top = stackRegister(0);
  if (beginPushing()) f80SinCos(top, scratch, top, control);
  finishPushing(C1 | C2);
}

/** FPTAN. */
export function fptan(): void {
  const top = stackRegister(0);
  if (beginPushing()) f80Tan(top, scratch, top, control);
  finishPushing(C1 | C2);
}

/** FXTRACT. */
export function fxtract(): void {
  const top = stackRegister(0);
  if (beginPushing()) f80Extract(top, scratch, top, control);
  finishPushing(C1);
}
