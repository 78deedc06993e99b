// ADDSD, SUBSD, MULSD, DIVSD, SQRTSD on one element.
//
// Rounding to nearest, on normal operands and results, is what the engine's own f64 operators do, so
// those compute the result. What they do not say is whether it is exact; where PE is already set and
// masked nobody can tell the difference, and elsewhere an exact error term or the significands' trailing
// zeros decide. Everything else takes the path over unpacked values.

import { NEAREST, PE, floatFlags, mxcsrRounding } from './flags.ts';
import {
  F64_SIGN,
  f64Denormal,
  f64IsNan,
  f64IsNormal,
  f64Operand,
  f64Pack,
  f64Propagate,
  f64UnpackLeft,
  f64UnpackRight,
} from './f64-format.ts';
import { addUnpacked, divideUnpacked, multiplyUnpacked, squareRootUnpacked } from './unpacked.ts';

/** PE and its mask: with both set a new PE changes nothing. */
export const PRECISION_SETTLED: u32 = 0x1020;
/** The smallest normal magnitude. */
const SMALLEST_NORMAL: u64 = 0x0010000000000000;
const FRACTION: u64 = 0x000fffffffffffff;

// @ts-ignore: decorator
@inline
function isNormalOrZero(bits: u64): bool {
  return f64IsNormal(bits) || bits << 1 == 0;
}

// @ts-ignore: decorator
@inline
function significand(bits: u64): u64 {
  return (bits & FRACTION) | SMALLEST_NORMAL;
}

// @ts-ignore: decorator
@inline
function exponentField(bits: u64): i32 {
  return <i32>(bits >> 52) & 0x7ff;
}

// @ts-ignore: decorator
@inline
function precisionSettled(mxcsr: u32): bool {
  return (mxcsr & PRECISION_SETTLED) == PRECISION_SETTLED;
}

/** left + right, or left - right with flip 1, over unpacked values. */
function addSoft(a: u64, b: u64, flip: u32, mxcsr: u32): u64 {
  a = f64Operand(a, mxcsr);
  b = f64Operand(b, mxcsr);
  if (f64IsNan(a) || f64IsNan(b)) return f64Propagate(a, b);
  f64Denormal(a);
  f64Denormal(b);
  f64UnpackLeft(a);
  f64UnpackRight(b);
  return f64Pack(addUnpacked(flip, mxcsrRounding(mxcsr)), mxcsr);
}

/** Adds by the engine when that is provably the same; `b` has the sign already flipped for flip 1. */
// @ts-ignore: decorator
@inline
function addFast(a: u64, b: u64, flip: u32, mxcsr: u32): u64 {
  const left = reinterpret<f64>(a);
  const right = reinterpret<f64>(b);
  const sum = left + right;
  const bits = reinterpret<u64>(sum);
  if (mxcsrRounding(mxcsr) == NEAREST && isNormalOrZero(a) && isNormalOrZero(b) && isNormalOrZero(bits)) {
    if (precisionSettled(mxcsr)) return bits;
    // The rounding error of a sum is itself a binary64 number, and this computes it exactly, unless
    // an intermediate overflows; the sum is finite, but near the top the parts may not be.
    const part = sum - left;
    const error = left - (sum - part) + (right - part);
    if (error == 0) return bits;
    if (f64IsNormal(reinterpret<u64>(error))) {
      floatFlags |= PE;
      return bits;
    }
  }
  return addSoft(a, flip ? b ^ F64_SIGN : b, flip, mxcsr);
}

/** a + b (ADDSD). May raise IE, DE, OE, UE, PE. */
export function f64Add(a: u64, b: u64, mxcsr: u32): u64 {
  return addFast(a, b, 0, mxcsr);
}

/** a - b (SUBSD). May raise IE, DE, OE, UE, PE. */
export function f64Sub(a: u64, b: u64, mxcsr: u32): u64 {
  return addFast(a, b ^ F64_SIGN, 1, mxcsr);
}

/** a * b (MULSD). May raise IE, DE, OE, UE, PE. */
export function f64Mul(a: u64, b: u64, mxcsr: u32): u64 {
  const product = reinterpret<u64>(reinterpret<f64>(a) * reinterpret<f64>(b));
  if (mxcsrRounding(mxcsr) == NEAREST && isNormalOrZero(a) && isNormalOrZero(b)) {
    // A product that was rounded up to the smallest normal may have been tiny, hence "above".
    if (f64IsNormal(product) && (product & ~F64_SIGN) > SMALLEST_NORMAL) {
      if (precisionSettled(mxcsr)) return product;
      // 105 significant bits, 106 with a carry, less the trailing zeros: exact when 53 hold them.
      const carry = exponentField(product) - exponentField(a) - exponentField(b) + 1023;
      if (<i32>(ctz(significand(a)) + ctz(significand(b))) < 52 + carry) floatFlags |= PE;
      return product;
    }
    if (a << 1 == 0 || b << 1 == 0) return product;
  }
  a = f64Operand(a, mxcsr);
  b = f64Operand(b, mxcsr);
  if (f64IsNan(a) || f64IsNan(b)) return f64Propagate(a, b);
  f64Denormal(a);
  f64Denormal(b);
  f64UnpackLeft(a);
  f64UnpackRight(b);
  return f64Pack(multiplyUnpacked(), mxcsr);
}

/** a / b (DIVSD). May raise IE, DE, ZE, OE, UE, PE. */
export function f64Div(a: u64, b: u64, mxcsr: u32): u64 {
  const quotient = reinterpret<u64>(reinterpret<f64>(a) / reinterpret<f64>(b));
  if (mxcsrRounding(mxcsr) == NEAREST && f64IsNormal(b)) {
    if (a << 1 == 0) return quotient;
    if (f64IsNormal(a) && f64IsNormal(quotient) && (quotient & ~F64_SIGN) > SMALLEST_NORMAL) {
      if (precisionSettled(mxcsr)) return quotient;
      // quotient * b differs from a by less than 2^53 units, so comparing the low 64 bits decides.
      const shift = exponentField(a) - exponentField(quotient) - exponentField(b) + 1075;
      if (significand(quotient) * significand(b) != significand(a) << shift) floatFlags |= PE;
      return quotient;
    }
  }
  a = f64Operand(a, mxcsr);
  b = f64Operand(b, mxcsr);
  if (f64IsNan(a) || f64IsNan(b)) return f64Propagate(a, b);
  f64UnpackLeft(a);
  f64UnpackRight(b);
  const kind = divideUnpacked();
  // A division by zero reports no denormal dividend.
  if (b << 1 != 0) {
    f64Denormal(a);
    f64Denormal(b);
  }
  return f64Pack(kind, mxcsr);
}

/** The square root of a (SQRTSD). May raise IE, DE, PE. */
export function f64Sqrt(a: u64, mxcsr: u32): u64 {
  if (mxcsrRounding(mxcsr) == NEAREST && <i64>a > 0 && f64IsNormal(a)) {
    const root = reinterpret<u64>(Math.sqrt(reinterpret<f64>(a)));
    if (precisionSettled(mxcsr)) return root;
    // As in f64Div, the difference of root * root and a is small enough for 64 bits to decide.
    const shift = exponentField(a) - 2 * exponentField(root) + 1075;
    if (significand(root) * significand(root) != significand(a) << shift) floatFlags |= PE;
    return root;
  }
  a = f64Operand(a, mxcsr);
  if (f64IsNan(a)) return f64Propagate(a, a);
  f64UnpackLeft(a);
  if (<i64>a >= 0) f64Denormal(a);
  return f64Pack(squareRootUnpacked(), mxcsr);
}
