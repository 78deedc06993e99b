// FADD, FSUB, FSUBR, FMUL, FDIV, FDIVR, FSQRT. Each rounds by the control word's PC and RC, sets C1
// when the result was rounded up, and stores nothing when an unmasked IE, DE or ZE is raised.

import { ZE, controlRounding, floatFlags } from './flags.ts';
import { f80BeginBinary, f80BeginUnary, f80Deliver, f80RaiseDenormal, precisionBits } from './f80-format.ts';
import { f80AddNormal, f80MulNormal, isExtendedNearest } from './f80-normal.ts';
import { KIND_INVALID, addUnpacked, divideUnpacked, multiplyUnpacked, squareRootUnpacked } from './unpacked.ts';

/** Ends a binary operation; an invalid one or a division by zero reports no denormal operand. */
function finish(dst: usize, a: usize, b: usize, kind: u32, control: u32): void {
  if (kind != KIND_INVALID && (floatFlags & ZE) == 0) f80RaiseDenormal(a, b, control);
  f80Deliver(dst, kind, precisionBits(control), control);
}

/** a + b into `dst`. May raise IE, DE, OE, UE, PE. */
export function f80Add(dst: usize, a: usize, b: usize, control: u32): void {
  if (isExtendedNearest(control) && f80AddNormal(dst, a, b, 0)) return;
  if (f80BeginBinary(dst, a, b, control)) return;
  finish(dst, a, b, addUnpacked(0, controlRounding(control)), control);
}

/** a - b into `dst`. May raise IE, DE, OE, UE, PE. */
export function f80Sub(dst: usize, a: usize, b: usize, control: u32): void {
  if (isExtendedNearest(control) && f80AddNormal(dst, a, b, 0x8000)) return;
  if (f80BeginBinary(dst, a, b, control)) return;
  finish(dst, a, b, addUnpacked(1, controlRounding(control)), control);
}

/** b - a into `dst`. May raise IE, DE, OE, UE, PE. */
export function f80SubReversed(dst: usize, a: usize, b: usize, control: u32): void {
  f80Sub(dst, b, a, control);
}

/** a * b into `dst`. May raise IE, DE, OE, UE, PE. */
export function f80Mul(dst: usize, a: usize, b: usize, control: u32): void {
  if (isExtendedNearest(control) && f80MulNormal(dst, a, b)) return;
  if (f80BeginBinary(dst, a, b, control)) return;
  finish(dst, a, b, multiplyUnpacked(), control);
}

/** a / b into `dst`. May raise IE, DE, ZE, OE, UE, PE. */
export function f80Div(dst: usize, a: usize, b: usize, control: u32): void {
  if (f80BeginBinary(dst, a, b, control)) return;
  finish(dst, a, b, divideUnpacked(), control);
}

/** b / a into `dst`. May raise IE, DE, ZE, OE, UE, PE. */
export function f80DivReversed(dst: usize, a: usize, b: usize, control: u32): void {
  f80Div(dst, b, a, control);
}

/** The square root of a into `dst`. May raise IE, DE, PE. */
export function f80Sqrt(dst: usize, a: usize, control: u32): void {
  if (f80BeginUnary(dst, a, control)) return;
  finish(dst, a, a, squareRootUnpacked(), control);
}
