// FYL2X and FYL2XP1.
//
// With x = m 2^k, m between sqrt(1/2) and sqrt(2), log2 x = k + 2/ln 2 atanh(s), s = (m-1)/(m+1).

import { PE, UE, ZE, floatFlags } from './flags.ts';
import { f80BeginBinary, f80Blocked, f80Copy, f80Deliver, f80RaiseDenormal } from './f80-format.ts';
import { INVERSE_LN2_HIGH, INVERSE_LN2_LOW, ODD_SERIES } from './transcendental-tables.ts';
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
  resultExponent,
  resultHigh,
  resultLow,
  resultSign,
  rightExponent,
  rightSign,
  rightSignificand,
} from './unpacked.ts';
import {
  divideToResult,
  evaluateSeries,
  fractionHigh,
  fractionLow,
  multiplyFractions,
  scaleResult,
  shiftFraction,
  squareOfResult,
} from './wide-fraction.ts';

const TERMS: i32 = 26;
const ONE: u64 = 0x8000000000000000;
/** sqrt(2) in units of 2^-63. */
const ROOT_OF_TWO: u64 = 0xb504f333f9de6484;

/** Turns the result, s, into log2((1 + s) / (1 - s)). */
function finishLogarithm(): void {
  const sign = resultSign;
  squareOfResult();
  evaluateSeries(ODD_SERIES, TERMS, fractionHigh, fractionLow, 0);
  scaleResult(fractionHigh, fractionLow);
  scaleResult(INVERSE_LN2_HIGH, INVERSE_LN2_LOW);
  resultSign = sign;
  resultExponent += 1;
}

/**
 * Sets the result to log2 of high:low * 2^(exponent - 127), bit 127 set and bit 0 clear. True when
 * that is exact, which is when it is an integer; zero is not allowed.
 */
function logarithm(high: u64, low: u64, exponent: i32): bool {
  let k = exponent;
  let numeratorHigh = high - ONE;
  let numeratorLow = low;
  let sign: u32 = 0;
  let denominatorHigh = (high >> 1) + (ONE >> 1);
  const denominatorLow = (low >> 1) | (high << 63);
  if (high >= ROOT_OF_TWO) {
    k += 1;
    sign = 1;
    numeratorLow = 0 - low;
    numeratorHigh = 0 - high - u64(low != 0);
    denominatorHigh = (high >> 1) + ONE;
  }
  if ((numeratorHigh | numeratorLow) == 0) {
    normalizeResult(u32(k < 0), 63, <u64>(k < 0 ? -k : k), 0);
    return true;
  }
  normalizeResult(sign, 0, numeratorHigh, numeratorLow);
  divideToResult(sign, resultExponent - 1, resultHigh, resultLow, denominatorHigh, denominatorLow);
  finishLogarithm();
  if (k == 0) return false;
  // The fraction is at most one half, so that the sum has the sign of k and cannot carry.
  const magnitude = <u64>(k < 0 ? -k : k);
  const shift = <i32>clz(magnitude);
  const top = magnitude << shift;
  shiftFraction(resultHigh, resultLow, 63 - shift - resultExponent);
  if (resultSign == u32(k < 0)) normalizeResult(resultSign, 63 - shift, top + fractionHigh, fractionLow);
  else normalizeResult(resultSign ^ 1, 63 - shift, top - fractionHigh - u64(fractionLow != 0), 0 - fractionLow);
  return false;
}

/** Sets the result to log2(1 + left), for a left operand that is not zero and above -1; true when exact. */
function logarithmOfOnePlus(): bool {
  if (leftExponent >= -1 || (leftExponent == -2 && leftSignificand > 0x9000000000000000)) {
    // 1 + left is formed in 128 bits: what that drops of a large left operand is its 1, at most.
    let high = leftSignificand;
    let low: u64 = 0;
    let exponent = leftExponent;
    if (leftSign) {
      shiftFraction(leftSignificand, 0, -leftExponent);
      low = 0 - fractionLow;
      high = ONE - fractionHigh - u64(fractionLow != 0);
      exponent = 0;
    } else if (leftExponent >= 0) {
      shiftFraction(ONE, 0, leftExponent);
      low = fractionLow;
      high = leftSignificand + fractionHigh;
      if (high < leftSignificand) {
        low = (low >> 1) | (high << 63);
        high = (high >> 1) | ONE;
        exponent += 1;
      }
    } else {
      shiftFraction(leftSignificand, 0, -leftExponent);
      low = fractionLow;
      high = ONE + fractionHigh;
      exponent = 0;
    }
    normalizeResult(0, exponent, high, low);
    return logarithm(resultHigh, resultLow & ~(<u64>1), resultExponent);
  }
  // s = left / (2 + left), with 2 + left in units of 2^-126 or, below 2, of 2^-127.
  if (leftSign) {
    shiftFraction(leftSignificand, 0, -leftExponent);
    const low = 0 - fractionLow;
    const high = 0 - fractionHigh - u64(fractionLow != 0);
    // A left operand too small to show leaves all zeros, which stand for 2.
    if ((high | low) == 0) normalizeResult(1, leftExponent - 1, leftSignificand, 0);
    else divideToResult(1, leftExponent, leftSignificand, 0, high, low);
  } else {
    shiftFraction(leftSignificand, 0, 1 - leftExponent);
    divideToResult(0, leftExponent - 1, leftSignificand, 0, ONE + fractionHigh, fractionLow);
  }
  finishLogarithm();
  return false;
}

/**
 * Delivers right * result. An exact product is reported as inexact all the same, and as underflow
 * where it is tiny, as processors do.
 */
function deliverProduct(dst: usize, exact: bool, control: u32): void {
  multiplyFractions(resultHigh, resultLow, rightSignificand, 0);
  const low = exact ? fractionLow : fractionLow | 1;
  normalizeResult(resultSign ^ rightSign, resultExponent + rightExponent + 1, fractionHigh, low);
  if (exact && !f80Blocked(control)) floatFlags |= resultExponent < -16382 ? UE | PE : PE;
  f80Deliver(dst, KIND_FINITE, 64, control);
}

/** The kind of result where left is finite, positive and not 1, and one of left and right makes a special case. */
function specialKind(logarithmSign: u32): u32 {
  resultSign = rightSign ^ logarithmSign;
  if (rightExponent == INFINITE) return KIND_INFINITY;
  return rightSignificand == 0 ? KIND_ZERO : KIND_FINITE;
}

/**
 * y * log2(x) into `dst` (FYL2X: x is ST(0), y is ST(1)); C1 tells of rounding up. A negative x is
 * invalid; x = 0 raises ZE for finite y. May raise IE, DE, ZE, OE, UE, PE (SDM volume 2, FYL2X).
 */
export function f80Log2(dst: usize, x: usize, y: usize, control: u32): void {
  if (f80BeginBinary(dst, x, y, control)) return;
  let kind: u32;
  const isOne = leftExponent == 0 && leftSignificand == ONE;
  if (leftSignificand == 0) {
    kind = rightSignificand == 0 ? KIND_INVALID : KIND_INFINITY;
    resultSign = rightSign ^ 1;
    if (kind == KIND_INFINITY && rightExponent != INFINITE) floatFlags |= ZE;
  } else if (leftSign != 0) kind = KIND_INVALID;
  else if (leftExponent == INFINITE) {
    kind = rightSignificand == 0 ? KIND_INVALID : KIND_INFINITY;
    resultSign = rightSign;
  } else if (isOne) {
    kind = rightExponent == INFINITE ? KIND_INVALID : KIND_ZERO;
    resultSign = rightSign;
  } else kind = specialKind(u32(leftExponent < 0));
  if (kind != KIND_INVALID && (floatFlags & ZE) == 0) f80RaiseDenormal(x, y, control);
  if (kind != KIND_FINITE || f80Blocked(control)) {
    f80Deliver(dst, kind, 64, control);
    return;
  }
  const exact = logarithm(leftSignificand, 0, leftExponent);
  deliverProduct(dst, exact, control);
}

/**
 * y * log2(x + 1) into `dst` (FYL2XP1: x is ST(0), y is ST(1)); C1 tells of rounding up. The manual
 * defines it for |x| up to 1 - sqrt(1/2); here it is right for all x above -1, and from -1 down finite
 * operands give x, as on AMD processors. May raise IE, DE, OE, UE, PE.
 */
export function f80Log2Plus1(dst: usize, x: usize, y: usize, control: u32): void {
  if (f80BeginBinary(dst, x, y, control)) return;
  let kind: u32;
  if (leftSignificand == 0) {
    kind = rightExponent == INFINITE ? KIND_INVALID : KIND_ZERO;
    resultSign = leftSign ^ rightSign;
  } else if (leftExponent == INFINITE) {
    kind = leftSign != 0 || rightSignificand == 0 ? KIND_INVALID : KIND_INFINITY;
    resultSign = rightSign;
  } else kind = specialKind(leftSign);
  if (kind != KIND_INVALID) f80RaiseDenormal(x, y, control);
  if (kind != KIND_FINITE || f80Blocked(control)) {
    f80Deliver(dst, kind, 64, control);
    return;
  }
  if (leftSign != 0 && leftExponent >= 0) {
    floatFlags |= PE;
    f80Copy(dst, x);
    return;
  }
  const exact = logarithmOfOnePlus();
  deliverProduct(dst, exact, control);
}
