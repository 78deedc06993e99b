// Floating-point values taken apart, and arithmetic on them that is the same for every format.
//
// A value is sign, exponent and a 64-bit significand with bit 63 set: significand * 2^(exponent-63).
// Zero has significand 0; an infinity has the exponent INFINITE. NaNs never get here: each format
// settles them first, since their payload follows the format's own rules.
//
// Operands and results are globals because asc functions have one result. A result has 128
// significand bits, of which the lowest is sticky (the OR of everything below it), enough to round
// to any format in one step.

import { divide128, mulHighUnsigned, wideRemainder } from '../wide.ts';
import { DOWN, ZE, floatFlags } from './flags.ts';

/** The exponent that stands for infinity. */
export const INFINITE: i32 = 0x100000;

/** Kinds of result: what the format's packing routine has to build. */
export const KIND_FINITE: u32 = 0;
export const KIND_ZERO: u32 = 1;
export const KIND_INFINITY: u32 = 2;
/** The operation is invalid: the default NaN and IE. */
export const KIND_INVALID: u32 = 3;

export let leftSign: u32 = 0;
export let leftExponent: i32 = 0;
export let leftSignificand: u64 = 0;
export let rightSign: u32 = 0;
export let rightExponent: i32 = 0;
export let rightSignificand: u64 = 0;
export let resultSign: u32 = 0;
export let resultExponent: i32 = 0;
export let resultHigh: u64 = 0;
export let resultLow: u64 = 0;

/** Sets the left operand. */
// @ts-ignore: decorator
@inline
export function setLeft(sign: u32, exponent: i32, significand: u64): void {
  leftSign = sign;
  leftExponent = exponent;
  leftSignificand = significand;
}

/** Sets the right operand. */
// @ts-ignore: decorator
@inline
export function setRight(sign: u32, exponent: i32, significand: u64): void {
  rightSign = sign;
  rightExponent = exponent;
  rightSignificand = significand;
}

/** Sets the sign of the result, which for a zero or an infinity is all there is to it. */
// @ts-ignore: decorator
@inline
export function setResultSign(sign: u32): void {
  resultSign = sign;
}

/** Sets a finite result whose significand may have leading zeros; zero significand is not allowed. */
export function normalizeResult(sign: u32, exponent: i32, high: u64, low: u64): void {
  if (high == 0) {
    high = low;
    low = 0;
    exponent -= 64;
  }
  const shift = <i32>clz(high);
  resultSign = sign;
  resultExponent = exponent - shift;
  resultHigh = (high << shift) | ((low >> 1) >> (63 - shift));
  resultLow = low << shift;
}

/**
 * left + right, or left - right when `flip` is 1. `rounding` decides the sign of an exact zero
 * difference (SDM volume 1, 4.8.3.1).
 */
export function addUnpacked(flip: u32, rounding: u32): u32 {
  const sign = rightSign ^ flip;
  if (leftExponent == INFINITE) {
    if (rightExponent == INFINITE && leftSign != sign) return KIND_INVALID;
    resultSign = leftSign;
    return KIND_INFINITY;
  }
  if (rightExponent == INFINITE) {
    resultSign = sign;
    return KIND_INFINITY;
  }
  if (leftSignificand == 0 && rightSignificand == 0) {
    resultSign = leftSign == sign ? sign : u32(rounding == DOWN);
    return KIND_ZERO;
  }
  resultLow = 0;
  if (rightSignificand == 0) {
    resultSign = leftSign;
    resultExponent = leftExponent;
    resultHigh = leftSignificand;
    return KIND_FINITE;
  }
  if (leftSignificand == 0) {
    resultSign = sign;
    resultExponent = rightExponent;
    resultHigh = rightSignificand;
    return KIND_FINITE;
  }
  let distance = leftExponent - rightExponent;
  let large = leftSignificand;
  let small = rightSignificand;
  resultSign = leftSign;
  resultExponent = leftExponent;
  if (distance < 0 || (distance == 0 && large < small)) {
    distance = -distance;
    large = rightSignificand;
    small = leftSignificand;
    resultSign = sign;
    resultExponent = rightExponent;
  }
  let high: u64 = 0;
  let low: u64 = 0;
  if (distance == 0) high = small;
  else if (distance < 64) {
    high = small >> distance;
    low = small << (64 - distance);
  } else if (distance == 64) low = small;
  else if (distance < 128) low = (small >> (distance - 64)) | u64(small << (128 - distance) != 0);
  else low = 1;
  if (leftSign == sign) {
    high += large;
    if (high < large) {
      low = (low >> 1) | (low & 1) | (high << 63);
      high = (high >> 1) | (1 << 63);
      resultExponent += 1;
    }
    resultHigh = high;
    resultLow = low;
    return KIND_FINITE;
  }
  high = large - high - u64(low != 0);
  low = 0 - low;
  if ((high | low) == 0) {
    resultSign = u32(rounding == DOWN);
    return KIND_ZERO;
  }
  normalizeResult(resultSign, resultExponent, high, low);
  return KIND_FINITE;
}

/** left * right. */
export function multiplyUnpacked(): u32 {
  resultSign = leftSign ^ rightSign;
  if (leftExponent == INFINITE || rightExponent == INFINITE) {
    return leftSignificand == 0 || rightSignificand == 0 ? KIND_INVALID : KIND_INFINITY;
  }
  if (leftSignificand == 0 || rightSignificand == 0) return KIND_ZERO;
  resultHigh = mulHighUnsigned(leftSignificand, rightSignificand);
  resultLow = leftSignificand * rightSignificand;
  resultExponent = leftExponent + rightExponent + 1;
  if (<i64>resultHigh >= 0) {
    resultHigh = (resultHigh << 1) | (resultLow >> 63);
    resultLow <<= 1;
    resultExponent -= 1;
  }
  return KIND_FINITE;
}

/** left / right; raises ZE for a finite non-zero left and a zero right. */
export function divideUnpacked(): u32 {
  resultSign = leftSign ^ rightSign;
  if (leftExponent == INFINITE) return rightExponent == INFINITE ? KIND_INVALID : KIND_INFINITY;
  if (rightExponent == INFINITE) return KIND_ZERO;
  if (rightSignificand == 0) {
    if (leftSignificand == 0) return KIND_INVALID;
    floatFlags |= ZE;
    return KIND_INFINITY;
  }
  if (leftSignificand == 0) return KIND_ZERO;
  resultExponent = leftExponent - rightExponent;
  if (leftSignificand >= rightSignificand) {
    resultHigh = divide128(leftSignificand >> 1, leftSignificand << 63, rightSignificand);
  } else {
    resultHigh = divide128(leftSignificand, 0, rightSignificand);
    resultExponent -= 1;
  }
  // Rounding needs to know only on which side of one half the remainder lies.
  const rest = wideRemainder;
  if (rest == 0) resultLow = 0;
  else if (rest > rightSignificand - rest) resultLow = 3 << 62;
  else resultLow = rest == rightSignificand - rest ? 1 << 63 : 1;
  return KIND_FINITE;
}

/** The square root of left. */
export function squareRootUnpacked(): u32 {
  resultSign = leftSign;
  if (leftSignificand == 0) return KIND_ZERO;
  if (leftSign != 0) return KIND_INVALID;
  if (leftExponent == INFINITE) return KIND_INFINITY;
  resultExponent = leftExponent >> 1;
  // The root of N = high:low, 2^126 <= N < 2^128, has 64 bits.
  const odd = leftExponent & 1;
  const high = odd ? leftSignificand : leftSignificand >> 1;
  const low = odd ? <u64>0 : leftSignificand << 63;
  const estimate = Math.sqrt(<f64>high) * 4294967296.0;
  let root: u64 = estimate >= 18446744073709551616.0 ? ~(<u64>0) : <u64>estimate;
  // One Newton step: the estimate is within 2^12, so the step leaves an error below one. Two are
  // taken off so that the root is never too large, and the loop below puts them back.
  let squareLow = root * root;
  const errorHigh = <i64>(high - mulHighUnsigned(root, root) - u64(low < squareLow));
  const error = <f64>errorHigh * 18446744073709551616.0 + <f64>(low - squareLow);
  root += <u64>(<i64>(error / (2.0 * <f64>root)) - 2);
  squareLow = root * root;
  let restHigh = high - mulHighUnsigned(root, root) - u64(low < squareLow);
  let restLow = low - squareLow;
  // While the rest is at least 2 * root + 1, one more fits.
  while (restHigh > root >> 63 || (restHigh == root >> 63 && restLow > root << 1)) {
    const step = (root << 1) | 1;
    restHigh -= (root >> 63) + u64(restLow < step);
    restLow -= step;
    root += 1;
  }
  resultHigh = root;
  if ((restHigh | restLow) == 0) resultLow = 0;
  else resultLow = restHigh != 0 || restLow > root ? 3 << 62 : 1;
  return KIND_FINITE;
}
