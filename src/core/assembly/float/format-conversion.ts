// Conversions between binary32 and binary64, and rounding to an integral value in the format:
// CVTSS2SD, CVTSD2SS, ROUNDSS, ROUNDSD.

import { IE, NEAREST, PE, floatFlags, mxcsrRounding } from './flags.ts';
import {
  F32_INFINITY,
  F32_QUIET,
  F32_SIGN,
  f32Denormal,
  f32IsNan,
  f32IsNormal,
  f32IsSignalling,
  f32Operand,
  f32Pack,
} from './f32-format.ts';
import {
  F64_INFINITY,
  F64_QUIET,
  F64_SIGN,
  f64Denormal,
  f64IsNan,
  f64IsNormal,
  f64IsSignalling,
  f64Operand,
  f64UnpackLeft,
} from './f64-format.ts';
import {
  INFINITE,
  KIND_FINITE,
  KIND_INFINITY,
  KIND_ZERO,
  leftExponent,
  leftSign,
  leftSignificand,
  normalizeResult,
  setResultSign,
} from './unpacked.ts';
import { PRECISION_SETTLED } from './f64-arithmetic.ts';

/** ROUNDSD's immediate: take the rounding mode from MXCSR. */
const USE_MXCSR: u32 = 4;
/** ROUNDSD's immediate: do not report inexact results. */
const SUPPRESS_PRECISION: u32 = 8;

/** A binary32 NaN's payload in binary64, not quieted. */
export function f32NanToF64(a: u32): u64 {
  return ((<u64>(a & F32_SIGN)) << 32) | F64_INFINITY | ((<u64>(a & 0x7fffff)) << 29);
}

/** A binary64 NaN's payload cut to binary32, quieted. */
export function f64NanToF32(a: u64): u32 {
  return (<u32>(a >> 32) & F32_SIGN) | F32_INFINITY | F32_QUIET | (<u32>(a >> 29) & 0x3fffff);
}

/** a in binary64, exact (CVTSS2SD). May raise IE, DE. */
export function f32ToF64(a: u32, mxcsr: u32): u64 {
  a = f32Operand(a, mxcsr);
  if (f32IsNan(a)) {
    if (f32IsSignalling(a)) floatFlags |= IE;
    return f32NanToF64(a) | F64_QUIET;
  }
  f32Denormal(a);
  return reinterpret<u64>(<f64>reinterpret<f32>(a));
}

/** a in binary32 (CVTSD2SS). May raise IE, DE, OE, UE, PE. */
export function f64ToF32(a: u64, mxcsr: u32): u32 {
  if (mxcsrRounding(mxcsr) == NEAREST && f64IsNormal(a)) {
    const narrow = <f32>reinterpret<f64>(a);
    const bits = reinterpret<u32>(narrow);
    if (f32IsNormal(bits) && (bits & ~F32_SIGN) > 0x00800000) {
      if ((mxcsr & PRECISION_SETTLED) != PRECISION_SETTLED && <f64>narrow != reinterpret<f64>(a)) floatFlags |= PE;
      return bits;
    }
  }
  a = f64Operand(a, mxcsr);
  if (f64IsNan(a)) {
    if (f64IsSignalling(a)) floatFlags |= IE;
    return f64NanToF32(a);
  }
  f64Denormal(a);
  f64UnpackLeft(a);
  setResultSign(leftSign);
  if (leftSignificand == 0) return f32Pack(KIND_ZERO, mxcsr);
  if (leftExponent == INFINITE) return f32Pack(KIND_INFINITY, mxcsr);
  normalizeResult(leftSign, leftExponent, leftSignificand, 0);
  return f32Pack(KIND_FINITE, mxcsr);
}

/** The rounding mode an immediate of ROUNDSD chooses. */
// @ts-ignore: decorator
@inline
function immediateRounding(immediate: u32, mxcsr: u32): u32 {
  return immediate & USE_MXCSR ? mxcsrRounding(mxcsr) : immediate & 3;
}

/** `value` rounded to an integral value in its format, by `rounding` 0..3. The engine's four operators are exactly the four modes. */
// @ts-ignore: decorator
@inline
export function roundNative<T>(value: T, rounding: u32): T {
  switch (rounding) {
    case 0:
      return nearest<T>(value);
    case 1:
      return floor<T>(value);
    case 2:
      return ceil<T>(value);
    default:
      return trunc<T>(value);
  }
}

/**
 * a rounded to an integral value (ROUNDSD); bits 3..0 of `immediate` as in SDM volume 2, ROUNDSD.
 * May raise IE, and PE unless suppressed; a denormal raises no DE.
 */
export function f64Round(a: u64, immediate: u32, mxcsr: u32): u64 {
  a = f64Operand(a, mxcsr);
  if (f64IsNan(a)) {
    if (f64IsSignalling(a)) floatFlags |= IE;
    return a | F64_QUIET;
  }
  const result = reinterpret<u64>(roundNative<f64>(reinterpret<f64>(a), immediateRounding(immediate, mxcsr)));
  if (result != a && (immediate & SUPPRESS_PRECISION) == 0) floatFlags |= PE;
  return (result & ~F64_SIGN) | (a & F64_SIGN);
}

/** As `f64Round`, for binary32 (ROUNDSS). */
export function f32Round(a: u32, immediate: u32, mxcsr: u32): u32 {
  a = f32Operand(a, mxcsr);
  if (f32IsNan(a)) {
    if (f32IsSignalling(a)) floatFlags |= IE;
    return a | F32_QUIET;
  }
  const result = reinterpret<u32>(roundNative<f32>(reinterpret<f32>(a), immediateRounding(immediate, mxcsr)));
  if (result != a && (immediate & SUPPRESS_PRECISION) == 0) floatFlags |= PE;
  return (result & ~F32_SIGN) | (a & F32_SIGN);
}
