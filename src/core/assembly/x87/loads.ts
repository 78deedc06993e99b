// FLD, FILD, FBLD and the constants. SDM volume 2. All raise #MF.

import { read16, read64 } from '../access.ts';
import { f80Constant } from '../float/f80-constants.ts';
import { f80FromF32, f80FromF64 } from '../float/f80-conversion.ts';
import { f80Copy, f80Set } from '../float/f80-format.ts';
import { f80FromDecimal, f80FromI64 } from '../float/f80-integer.ts';
import { C1, IE, floatFlags } from '../float/flags.ts';
import { stackRegister } from '../fpu-environment.ts';
import { wrapsAt32 } from '../mode.ts';
import { begin, control, finish, finishMemory, has, hasRoom, push, scratch, setDefaultNan } from './unit.ts';

/** Pushes `scratch`, unless an unmasked invalid operation forbids it; a denormal is pushed even with DE unmasked. */
function pushScratch(): void {
  if (floatFlags & ~control & IE) return;
  f80Copy(stackRegister(7), scratch);
  push();
}

/** The linear address of the last two of ten bytes. */
export function tailOf(linear: i64): i64 {
  return wrapsAt32() ? (linear + 8) & 0xffffffff : linear + 8;
}

/** FLD m32fp, read from `linear`. */
export function x87LoadSingle(bits: u32, linear: i64): void {
  begin();
  if (hasRoom()) f80FromF32(scratch, bits);
  else setDefaultNan(scratch);
  pushScratch();
  finishMemory(C1, linear);
}

/** FLD m64fp, read from `linear`. */
export function x87LoadDouble(bits: u64, linear: i64): void {
  begin();
  if (hasRoom()) f80FromF64(scratch, bits);
  else setDefaultNan(scratch);
  pushScratch();
  finishMemory(C1, linear);
}

/** FLD m80fp at `linear`: any encoding, unchanged. Raises what reading raises. */
export function x87LoadExtended(linear: i64): void {
  begin();
  const significand = read64(linear);
  f80Set(scratch, read16(tailOf(linear)), significand);
  if (!hasRoom()) setDefaultNan(scratch);
  pushScratch();
  finishMemory(C1, linear);
}

/** FILD, read from `linear` and sign-extended. */
export function x87LoadInteger(value: i64, linear: i64): void {
  begin();
  f80FromI64(scratch, value);
  if (!hasRoom()) setDefaultNan(scratch);
  pushScratch();
  finishMemory(C1, linear);
}

/** FBLD at `linear`. Raises what reading raises. */
export function x87LoadDecimal(linear: i64): void {
  begin();
  store<u64>(scratch, read64(linear));
  store<u16>(scratch, <u16>read16(tailOf(linear)), 8);
  f80FromDecimal(scratch, scratch);
  if (!hasRoom()) setDefaultNan(scratch);
  pushScratch();
  finishMemory(C1, linear);
}

/** FLD ST(i). */
export function x87LoadRegister(i: u32): void {
  begin();
  if (has(i) && hasRoom()) f80Copy(scratch, stackRegister(i));
  else setDefaultNan(scratch);
  pushScratch();
  finish(C1);
}

/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ: `index` 0 to 6. */
export function x87LoadConstant(index: u32): void {
  begin();
  f80Constant(scratch, index, control);
  if (!hasRoom()) setDefaultNan(scratch);
  pushScratch();
  finish(C1);
}
