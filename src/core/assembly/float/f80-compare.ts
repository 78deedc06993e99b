// FCOM, FUCOM, FCOMI, FUCOMI, FTST, FXAM, FABS, FCHS.

import { C0, C1, C2, C3, IE, floatCondition, floatFlags } from './flags.ts';
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_NORMAL,
  CLASS_QUIET,
  CLASS_SIGNALLING,
  CLASS_ZERO,
  f80Class,
  f80RaiseDenormal,
  f80Set,
  f80UnpackLeft,
  f80UnpackRight,
} from './f80-format.ts';
import { leftExponent, leftSign, leftSignificand, rightExponent, rightSign, rightSignificand } from './unpacked.ts';

/** The order of left and right as C3, C2, C0: equal C3, less C0, greater none. */
function orderUnpacked(): u32 {
  if (leftSignificand == 0 && rightSignificand == 0) return C3;
  if (leftSign != rightSign && leftSignificand != 0 && rightSignificand != 0) return leftSign ? C0 : 0;
  if (leftSignificand == 0) return rightSign ? 0 : C0;
  if (rightSignificand == 0) return leftSign ? C0 : 0;
  if (leftExponent == rightExponent && leftSignificand == rightSignificand) return C3;
  const smaller = leftExponent < rightExponent || (leftExponent == rightExponent && leftSignificand < rightSignificand);
  return u32(smaller) != leftSign ? C0 : 0;
}

/**
 * Compares a with b (FCOM; FUCOM with `quiet` non-zero, where a quiet NaN raises no IE). Leaves C3,
 * C2 and C0 in `floatCondition`, C1 clear; all three set means unordered. May raise IE, DE; when
 * one of them is unmasked the caller keeps the old condition bits.
 */
export function f80Compare(a: usize, b: usize, control: u32, quiet: u32): void {
  const classA = f80Class(a);
  const classB = f80Class(b);
  if (classA >= CLASS_QUIET || classB >= CLASS_QUIET) {
    if (quiet == 0 || classA > CLASS_QUIET || classB > CLASS_QUIET) floatFlags |= IE;
    floatCondition = C3 | C2 | C0;
    return;
  }
  f80RaiseDenormal(a, b, control);
  f80UnpackLeft(a);
  f80UnpackRight(b);
  floatCondition = orderUnpacked();
}

/** `f80Compare` for FCOMI and FUCOMI: returns ZF, PF and CF in their EFLAGS positions. */
export function f80CompareFlags(a: usize, b: usize, control: u32, quiet: u32): u32 {
  f80Compare(a, b, control, quiet);
  const flags = floatCondition >> 8;
  floatCondition = 0;
  return flags;
}

/** Compares a with zero (FTST); condition bits as for `f80Compare`. May raise IE, DE. */
export function f80Test(a: usize): void {
  const kind = f80Class(a);
  if (kind >= CLASS_QUIET) {
    floatFlags |= IE;
    floatCondition = C3 | C2 | C0;
    return;
  }
  f80RaiseDenormal(a, a, 0);
  if (kind == CLASS_ZERO) floatCondition = C3;
  else floatCondition = load<u16>(a, 8) >> 15 ? C0 : 0;
}

/**
 * The condition bits of FXAM for a register that is not empty (SDM volume 2, FXAM): the class in C3,
 * C2 and C0, the sign in C1. An empty register is C3 | C0, which the caller knows.
 */
export function f80Examine(a: usize): void {
  const kind = f80Class(a);
  let condition: u32 = 0;
  if (kind == CLASS_ZERO) condition = C3;
  else if (kind == CLASS_DENORMAL) condition = C3 | C2;
  else if (kind == CLASS_NORMAL) condition = C2;
  else if (kind == CLASS_INFINITY) condition = C2 | C0;
  else if (kind == CLASS_QUIET || kind == CLASS_SIGNALLING) condition = C0;
  if (load<u16>(a, 8) >> 15) condition |= C1;
  floatCondition = condition;
}

/** a with its sign cleared (FABS); any encoding, no exceptions, C1 clear. */
export function f80Abs(dst: usize, a: usize): void {
  floatCondition = 0;
  f80Set(dst, load<u16>(a, 8) & 0x7fff, load<u64>(a));
}

/** a with its sign inverted (FCHS); any encoding, no exceptions, C1 clear. */
export function f80Chs(dst: usize, a: usize): void {
  floatCondition = 0;
  f80Set(dst, load<u16>(a, 8) ^ 0x8000, load<u64>(a));
}
