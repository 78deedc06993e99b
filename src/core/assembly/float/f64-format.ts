// Binary64 apart and together again, and its NaN rules under SSE.

import { IE, DE, MXCSR_DAZ, MXCSR_FTZ, floatFlags, mxcsrMasks, mxcsrRounding } from './flags.ts';
import { ROUNDED, ROUNDED_TO_INFINITY, ROUNDED_TO_LARGEST, roundToFormat } from './rounding.ts';
import {
  INFINITE,
  KIND_FINITE,
  KIND_INFINITY,
  KIND_ZERO,
  resultExponent,
  resultHigh,
  resultSign,
  setLeft,
  setRight,
} from './unpacked.ts';

export const F64_SIGN: u64 = 0x8000000000000000;
export const F64_INFINITY: u64 = 0x7ff0000000000000;
export const F64_QUIET: u64 = 0x0008000000000000;
/** The default NaN, "QNaN floating-point indefinite". */
export const F64_DEFAULT_NAN: u64 = 0xfff8000000000000;

// @ts-ignore: decorator
@inline
export function f64IsNan(bits: u64): bool {
  return bits << 1 > F64_INFINITY << 1;
}

// @ts-ignore: decorator
@inline
export function f64IsSignalling(bits: u64): bool {
  return f64IsNan(bits) && (bits & F64_QUIET) == 0;
}

// @ts-ignore: decorator
@inline
export function f64IsDenormal(bits: u64): bool {
  return (bits & F64_INFINITY) == 0 && bits << 1 != 0;
}

/** The exponent field is neither zero nor all ones. */
// @ts-ignore: decorator
@inline
export function f64IsNormal(bits: u64): bool {
  return ((bits + 0x0010000000000000) & 0x7fe0000000000000) != 0;
}

/** The operand as the instruction sees it: under DAZ a denormal is a zero of its sign. */
// @ts-ignore: decorator
@inline
export function f64Operand(bits: u64, mxcsr: u32): u64 {
  return (mxcsr & MXCSR_DAZ) != 0 && (bits & F64_INFINITY) == 0 ? bits & F64_SIGN : bits;
}

/** Raises DE when the operand, after DAZ, is denormal. */
// @ts-ignore: decorator
@inline
export function f64Denormal(bits: u64): void {
  if (f64IsDenormal(bits)) floatFlags |= DE;
}

/**
 * The result when a or b is a NaN: the first of the two that is one, quieted; IE when either
 * signals (SDM volume 1, table 4-7).
 */
export function f64Propagate(a: u64, b: u64): u64 {
  if (f64IsSignalling(a) || f64IsSignalling(b)) floatFlags |= IE;
  return (f64IsNan(a) ? a : b) | F64_QUIET;
}

let unpackedExponent: i32 = 0;

/** The significand of a number that is no NaN, normalized; the exponent goes to `unpackedExponent`. */
function unpack(bits: u64): u64 {
  const field = <i32>(bits >> 52) & 0x7ff;
  const fraction = (bits << 12) >> 1;
  if (field == 0x7ff) {
    unpackedExponent = INFINITE;
    return 1 << 63;
  }
  if (field != 0) {
    unpackedExponent = field - 1023;
    return fraction | (1 << 63);
  }
  if (fraction == 0) {
    unpackedExponent = 0;
    return 0;
  }
  const shift = <i32>clz(fraction);
  unpackedExponent = -1022 - shift;
  return fraction << shift;
}

/** Takes a number that is no NaN apart as the left operand. */
export function f64UnpackLeft(bits: u64): void {
  const significand = unpack(bits);
  setLeft(<u32>(bits >> 63), unpackedExponent, significand);
}

/** Takes a number that is no NaN apart as the right operand. */
export function f64UnpackRight(bits: u64): void {
  const significand = unpack(bits);
  setRight(<u32>(bits >> 63), unpackedExponent, significand);
}

/** Rounds a finite result; `rounding`, `masks` and `flush` as in `roundToFormat`. */
export function f64PackFinite(rounding: u32, masks: u32, flush: u32): u64 {
  const outcome = roundToFormat(53, -1022, 1023, rounding, masks, flush);
  const sign = (<u64>resultSign) << 63;
  if (outcome == ROUNDED) {
    const field = <i64>resultHigh < 0 ? resultExponent + 1023 : 0;
    return sign | ((<u64>field) << 52) | ((resultHigh << 1) >> 12);
  }
  if (outcome == ROUNDED_TO_INFINITY) return sign | F64_INFINITY;
  return outcome == ROUNDED_TO_LARGEST ? sign | (F64_INFINITY - 1) : sign;
}

/** Puts a result of the given kind together as SSE delivers it. */
export function f64Pack(kind: u32, mxcsr: u32): u64 {
  if (kind == KIND_FINITE) return f64PackFinite(mxcsrRounding(mxcsr), mxcsrMasks(mxcsr), mxcsr & MXCSR_FTZ);
  if (kind == KIND_ZERO) return (<u64>resultSign) << 63;
  if (kind == KIND_INFINITY) return ((<u64>resultSign) << 63) | F64_INFINITY;
  floatFlags |= IE;
  return F64_DEFAULT_NAN;
}
