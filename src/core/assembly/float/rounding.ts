// Rounding of an unpacked result to a format, with the overflow and underflow rules all formats share,
// and of an unpacked operand to an integer.

import { DOWN, NEAREST, OE, PE, UE, UP, floatFlags } from './flags.ts';
import {
  leftExponent,
  leftSign,
  leftSignificand,
  resultExponent,
  resultHigh,
  resultLow,
  resultSign,
} from './unpacked.ts';

/** The result is in `resultHigh`; bit 63 clear means denormal, with the exponent at the minimum. */
export const ROUNDED: u32 = 0;
/** The result overflowed to infinity. */
export const ROUNDED_TO_INFINITY: u32 = 1;
/** The result overflowed to the largest finite value. */
export const ROUNDED_TO_LARGEST: u32 = 2;
/** The result was flushed to zero. */
export const ROUNDED_TO_ZERO: u32 = 3;

/** Non-zero when the last rounding increased the magnitude; the x87 reports it as C1. */
export let roundedUp: u32 = 0;

/**
 * Rounds the result's significand to its top `bits` (1..64) bits; non-zero when that was inexact.
 * A carry out of the top moves the exponent of a normalized result.
 */
export function roundSignificand(bits: u32, rounding: u32): u32 {
  const drop = 64 - bits;
  // The part to be dropped as a 64-bit fraction: bit 63 is the half, bit 0 sticky.
  const fraction = drop == 0 ? resultLow : (resultHigh << bits) | u64(resultLow != 0);
  const kept = (resultHigh >> drop) << drop;
  const unit = (<u64>1) << drop;
  resultLow = 0;
  roundedUp = 0;
  if (fraction == 0) return 0;
  let up: bool;
  if (rounding == NEAREST) up = fraction > 1 << 63 || (fraction == 1 << 63 && (kept & unit) != 0);
  else up = resultSign != 0 ? rounding == DOWN : rounding == UP;
  if (!up) {
    resultHigh = kept;
    return 1;
  }
  roundedUp = 1;
  resultHigh = kept + unit;
  if (resultHigh == 0) {
    resultHigh = 1 << 63;
    resultExponent += 1;
  }
  return 1;
}

/** Shifts the result's significand right by `count` bits (1 or more), keeping the sticky bit. */
export function shiftResultRight(count: i32): void {
  if (count < 64) {
    resultLow = (resultLow >> count) | (resultHigh << (64 - count)) | u64(resultLow << (64 - count) != 0);
    resultHigh >>= count;
    return;
  }
  const sticky = resultLow != 0;
  if (count == 64) resultLow = resultHigh | u64(sticky);
  else if (count < 128) {
    resultLow = (resultHigh >> (count - 64)) | u64(sticky || resultHigh << (128 - count) != 0);
  } else resultLow = 1;
  resultHigh = 0;
}

/** Whether the result is still below 2^minimum when rounded to `bits` with an unbounded exponent. */
export function isTiny(bits: u32, minimum: i32, rounding: u32): bool {
  if (resultExponent >= minimum) return false;
  if (resultExponent != minimum - 1) return true;
  const high = resultHigh;
  const low = resultLow;
  roundSignificand(bits, rounding);
  const tiny = resultExponent < minimum;
  resultHigh = high;
  resultLow = low;
  resultExponent = minimum - 1;
  return tiny;
}

/**
 * Rounds a finite result to a format with `bits` of significand and exponents `minimum`..`maximum`,
 * raising OE, UE and PE; returns one of the ROUNDED values. Tininess is detected after rounding
 * (SDM volume 1, 4.9.1.5): masked underflow is reported only for an inexact result, unmasked
 * underflow for every tiny one. After unmasked overflow or underflow, PE tells of the rounding with
 * an unbounded exponent, and `resultHigh` and `resultExponent` are left so rounded.
 * `flush` is non-zero under flush-to-zero.
 */
export function roundToFormat(bits: u32, minimum: i32, maximum: i32, rounding: u32, masks: u32, flush: u32): u32 {
  if (isTiny(bits, minimum, rounding)) {
    if ((masks & UE) == 0) {
      floatFlags |= UE;
      if (roundSignificand(bits, rounding)) floatFlags |= PE;
      return ROUNDED;
    }
    if (flush != 0) {
      floatFlags |= UE | PE;
      roundedUp = 0;
      return ROUNDED_TO_ZERO;
    }
    shiftResultRight(minimum - resultExponent);
    resultExponent = minimum;
    if (roundSignificand(bits, rounding)) floatFlags |= UE | PE;
    return ROUNDED;
  }
  if (roundSignificand(bits, rounding)) floatFlags |= PE;
  if (resultExponent <= maximum) return ROUNDED;
  floatFlags |= OE;
  if ((masks & OE) == 0) return ROUNDED;
  floatFlags |= PE;
  roundedUp = u32(rounding == NEAREST || (resultSign != 0 ? rounding == DOWN : rounding == UP));
  return roundedUp ? ROUNDED_TO_INFINITY : ROUNDED_TO_LARGEST;
}

/** Non-zero when the last `roundToInteger` found its operand beyond 64 bits. */
export let integerTooLarge: u32 = 0;
/** Non-zero when the last `roundToInteger` was inexact; `roundedUp` then says in which direction. */
export let integerInexact: u32 = 0;

/**
 * The magnitude of the left operand rounded to an integer. Sets `integerTooLarge` for an infinity
 * and for anything that does not fit 64 bits, `integerInexact` and `roundedUp`; raises nothing.
 */
export function roundToInteger(rounding: u32): u64 {
  integerTooLarge = 0;
  integerInexact = 0;
  roundedUp = 0;
  if (leftSignificand == 0) return 0;
  if (leftExponent > 63) {
    integerTooLarge = 1;
    return 0;
  }
  resultSign = leftSign;
  resultExponent = 63;
  resultHigh = leftSignificand;
  resultLow = 0;
  if (leftExponent < 63) shiftResultRight(63 - leftExponent);
  integerInexact = roundSignificand(64, rounding);
  // A carry out of bit 63 is impossible: with bits to drop, bit 63 was clear.
  return resultHigh;
}
