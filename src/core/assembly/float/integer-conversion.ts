// Conversions between binary32, binary64 and integers: CVTSI2SD, CVTSD2SI, CVTTSD2SI and their kin.

import { IE, PE, ZERO, floatFlags, mxcsrMasks, mxcsrRounding } from './flags.ts';
import { f32IsDenormal, f32Operand, f32PackFinite, f32UnpackLeft } from './f32-format.ts';
import { f64IsDenormal, f64IsNan, f64Operand, f64PackFinite, f64UnpackLeft } from './f64-format.ts';
import { leftSign, normalizeResult } from './unpacked.ts';
import { roundNative } from './format-conversion.ts';
import { integerInexact, integerTooLarge, roundToInteger } from './rounding.ts';

/** The signed integer of `bits` bits the left operand rounds to, or the indefinite integer and IE. */
function leftToSigned(bits: u32, rounding: u32): u64 {
  const indefinite = (<u64>1) << (bits - 1);
  const magnitude = roundToInteger(rounding);
  if (integerTooLarge || magnitude > indefinite || (magnitude == indefinite && leftSign == 0)) {
    floatFlags |= IE;
    return indefinite;
  }
  if (integerInexact) floatFlags |= PE;
  return leftSign ? 0 - magnitude : magnitude;
}

function f64ToSigned(a: u64, bits: u32, mxcsr: u32, truncate: u32): u64 {
  const rounding = truncate ? ZERO : mxcsrRounding(mxcsr);
  const value = reinterpret<f64>(a);
  const rounded = roundNative<f64>(value, rounding);
  const limit: f64 = bits == 32 ? 2147483648.0 : 9223372036854775808.0;
  // A NaN fails the comparison; a denormal is left to the slow path because of DAZ.
  if (Math.abs(rounded) < limit && !f64IsDenormal(a)) {
    if (rounded != value) floatFlags |= PE;
    return <u64>(<i64>rounded);
  }
  if (f64IsNan(a)) {
    floatFlags |= IE;
    return (<u64>1) << (bits - 1);
  }
  f64UnpackLeft(f64Operand(a, mxcsr));
  return leftToSigned(bits, rounding);
}

function f32ToSigned(a: u32, bits: u32, mxcsr: u32, truncate: u32): u64 {
  // Widening is exact, except that it would make a denormal normal and lose DAZ.
  if (!f32IsDenormal(a)) return f64ToSigned(reinterpret<u64>(<f64>reinterpret<f32>(a)), bits, mxcsr, truncate);
  f32UnpackLeft(f32Operand(a, mxcsr));
  return leftToSigned(bits, truncate ? ZERO : mxcsrRounding(mxcsr));
}

/**
 * a as a signed 32-bit integer, truncated when `truncate` is non-zero (CVTTSD2SI), else by MXCSR.RC.
 * A NaN or a value out of range gives 0x80000000 and IE; may raise PE.
 */
export function f64ToI32(a: u64, mxcsr: u32, truncate: u32): u32 {
  return <u32>f64ToSigned(a, 32, mxcsr, truncate);
}

/** As `f64ToI32`, to 64 bits; the indefinite value is 0x8000000000000000. */
export function f64ToI64(a: u64, mxcsr: u32, truncate: u32): u64 {
  return f64ToSigned(a, 64, mxcsr, truncate);
}

/** As `f64ToI32`, from binary32. */
export function f32ToI32(a: u32, mxcsr: u32, truncate: u32): u32 {
  return <u32>f32ToSigned(a, 32, mxcsr, truncate);
}

/** As `f64ToI64`, from binary32. */
export function f32ToI64(a: u32, mxcsr: u32, truncate: u32): u64 {
  return f32ToSigned(a, 64, mxcsr, truncate);
}

/** A signed 32-bit integer as binary64; always exact. */
export function i32ToF64(a: u32): u64 {
  return reinterpret<u64>(<f64>(<i32>a));
}

/** A signed 64-bit integer as binary64, by MXCSR.RC. May raise PE. */
export function i64ToF64(a: u64, mxcsr: u32): u64 {
  // Integers of 53 bits are exact.
  if (a + 0x0020000000000000 <= 0x0040000000000000) return reinterpret<u64>(<f64>(<i64>a));
  const negative = <i64>a < 0;
  normalizeResult(u32(negative), 63, negative ? 0 - a : a, 0);
  return f64PackFinite(mxcsrRounding(mxcsr), mxcsrMasks(mxcsr), 0);
}

/** A signed 64-bit integer as binary32, by MXCSR.RC. May raise PE. */
export function i64ToF32(a: u64, mxcsr: u32): u32 {
  // Integers of 24 bits are exact.
  if (a + 0x01000000 <= 0x02000000) return reinterpret<u32>(<f32>(<i64>a));
  const negative = <i64>a < 0;
  normalizeResult(u32(negative), 63, negative ? 0 - a : a, 0);
  return f32PackFinite(mxcsrRounding(mxcsr), mxcsrMasks(mxcsr), 0);
}

/** A signed 32-bit integer as binary32, by MXCSR.RC. May raise PE. */
export function i32ToF32(a: u32, mxcsr: u32): u32 {
  return i64ToF32(<u64>(<i64>(<i32>a)), mxcsr);
}
