// ADDSS, SUBSS, MULSS, DIVSS, SQRTSS on one element, in the manner of `f64-arithmetic.ts`. Whether a
// result is exact is mostly decided in binary64, which holds the product of any two binary32 numbers.

import { PRECISION_SETTLED } from './f64-arithmetic.ts';
import {
  F32_SIGN,
  f32Denormal,
  f32IsNan,
  f32IsNormal,
  f32Operand,
  f32Pack,
  f32Propagate,
  f32UnpackLeft,
  f32UnpackRight,
} from './f32-format.ts';
import { NEAREST, PE, floatFlags, mxcsrRounding } from './flags.ts';
import { addUnpacked, divideUnpacked, multiplyUnpacked, squareRootUnpacked } from './unpacked.ts';

/** The smallest normal magnitude. */
const SMALLEST_NORMAL: u32 = 0x00800000;

// @ts-ignore: decorator
@inline
function isNormalOrZero(bits: u32): bool {
  return f32IsNormal(bits) || bits << 1 == 0;
}

// @ts-ignore: decorator
@inline
function precisionSettled(mxcsr: u32): bool {
  return (mxcsr & PRECISION_SETTLED) == PRECISION_SETTLED;
}

/** left + right, or left - right with flip 1, over unpacked values. */
function addSoft(a: u32, b: u32, flip: u32, mxcsr: u32): u32 {
  a = f32Operand(a, mxcsr);
  b = f32Operand(b, mxcsr);
  if (f32IsNan(a) || f32IsNan(b)) return f32Propagate(a, b);
  f32Denormal(a);
  f32Denormal(b);
  f32UnpackLeft(a);
  f32UnpackRight(b);
  return f32Pack(addUnpacked(flip, mxcsrRounding(mxcsr)), mxcsr);
}

/** Adds by the engine when that is provably the same; `b` has the sign already flipped for flip 1. */
// @ts-ignore: decorator
@inline
function addFast(a: u32, b: u32, flip: u32, mxcsr: u32): u32 {
  const left = reinterpret<f32>(a);
  const right = reinterpret<f32>(b);
  const sum = left + right;
  const bits = reinterpret<u32>(sum);
  if (mxcsrRounding(mxcsr) == NEAREST && isNormalOrZero(a) && isNormalOrZero(b) && isNormalOrZero(bits)) {
    if (precisionSettled(mxcsr)) return bits;
    // The rounding error, which is exact and which binary32 holds; see f64-arithmetic.ts.
    const part = sum - left;
    const error = left - (sum - part) + (right - part);
    if (error == 0) return bits;
    if (f32IsNormal(reinterpret<u32>(error))) {
      floatFlags |= PE;
      return bits;
    }
  }
  return addSoft(a, flip ? b ^ F32_SIGN : b, flip, mxcsr);
}

/** a + b (ADDSS). May raise IE, DE, OE, UE, PE. */
export function f32Add(a: u32, b: u32, mxcsr: u32): u32 {
  return addFast(a, b, 0, mxcsr);
}

/** a - b (SUBSS). May raise IE, DE, OE, UE, PE. */
export function f32Sub(a: u32, b: u32, mxcsr: u32): u32 {
  return addFast(a, b ^ F32_SIGN, 1, mxcsr);
}

/** a * b (MULSS). May raise IE, DE, OE, UE, PE. */
export function f32Mul(a: u32, b: u32, mxcsr: u32): u32 {
  const exact = <f64>reinterpret<f32>(a) * <f64>reinterpret<f32>(b);
  const rounded = <f32>exact;
  const product = reinterpret<u32>(rounded);
  if (mxcsrRounding(mxcsr) == NEAREST && isNormalOrZero(a) && isNormalOrZero(b)) {
    // A product that was rounded up to the smallest normal may have been tiny, hence "above".
    if (f32IsNormal(product) && (product & ~F32_SIGN) > SMALLEST_NORMAL) {
      if (<f64>rounded != exact) floatFlags |= PE;
      return product;
    }
    if (exact == 0) return product;
  }
  a = f32Operand(a, mxcsr);
  b = f32Operand(b, mxcsr);
  if (f32IsNan(a) || f32IsNan(b)) return f32Propagate(a, b);
  f32Denormal(a);
  f32Denormal(b);
  f32UnpackLeft(a);
  f32UnpackRight(b);
  return f32Pack(multiplyUnpacked(), mxcsr);
}

/** a / b (DIVSS). May raise IE, DE, ZE, OE, UE, PE. */
export function f32Div(a: u32, b: u32, mxcsr: u32): u32 {
  const rounded = reinterpret<f32>(a) / reinterpret<f32>(b);
  const quotient = reinterpret<u32>(rounded);
  if (mxcsrRounding(mxcsr) == NEAREST && f32IsNormal(b)) {
    if (a << 1 == 0) return quotient;
    if (f32IsNormal(a) && f32IsNormal(quotient) && (quotient & ~F32_SIGN) > SMALLEST_NORMAL) {
      if (precisionSettled(mxcsr)) return quotient;
      if (<f64>rounded * <f64>reinterpret<f32>(b) != <f64>reinterpret<f32>(a)) floatFlags |= PE;
      return quotient;
    }
  }
  a = f32Operand(a, mxcsr);
  b = f32Operand(b, mxcsr);
  if (f32IsNan(a) || f32IsNan(b)) return f32Propagate(a, b);
  f32UnpackLeft(a);
  f32UnpackRight(b);
  const kind = divideUnpacked();
  // A division by zero reports no denormal dividend.
  if (b << 1 != 0) {
    f32Denormal(a);
    f32Denormal(b);
  }
  return f32Pack(kind, mxcsr);
}

/** The square root of a (SQRTSS). May raise IE, DE, PE. */
export function f32Sqrt(a: u32, mxcsr: u32): u32 {
  if (mxcsrRounding(mxcsr) == NEAREST && <i32>a > 0 && f32IsNormal(a)) {
    const root = Mathf.sqrt(reinterpret<f32>(a));
    if (!precisionSettled(mxcsr) && <f64>root * <f64>root != <f64>reinterpret<f32>(a)) floatFlags |= PE;
    return reinterpret<u32>(root);
  }
  a = f32Operand(a, mxcsr);
  if (f32IsNan(a)) return f32Propagate(a, a);
  f32UnpackLeft(a);
  if (<i32>a >= 0) f32Denormal(a);
  return f32Pack(squareRootUnpacked(), mxcsr);
}
