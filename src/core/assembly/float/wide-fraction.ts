// 128-bit fractions for the transcendental instructions: results that are to be right to within one
// unit of 64 bits are computed with about 120.

import { divide128, mulHighUnsigned, shiftRight128, wideHigh, wideRemainder } from '../wide.ts';
import { normalizeResult, resultExponent, resultHigh, resultLow, resultSign } from './unpacked.ts';

/** The result of the last routine of this file, as two halves. */
export let fractionHigh: u64 = 0;
export let fractionLow: u64 = 0;

/** The top 128 bits of a * b, at most 3 units too small. */
export function multiplyFractions(aHigh: u64, aLow: u64, bHigh: u64, bLow: u64): void {
  const low = aHigh * bHigh;
  const first = mulHighUnsigned(aHigh, bLow);
  const second = mulHighUnsigned(aLow, bHigh);
  const cross = first + second;
  fractionLow = low + cross;
  fractionHigh = mulHighUnsigned(aHigh, bHigh) + u64(cross < first) + u64(fractionLow < low);
}

let restHigh: u64 = 0;
let restLow: u64 = 0;

/**
 * One 64-bit digit of the quotient n2:n1:n0 / d1:d0, where n2:n1 is below d1:d0 and d1 has bit 63
 * set; the remainder goes to `restHigh` and `restLow`.
 */
function quotientDigit(n2: u64, n1: u64, n0: u64, d1: u64, d0: u64): u64 {
  let digit: u64;
  let partial: u64;
  let exceeds = false;
  if (n2 >= d1) {
    // Here n2 == d1, and the digit is at most all ones; the rest is n2:n1 - digit * d1 = n1 + d1.
    digit = ~(<u64>0);
    partial = n1 + d1;
    exceeds = partial < d1;
  } else {
    digit = divide128(n2, n1, d1);
    partial = wideRemainder;
  }
  let productHigh = mulHighUnsigned(digit, d0);
  let productLow = digit * d0;
  while (!exceeds && (productHigh > partial || (productHigh == partial && productLow > n0))) {
    digit -= 1;
    productHigh -= u64(productLow < d0);
    productLow -= d0;
    partial += d1;
    exceeds = partial < d1;
  }
  restHigh = partial - productHigh - u64(n0 < productLow);
  restLow = n0 - productLow;
  return digit;
}

/** n / d as a fraction of 128 bits, cut; n must be below d, and d's bit 127 set. */
export function divideFractions(nHigh: u64, nLow: u64, dHigh: u64, dLow: u64): void {
  const high = quotientDigit(nHigh, nLow, 0, dHigh, dLow);
  fractionLow = quotientDigit(restHigh, restLow, 0, dHigh, dLow);
  fractionHigh = high;
}

/**
 * The series c0 + c1 z + c2 z^2 + ..., or with alternating signs when `alternate` is non-zero.
 * `table` holds `count` coefficients, high half first, as multiples of 2^-127 (so that 1 is
 * 0x8000...), positive and decreasing; z is a fraction of 2^-128. The result has the coefficients'
 * scale; an alternating one is always below c0, even for a z too small to show.
 */
export function evaluateSeries(table: usize, count: i32, zHigh: u64, zLow: u64, alternate: u32): void {
  let address = table + (<usize>count - 1) * 16;
  let high = load<u64>(address);
  let low = load<u64>(address, 8);
  while (address > table) {
    address -= 16;
    multiplyFractions(zHigh, zLow, high, low);
    const coefficientHigh = load<u64>(address);
    const coefficientLow = load<u64>(address, 8);
    if (alternate) {
      low = coefficientLow - fractionLow;
      high = coefficientHigh - fractionHigh - u64(coefficientLow < fractionLow);
    } else {
      low = coefficientLow + fractionLow;
      high = coefficientHigh + fractionHigh + u64(low < coefficientLow);
    }
  }
  if (alternate && high >= 1 << 63) {
    high = ~(<u64>0) >> 1;
    low = ~(<u64>0);
  }
  fractionHigh = high;
  fractionLow = low;
}

/** high:low >> count as a fraction; any count from 0 up. */
export function shiftFraction(high: u64, low: u64, count: i32): void {
  if (count >= 128) {
    fractionHigh = 0;
    fractionLow = 0;
    return;
  }
  fractionLow = shiftRight128(high, low, count);
  fractionHigh = wideHigh;
}

/**
 * The result of an inexact operation, for rounding: `high:low * 2^(exponent - 127)` with the sticky
 * bit set, since no transcendental result is a number of the format.
 */
// @ts-ignore: decorator
@inline
export function setInexactResult(sign: u32, exponent: i32, high: u64, low: u64): void {
  normalizeResult(sign, exponent, high, low | 1);
}

/** Multiplies the result of normal form by the fraction high:low in units of 2^-127. */
export function scaleResult(high: u64, low: u64): void {
  multiplyFractions(resultHigh, resultLow, high, low);
  setInexactResult(resultSign, resultExponent + 1, fractionHigh, fractionLow);
}

/**
 * Sets the result to n / d * 2^exponent, where n and d are fractions with bit 127 set.
 */
export function divideToResult(sign: u32, exponent: i32, nHigh: u64, nLow: u64, dHigh: u64, dLow: u64): void {
  if (nHigh > dHigh || (nHigh == dHigh && nLow >= dLow)) {
    nLow = (nLow >> 1) | (nHigh << 63);
    nHigh >>= 1;
    exponent += 1;
  }
  divideFractions(nHigh, nLow, dHigh, dLow);
  setInexactResult(sign, exponent - 1, fractionHigh, fractionLow);
}

/** The square of the result, which is below 1, as a fraction of 2^-128. */
export function squareOfResult(): void {
  shiftFraction(resultHigh, resultLow, -1 - resultExponent);
  multiplyFractions(fractionHigh, fractionLow, fractionHigh, fractionLow);
}
