// Instructions that move registers or change the stack, and compute nothing: FXCH, FCMOVcc, FFREE, FFREEP, FINCSTP,
// FDECSTP, FNOP. SDM volume 2. All raise #MF.

import { f80Copy } from '../float/f80-format.ts';
import { C1 } from '../float/flags.ts';
import { stackRegister } from '../fpu-environment.ts';
import {
  begin,
  finish,
  has,
  isBlocked,
  isPresent,
  occupy,
  pop,
  scratch,
  setDefaultNan,
  stackFault,
  turn,
  vacate,
  waitX87,
} from './unit.ts';

/** FXCH ST(i); an empty register counts as the default NaN. */
export function x87Exchange(i: u32): void {
  begin();
  const top = stackRegister(0);
  const other = stackRegister(i);
  has(0);
  has(i);
  if (stackFault() && !isBlocked()) {
    if (!isPresent(0)) setDefaultNan(top);
    if (!isPresent(i)) setDefaultNan(other);
    occupy(0);
    occupy(i);
  }
  if (!isBlocked()) {
    f80Copy(scratch, top);
    f80Copy(top, other);
    f80Copy(other, scratch);
  }
  finish(C1);
}

/** FCMOVcc: ST(i) into ST(0) when `condition` is 1; empty registers are a stack fault even when it is 0. */
export function x87Move(i: u32, condition: u32): void {
  begin();
  const top = stackRegister(0);
  if (has(0) && has(i)) {
    if (condition) f80Copy(top, stackRegister(i));
  } else if (!isBlocked()) {
    setDefaultNan(top);
    occupy(0);
  }
  finish(stackFault() ? C1 : 0);
}

/** FFREE ST(i), or with `pops` 1 FFREEP. */
export function x87Free(i: u32, pops: u32): void {
  begin();
  vacate(i);
  if (pops) pop();
  finish(C1);
}

/** FINCSTP (`distance` 1) and FDECSTP (7). */
export function x87Turn(distance: u32): void {
  begin();
  turn(distance);
  finish(C1);
}

/** FNOP. */
export function fnop(): void {
  waitX87();
}
