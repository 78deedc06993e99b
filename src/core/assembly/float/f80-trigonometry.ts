// FSIN, FCOS, FSINCOS, FPTAN.
//
// The argument is reduced by the processors' own 66-bit value of pi (SDM volume 1, 8.3.8), exactly,
// to a remainder of at most pi/4, and sine and cosine of that come from their Taylor series.

import { C2, floatCondition } from './flags.ts';
import { f80BeginUnary, f80Blocked, f80Copy, f80Deliver, f80RaiseDenormal, f80Set } from './f80-format.ts';
import { COSINE_SERIES, SINE_SERIES } from './transcendental-tables.ts';
import {
  INFINITE,
  KIND_FINITE,
  KIND_INVALID,
  leftExponent,
  leftSign,
  leftSignificand,
  normalizeResult,
  resultExponent,
  resultHigh,
  resultLow,
  resultSign,
} from './unpacked.ts';
import {
  divideToResult,
  evaluateSeries,
  fractionHigh,
  fractionLow,
  scaleResult,
  setInexactResult,
  squareOfResult,
} from './wide-fraction.ts';

/** Half of the 66-bit pi, in units of 2^-65: 3 and the next 64 bits. */
const HALF_PI_HIGH: u64 = 3;
const HALF_PI_LOW: u64 = 0x243f6a8885a308d3;
const TERMS: i32 = 17;

/** The remainder of the left operand's magnitude, in normal form, and how many times pi/2 was taken off. */
let angleSign: u32 = 0;
let angleExponent: i32 = 0;
let angleHigh: u64 = 0;
let angleLow: u64 = 0;
let quadrant: u32 = 0;

/** Reduces the left operand, finite, not zero and below 2^63, to the angle and quadrant above. */
function reduce(): void {
  quadrant = 0;
  angleSign = 0;
  angleExponent = leftExponent;
  angleHigh = leftSignificand;
  angleLow = 0;
  if (leftExponent < -1) return;
  // In units of 2^-65 the operand is significand * 2^(exponent + 2); it is divided bit by bit.
  let high: u64 = 0;
  let low = leftSignificand;
  for (let step = leftExponent + 2; step > 0; step -= 1) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    quadrant <<= 1;
    if (high > HALF_PI_HIGH || (high == HALF_PI_HIGH && low >= HALF_PI_LOW)) {
      high -= HALF_PI_HIGH + u64(low < HALF_PI_LOW);
      low -= HALF_PI_LOW;
      quadrant |= 1;
    }
  }
  const otherLow = HALF_PI_LOW - low;
  const otherHigh = HALF_PI_HIGH - high - u64(HALF_PI_LOW < low);
  if (high > otherHigh || (high == otherHigh && low > otherLow)) {
    high = otherHigh;
    low = otherLow;
    angleSign = 1;
    quadrant += 1;
  }
  normalizeResult(0, 62, high, low);
  angleExponent = resultExponent;
  angleHigh = resultHigh;
  angleLow = resultLow;
}

/** Sets the result to the sine of the angle. */
function sineOfAngle(): void {
  normalizeResult(angleSign, angleExponent, angleHigh, angleLow);
  squareOfResult();
  evaluateSeries(SINE_SERIES, TERMS, fractionHigh, fractionLow, 1);
  scaleResult(fractionHigh, fractionLow);
}

/** Sets the result to the cosine of the angle. */
function cosineOfAngle(): void {
  normalizeResult(0, angleExponent, angleHigh, angleLow);
  squareOfResult();
  evaluateSeries(COSINE_SERIES, TERMS, fractionHigh, fractionLow, 1);
  setInexactResult(0, 0, fractionHigh, fractionLow);
}

/** Delivers the sine of the reduced operand, whose own sign is `sign`. */
function deliverSine(dst: usize, sign: u32, control: u32): void {
  if (quadrant & 1) cosineOfAngle();
  else sineOfAngle();
  resultSign ^= sign ^ ((quadrant >> 1) & 1);
  f80Deliver(dst, KIND_FINITE, 64, control);
}

/** Delivers the cosine of the reduced operand. */
function deliverCosine(dst: usize, control: u32): void {
  if (quadrant & 1) sineOfAngle();
  else cosineOfAngle();
  resultSign ^= ((quadrant + 1) >> 1) & 1;
  f80Deliver(dst, KIND_FINITE, 64, control);
}

/**
 * Starts any of the instructions: true when the operand is special and the result, if any, delivered:
 * NaNs and infinities at `dst`, an operand out of range by C2.
 */
function begin(dst: usize, a: usize, control: u32): bool {
  if (f80BeginUnary(dst, a, control)) return true;
  if (leftExponent == INFINITE) {
    f80Deliver(dst, KIND_INVALID, 64, control);
    return true;
  }
  if (leftExponent >= 63) {
    floatCondition = C2;
    return true;
  }
  f80RaiseDenormal(a, a, control);
  return f80Blocked(control);
}

/**
 * The sine of a, in radians, into `dst` (FSIN). With |a| >= 2^63, C2 is set and nothing stored; else
 * C2 is clear and C1 tells of rounding up. May raise IE, DE, UE, PE.
 */
export function f80Sin(dst: usize, a: usize, control: u32): void {
  if (begin(dst, a, control)) return;
  if (leftSignificand == 0) {
    f80Copy(dst, a);
    return;
  }
  const sign = leftSign;
  reduce();
  deliverSine(dst, sign, control);
}

/** The cosine of a, in radians, into `dst` (FCOS); otherwise as `f80Sin`. */
export function f80Cos(dst: usize, a: usize, control: u32): void {
  if (begin(dst, a, control)) return;
  if (leftSignificand == 0) {
    f80Set(dst, 16383, 1 << 63);
    return;
  }
  reduce();
  deliverCosine(dst, control);
}

/**
 * Sine and cosine of a (FSINCOS: `sine` replaces the operand, `cosine` is pushed). Nothing may be
 * pushed when C2 is set or an unmasked IE or DE is raised; otherwise as `f80Sin`.
 */
export function f80SinCos(sine: usize, cosine: usize, a: usize, control: u32): void {
  if (begin(sine, a, control)) {
    if (floatCondition != C2 && !f80Blocked(control)) f80Copy(cosine, sine);
    return;
  }
  if (leftSignificand == 0) {
    f80Copy(sine, a);
    f80Set(cosine, 16383, 1 << 63);
    return;
  }
  const sign = leftSign;
  reduce();
  deliverSine(sine, sign, control);
  floatCondition = 0;
  deliverCosine(cosine, control);
}

/** Delivers the tangent of a reduced operand so small that it, or its inverse, is the angle's to 128 bits. */
function deliverTinyTangent(dst: usize, sign: u32, control: u32): void {
  const whole = angleSign ^ sign;
  if (quadrant & 1) divideToResult(whole ^ 1, -angleExponent, 1 << 63, 0, angleHigh, angleLow);
  else setInexactResult(whole, angleExponent, angleHigh, angleLow);
  f80Deliver(dst, KIND_FINITE, 64, control);
}

/**
 * The tangent of a (FPTAN: `tangent` replaces the operand, `one`, which is 1 or the same NaN, is
 * pushed). Nothing may be pushed when C2 is set or an unmasked IE or DE is raised; otherwise as
 * `f80Sin`.
 */
export function f80Tan(tangent: usize, one: usize, a: usize, control: u32): void {
  if (begin(tangent, a, control)) {
    if (floatCondition != C2 && !f80Blocked(control)) f80Copy(one, tangent);
    return;
  }
  if (leftSignificand == 0) {
    f80Copy(tangent, a);
    f80Set(one, 16383, 1 << 63);
    return;
  }
  const sign = leftSign;
  reduce();
  if (angleExponent < -64) {
    // The tangent exceeds the angle by less than 128 bits show; the quotient could fall below it.
    deliverTinyTangent(tangent, sign, control);
    f80Set(one, 16383, 1 << 63);
    return;
  }
  cosineOfAngle();
  const cosineExponent = resultExponent;
  const cosineHigh = resultHigh;
  const cosineLow = resultLow;
  sineOfAngle();
  const whole = resultSign ^ sign;
  if (quadrant & 1) {
    const exponent = cosineExponent - resultExponent;
    divideToResult(whole ^ 1, exponent, cosineHigh, cosineLow, resultHigh, resultLow);
  } else {
    const exponent = resultExponent - cosineExponent;
    divideToResult(whole, exponent, resultHigh, resultLow, cosineHigh, cosineLow);
  }
  f80Deliver(tangent, KIND_FINITE, 64, control);
  f80Set(one, 16383, 1 << 63);
}
