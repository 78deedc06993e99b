// FRNDINT, FSCALE, FXTRACT.

import { C1, PE, ZE, controlRounding, floatFlags, setFloatCondition } from './flags.ts';
import {
  f80BeginBinary,
  f80BeginUnary,
  f80Blocked,
  f80Copy,
  f80Deliver,
  f80Propagate,
  f80RaiseDenormal,
  f80Set,
  f80Class,
  f80UnpackLeft,
  CLASS_QUIET,
  CLASS_DENORMAL,
} from './f80-format.ts';
import { f80FromI64 } from './f80-integer.ts';
import { integerInexact, roundToInteger, roundedUp } from './rounding.ts';
import {
  INFINITE,
  KIND_FINITE,
  KIND_INFINITY,
  KIND_INVALID,
  KIND_ZERO,
  leftExponent,
  leftSign,
  leftSignificand,
  normalizeResult,
  rightExponent,
  rightSign,
  rightSignificand,
  setResultSign,
} from './unpacked.ts';

/** a rounded to an integral value by RC (FRNDINT); C1 tells of rounding up. May raise IE, DE, PE. */
export function f80RoundToInteger(dst: usize, a: usize, control: u32): void {
  if (f80BeginUnary(dst, a, control)) return;
  f80RaiseDenormal(a, a, control);
  if (f80Blocked(control)) return;
  if (leftExponent >= 63 || leftSignificand == 0) {
    f80Copy(dst, a);
    return;
  }
  const sign = leftSign << 15;
  const magnitude = roundToInteger(controlRounding(control));
  if (integerInexact) floatFlags |= PE;
  if (roundedUp) setFloatCondition(C1);
  const shift = <u32>clz(magnitude);
  if (magnitude == 0) f80Set(dst, sign, 0);
  else f80Set(dst, sign | (16383 + 63 - shift), magnitude << shift);
}

/** a * 2^truncate(b) (FSCALE); C1 tells of rounding up. May raise IE, DE, OE, UE, PE. */
export function f80Scale(dst: usize, a: usize, b: usize, control: u32): void {
  if (f80BeginBinary(dst, a, b, control)) return;
  let kind = KIND_FINITE;
  setResultSign(leftSign);
  if (rightExponent == INFINITE) {
    if (rightSign) kind = leftExponent == INFINITE ? KIND_INVALID : KIND_ZERO;
    else kind = leftSignificand == 0 ? KIND_INVALID : KIND_INFINITY;
  } else if (leftExponent == INFINITE) kind = KIND_INFINITY;
  else if (leftSignificand == 0) kind = KIND_ZERO;
  if (kind != KIND_INVALID) f80RaiseDenormal(a, b, control);
  if (kind == KIND_FINITE) {
    // Beyond 2^16 every further step is lost in overflow or underflow.
    let scale: i32 = 0;
    if (rightSignificand != 0 && rightExponent >= 0) {
      scale = rightExponent > 15 ? 0x10000 : <i32>(rightSignificand >> (63 - rightExponent));
    }
    normalizeResult(leftSign, leftExponent + (rightSign ? -scale : scale), leftSignificand, 0);
  }
  f80Deliver(dst, kind, 64, control);
}

/**
 * Splits a (FXTRACT): the unbiased exponent into `exponent`, the significand with exponent 0 and a's
 * sign into `significand`. Zero gives minus infinity, a signed zero and ZE. May raise IE, DE, ZE;
 * nothing is stored, and nothing may be pushed, when one of them is unmasked. C1 clear.
 */
export function f80Extract(exponent: usize, significand: usize, a: usize, control: u32): void {
  setFloatCondition(0);
  const kind = f80Class(a);
  if (kind >= CLASS_QUIET) {
    f80Propagate(exponent, a, a, control);
    if (!f80Blocked(control)) f80Copy(significand, exponent);
    return;
  }
  if (kind == CLASS_DENORMAL) f80RaiseDenormal(a, a, control);
  f80UnpackLeft(a);
  if (leftSignificand == 0) floatFlags |= ZE;
  if (f80Blocked(control)) return;
  const sign = leftSign << 15;
  if (leftSignificand == 0) {
    f80Set(exponent, 0xffff, 1 << 63);
    f80Set(significand, sign, 0);
  } else if (leftExponent == INFINITE) {
    f80Set(exponent, 0x7fff, 1 << 63);
    f80Set(significand, sign | 0x7fff, 1 << 63);
  } else {
    const mantissa = leftSignificand;
    f80FromI64(exponent, <u64>(<i64>leftExponent));
    f80Set(significand, sign | 16383, mantissa);
  }
}
