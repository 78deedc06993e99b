// 128-bit integer arithmetic on pairs of 64-bit halves: what MUL, IMUL, DIV and IDIV of 64-bit
// operands need, and the significand arithmetic of the floating-point routines.
//
// A routine with two results returns one and leaves the other in a global, because a Wasm function
// compiled by asc has one result.

/** The remainder of the last `divide128` or `divide128Signed`. */
export let wideRemainder: u64 = 0;

/** Non-zero when the last `divide128Signed` had a quotient that does not fit 64 signed bits. */
export let wideOverflow: u32 = 0;

/** The high half of the last `shiftLeft128` or `shiftRight128`. */
export let wideHigh: u64 = 0;

/** Bits 127..64 of the unsigned product `a * b`. The low half is the plain `a * b`. */
export function mulHighUnsigned(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const cross = aLow * bHigh + (middle & 0xffffffff);
  return aHigh * bHigh + (middle >> 32) + (cross >> 32);
}

/** Bits 127..64 of the signed product `a * b`. The low half is the plain `a * b`. */
export function mulHighSigned(a: i64, b: i64): i64 {
  // A negative a stands for the unsigned a minus 2^64, which takes b off the high half.
  return <i64>mulHighUnsigned(<u64>a, <u64>b) - ((a >> 63) & b) - ((b >> 63) & a);
}

/**
 * One 32-bit digit of a long division: `high:digit / divisor`, where `divisor` has bit 63 set and
 * `high < divisor`. Leaves the partial remainder in `wideRemainder`.
 */
function quotientDigit(high: u64, digit: u64, divisor: u64): u64 {
  const divisorHigh = divisor >> 32;
  const divisorLow = divisor & 0xffffffff;
  let estimate = high / divisorHigh;
  let rest = high - estimate * divisorHigh;
  // The estimate is at most two too large; each step adds the divisor's top digit back to the rest,
  // and once that exceeds a digit the estimate is known to be right.
  while (estimate > 0xffffffff || estimate * divisorLow > ((rest << 32) | digit)) {
    estimate -= 1;
    rest += divisorHigh;
    if (rest > 0xffffffff) break;
  }
  // Wraps modulo 2^64; the true value is below the divisor, so the low half is all of it.
  wideRemainder = ((high << 32) | digit) - estimate * divisor;
  return estimate;
}

/**
 * The unsigned quotient `high:low / divisor`; the remainder is left in `wideRemainder`.
 * Precondition: `high < divisor` (so the divisor is not zero and the quotient fits 64 bits); the
 * caller raises #DE otherwise (SDM volume 2, DIV).
 */
export function divide128(high: u64, low: u64, divisor: u64): u64 {
  if (high == 0) {
    const quotient = low / divisor;
    wideRemainder = low - quotient * divisor;
    return quotient;
  }
  const shift = clz(divisor);
  const scaled = divisor << shift;
  // A shift count of 64 would mean 0 in Wasm, hence the two steps.
  const scaledHigh = (high << shift) | ((low >> 1) >> (63 - shift));
  const scaledLow = low << shift;
  const upper = quotientDigit(scaledHigh, scaledLow >> 32, scaled);
  const lower = quotientDigit(wideRemainder, scaledLow & 0xffffffff, scaled);
  wideRemainder >>= shift;
  return (upper << 32) | lower;
}

/**
 * The signed quotient `high:low / divisor` truncated toward zero; the remainder, which has the sign
 * of the dividend, is left in `wideRemainder` as its two's complement. `wideOverflow` is non-zero
 * when the divisor is zero or the quotient does not fit, and then the result and the remainder mean
 * nothing: the caller raises #DE (SDM volume 2, IDIV).
 */
export function divide128Signed(high: i64, low: u64, divisor: i64): i64 {
  const negative = high < 0;
  const magnitudeLow = negative ? 0 - low : low;
  const magnitudeHigh = negative ? ~(<u64>high) + u64(low == 0) : <u64>high;
  const divisorMagnitude = divisor < 0 ? 0 - <u64>divisor : <u64>divisor;
  wideOverflow = 1;
  if (magnitudeHigh >= divisorMagnitude) return 0;
  const quotient = divide128(magnitudeHigh, magnitudeLow, divisorMagnitude);
  if (negative) wideRemainder = 0 - wideRemainder;
  if (negative != divisor < 0) {
    if (quotient <= 0x8000000000000000) wideOverflow = 0;
    return <i64>(0 - quotient);
  }
  if (<i64>quotient >= 0) wideOverflow = 0;
  return <i64>quotient;
}

/** The low half of `high:low << count`, count 0..127; the high half is left in `wideHigh`. */
export function shiftLeft128(high: u64, low: u64, count: u32): u64 {
  if (count >= 64) {
    wideHigh = low << (count - 64);
    return 0;
  }
  wideHigh = (high << count) | ((low >> 1) >> (63 - count));
  return low << count;
}

/** The low half of `high:low >> count` (logical), count 0..127; the high half is left in `wideHigh`. */
export function shiftRight128(high: u64, low: u64, count: u32): u64 {
  if (count >= 64) {
    wideHigh = 0;
    return high >> (count - 64);
  }
  wideHigh = high >> count;
  return (low >> count) | ((high << 1) << (63 - count));
}
