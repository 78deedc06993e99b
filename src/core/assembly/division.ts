// DIV and IDIV: what WebAssembly's own division would trap on, and division of 128 bits by 64.
// SDM volume 2, DIV and IDIV.

import { VECTOR_DE } from '../layout.ts';
import { raise } from './exceptions.ts';
import { divide128, divide128Signed, wideOverflow } from './wide.ts';

/** The unsigned quotient; all ones, which no operand of up to 32 bits holds, for a divisor of zero. */
export function divideUnsigned(dividend: u64, divisor: u64): u64 {
  return divisor == 0 ? u64.MAX_VALUE : dividend / divisor;
}

/** The quotient truncated toward zero; the least i64, which no operand of up to 32 bits holds, when there is none. */
export function divideSigned(dividend: i64, divisor: i64): i64 {
  if (divisor == 0) return i64.MIN_VALUE;
  return divisor == -1 ? 0 - dividend : dividend / divisor;
}

/** The unsigned quotient of `high:low` and `divisor`. Raises #DE when it does not fit 64 bits. */
export function divideWideUnsigned(high: u64, low: u64, divisor: u64): u64 {
  if (high >= divisor) raise(VECTOR_DE, -1);
  return divide128(high, low, divisor);
}

/** The quotient of `high:low` and `divisor` truncated toward zero. Raises #DE when it does not fit 64 bits. */
export function divideWideSigned(high: i64, low: u64, divisor: i64): i64 {
  const quotient = divide128Signed(high, low, divisor);
  if (wideOverflow) raise(VECTOR_DE, -1);
  return quotient;
}
