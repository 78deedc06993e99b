// F2XM1.

import { PE, floatFlags } from './flags.ts';
import { f80BeginUnary, f80Blocked, f80Copy, f80Deliver, f80RaiseDenormal, f80Set } from './f80-format.ts';
import { EXPONENTIAL_SERIES, LN2_HIGH, LN2_LOW } from './transcendental-tables.ts';
import {
  INFINITE,
  KIND_FINITE,
  leftExponent,
  leftSign,
  leftSignificand,
  normalizeResult,
  resultExponent,
  resultHigh,
  resultLow,
} from './unpacked.ts';
import {
  evaluateSeries,
  fractionHigh,
  fractionLow,
  multiplyFractions,
  scaleResult,
  shiftFraction,
} from './wide-fraction.ts';

const TERMS: i32 = 31;

/**
 * 2^a - 1 into `dst` (F2XM1), for a from -1 to 1; C1 tells of rounding up. Beyond that the manual
 * leaves the result open, and as AMD processors do, finite operands give themselves; minus infinity
 * gives -1. May raise IE, DE, UE, PE.
 */
export function f80Exp2Minus1(dst: usize, a: usize, control: u32): void {
  if (f80BeginUnary(dst, a, control)) return;
  f80RaiseDenormal(a, a, control);
  if (f80Blocked(control)) return;
  if (leftExponent == INFINITE && leftSign != 0) {
    f80Set(dst, 0xbfff, 1 << 63);
    return;
  }
  if (leftSignificand == 0 || leftExponent == INFINITE) {
    f80Copy(dst, a);
    return;
  }
  if (leftExponent > 0 || (leftExponent == 0 && leftSignificand != 1 << 63)) {
    floatFlags |= PE;
    f80Copy(dst, a);
    return;
  }
  if (leftExponent == 0 && leftSign != 0) {
    // The one exact result, -1/2, which processors report as inexact too.
    floatFlags |= PE;
    f80Set(dst, 0xbffe, 1 << 63);
    return;
  }
  // With t = |a| ln 2, the result is t (1 +- t/2! + t^2/3! +- ...).
  multiplyFractions(leftSignificand, 0, LN2_HIGH, LN2_LOW);
  normalizeResult(leftSign, leftExponent, fractionHigh, fractionLow);
  shiftFraction(resultHigh, resultLow, -1 - resultExponent);
  evaluateSeries(EXPONENTIAL_SERIES, TERMS, fractionHigh, fractionLow, leftSign);
  scaleResult(fractionHigh, fractionLow);
  f80Deliver(dst, KIND_FINITE, 64, control);
}
