// FPATAN.

import { f80BeginBinary, f80Blocked, f80Deliver, f80RaiseDenormal } from './f80-format.ts';
import { ARCTANGENTS, ODD_SERIES, PI_HIGH, PI_LOW } from './transcendental-tables.ts';
import {
  INFINITE,
  KIND_FINITE,
  KIND_ZERO,
  leftExponent,
  leftSign,
  leftSignificand,
  normalizeResult,
  resultExponent,
  resultHigh,
  resultLow,
  rightExponent,
  rightSign,
  rightSignificand,
  setResultSign,
} from './unpacked.ts';
import {
  divideToResult,
  evaluateSeries,
  fractionHigh,
  fractionLow,
  scaleResult,
  setInexactResult,
  shiftFraction,
  squareOfResult,
} from './wide-fraction.ts';
import { mulHighUnsigned, shiftLeft128, wideHigh } from '../wide.ts';

const TERMS: i32 = 12;

/**
 * Sets the result to atan(small / large), where the operands are significands, small's exponent is
 * `distance` below large's, and the quotient is at most 1.
 *
 * From 1/32 up the quotient q is brought near zero by the nearest c = j/32:
 * atan q = atan c + atan((q - c) / (1 + q c)), where the fraction is formed exactly.
 */
function arctangent(small: u64, large: u64, distance: i32): void {
  let j: u64 = 0;
  let sign: u32 = 0;
  if (distance < 8) {
    j = <u64>nearest(((<f64>small / <f64>large) * 32.0) / <f64>(1 << distance));
  }
  if (j == 0) divideToResult(0, -distance, small, 0, large, 0);
  else {
    // numerator = 32 small - j large, denominator = 32 large + j small, both with large shifted left
    // by the distance, so below 2^78.
    const largeLow = shiftLeft128(0, large, distance);
    const largeHigh = wideHigh;
    const termLow = largeLow * j;
    const termHigh = largeHigh * j + mulHighUnsigned(largeLow, j);
    const smallLow = small << 5;
    const smallHigh = small >> 59;
    let low = smallLow - termLow;
    let high = smallHigh - termHigh - u64(smallLow < termLow);
    if (<i64>high < 0) {
      sign = 1;
      low = 0 - low;
      high = ~high + u64(low == 0);
    }
    const productLow = small * j;
    const denominatorLow = (largeLow << 5) + productLow;
    const denominatorHigh =
      ((largeHigh << 5) | (largeLow >> 59)) + mulHighUnsigned(small, j) + u64(denominatorLow < productLow);
    if ((high | low) == 0) {
      setInexactResult(0, -1, load<u64>(ARCTANGENTS + <usize>j * 16), load<u64>(ARCTANGENTS + <usize>j * 16, 8));
      return;
    }
    normalizeResult(0, 0, denominatorHigh, denominatorLow);
    const scale = resultExponent;
    const dHigh = resultHigh;
    const dLow = resultLow;
    normalizeResult(0, 0, high, low);
    divideToResult(0, resultExponent - scale, resultHigh, resultLow, dHigh, dLow);
  }
  squareOfResult();
  evaluateSeries(ODD_SERIES, TERMS, fractionHigh, fractionLow, 1);
  scaleResult(fractionHigh, fractionLow);
  if (j == 0) return;
  shiftFraction(resultHigh, resultLow, -1 - resultExponent);
  const tableHigh = load<u64>(ARCTANGENTS + <usize>j * 16);
  const tableLow = load<u64>(ARCTANGENTS + <usize>j * 16, 8);
  if (sign) {
    const low = tableLow - fractionLow;
    setInexactResult(0, -1, tableHigh - fractionHigh - u64(tableLow < fractionLow), low);
  } else {
    const low = tableLow + fractionLow;
    setInexactResult(0, -1, tableHigh + fractionHigh + u64(low < tableLow), low);
  }
}

/** Sets the result to pi / 2^halvings minus (or plus, when `add`) the result, which is smaller. */
function fromPi(halvings: i32, add: bool): void {
  shiftFraction(resultHigh, resultLow, 1 - resultExponent);
  const low = fractionLow;
  const high = fractionHigh;
  shiftFraction(PI_HIGH, PI_LOW, halvings);
  if (add) {
    const sum = fractionLow + low;
    setInexactResult(0, 1, fractionHigh + high + u64(sum < low), sum);
  } else setInexactResult(0, 1, fractionHigh - high - u64(fractionLow < low), fractionLow - low);
}

/**
 * atan(y / x) in the quadrant of (x, y), from -pi to pi, into `dst` (FPATAN: x is ST(0), y is ST(1));
 * all infinities and zeros are allowed (SDM volume 2, FPATAN). C1 tells of rounding up. May raise
 * IE, DE, UE, PE.
 */
export function f80Atan2(dst: usize, x: usize, y: usize, control: u32): void {
  if (f80BeginBinary(dst, x, y, control)) return;
  f80RaiseDenormal(x, y, control);
  if (f80Blocked(control)) return;
  const sign = rightSign;
  const negative = leftSign != 0;
  const yIsInfinite = rightExponent == INFINITE;
  const xIsInfinite = leftExponent == INFINITE;
  const yVanishes = rightSignificand == 0 || (xIsInfinite && !yIsInfinite);
  const xVanishes = leftSignificand == 0 || (yIsInfinite && !xIsInfinite);
  if (yVanishes) {
    if (negative) setInexactResult(0, 1, PI_HIGH, PI_LOW);
    else {
      setResultSign(sign);
      f80Deliver(dst, KIND_ZERO, 64, control);
      return;
    }
  } else if (xVanishes) setInexactResult(0, 0, PI_HIGH, PI_LOW);
  else if (yIsInfinite) {
    // Both infinite: an odd multiple of pi/4.
    setInexactResult(0, -1, PI_HIGH, PI_LOW);
    if (negative) fromPi(0, false);
  } else {
    const distance = leftExponent - rightExponent;
    if (distance < 0 || (distance == 0 && leftSignificand < rightSignificand)) {
      arctangent(leftSignificand, rightSignificand, -distance);
      fromPi(1, negative);
    } else {
      arctangent(rightSignificand, leftSignificand, distance);
      if (negative) fromPi(0, false);
    }
  }
  setResultSign(sign);
  f80Deliver(dst, KIND_FINITE, 64, control);
}
