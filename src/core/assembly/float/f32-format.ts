// Binary32 apart and together again, and its NaN rules under SSE.

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

export const F32_SIGN: u32 = 0x80000000;
export const F32_INFINITY: u32 = 0x7f800000;
export const F32_QUIET: u32 = 0x00400000;
/** The default NaN, "QNaN floating-point indefinite". */
export const F32_DEFAULT_NAN: u32 = 0xffc00000;

// @ts-ignore: decorator
@inline
export function f32IsNan(bits: u32): bool {
  return bits << 1 > F32_INFINITY << 1;
}

// @ts-ignore: decorator
@inline
export function f32IsSignalling(bits: u32): bool {
  return f32IsNan(bits) && (bits & F32_QUIET) == 0;
}

// @ts-ignore: decorator
@inline
export function f32IsDenormal(bits: u32): bool {
  return (bits & F32_INFINITY) == 0 && bits << 1 != 0;
}

/** The exponent field is neither zero nor all ones. */
// @ts-ignore: decorator
@inline
export function f32IsNormal(bits: u32): bool {
  return ((bits + 0x00800000) & 0x7f000000) != 0;
}

/** The operand as the instruction sees it: under DAZ a denormal is a zero of its sign. */
// @ts-ignore: decorator
@inline
export function f32Operand(bits: u32, mxcsr: u32): u32 {
  return (mxcsr & MXCSR_DAZ) != 0 && (bits & F32_INFINITY) == 0 ? bits & F32_SIGN : bits;
}

/** Raises DE when the operand, after DAZ, is denormal. */
// @ts-ignore: decorator
@inline
export function f32Denormal(bits: u32): void {
  if (f32IsDenormal(bits)) floatFlags |= DE;
}

/**
 * The result when a or b is a NaN: the first of the two that is one, quieted; IE when either
 * signals (SDM volume 1, table 4-7).
 */
export function f32Propagate(a: u32, b: u32): u32 {
  if (f32IsSignalling(a) || f32IsSignalling(b)) floatFlags |= IE;
  return (f32IsNan(a) ? a : b) | F32_QUIET;
}

let unpackedExponent: i32 = 0;

/** The significand of a number that is no NaN, normalized; the exponent goes to `unpackedExponent`. */
function unpack(bits: u32): u64 {
  const field = <i32>(bits >> 23) & 0xff;
  const fraction = (<u64>(bits & 0x7fffff)) << 40;
  if (field == 0xff) {
    unpackedExponent = INFINITE;
    return 1 << 63;
  }
  if (field != 0) {
    unpackedExponent = field - 127;
    return fraction | (1 << 63);
  }
  if (fraction == 0) {
    unpackedExponent = 0;
    return 0;
  }
  const shift = <i32>clz(fraction);
  unpackedExponent = -126 - shift;
  return fraction << shift;
}

/** Takes a number that is no NaN apart as the left operand. */
export function f32UnpackLeft(bits: u32): void {
  const significand = unpack(bits);
  setLeft(bits >> 31, unpackedExponent, significand);
}

/** Takes a number that is no NaN apart as the right operand. */
export function f32UnpackRight(bits: u32): void {
  const significand = unpack(bits);
  setRight(bits >> 31, unpackedExponent, significand);
}

/** Rounds a finite result; `rounding`, `masks` and `flush` as in `roundToFormat`. */
export function f32PackFinite(rounding: u32, masks: u32, flush: u32): u32 {
  const outcome = roundToFormat(24, -126, 127, rounding, masks, flush);
  const sign = resultSign << 31;
  if (outcome == ROUNDED) {
    const field = <i64>resultHigh < 0 ? resultExponent + 127 : 0;
    return sign | ((<u32>field) << 23) | <u32>((resultHigh << 1) >> 41);
  }
  if (outcome == ROUNDED_TO_INFINITY) return sign | F32_INFINITY;
  return outcome == ROUNDED_TO_LARGEST ? sign | (F32_INFINITY - 1) : sign;
}

/** Puts a result of the given kind together as SSE delivers it. */
export function f32Pack(kind: u32, mxcsr: u32): u32 {
  if (kind == KIND_FINITE) return f32PackFinite(mxcsrRounding(mxcsr), mxcsrMasks(mxcsr), mxcsr & MXCSR_FTZ);
  if (kind == KIND_ZERO) return resultSign << 31;
  if (kind == KIND_INFINITY) return (resultSign << 31) | F32_INFINITY;
  floatFlags |= IE;
  return F32_DEFAULT_NAN;
}
