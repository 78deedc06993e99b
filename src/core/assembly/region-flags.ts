// The flags of a region of translated code, when they have to be where everybody else looks for them.

import {
  FLAG_A,
  FLAG_AUX,
  FLAG_B,
  FLAG_KIND,
  FLAG_RESULT,
  FLAGS_DECREMENT,
  FLAGS_DIFFERENCE,
  FLAGS_INCREMENT,
  FLAGS_LOGIC,
  FLAGS_STORED,
  FLAGS_SUM,
  FLAGS_WORDS,
} from '../layout.ts';

/** The bits of a carry word that FLAG_AUX has: CF and CF ^ OF on top. */
const TOP_CARRIES: u64 = 0xc000000000000000;
const AUX_ADJUST: u64 = 8;

// @ts-ignore: decorator
@inline
function keep(result: i64, aux: u64): void {
  store<i64>(FLAG_RESULT, result);
  store<u64>(FLAG_AUX, aux);
}

/** FLAG_AUX of carries out of every bit. */
// @ts-ignore: decorator
@inline
function auxOfCarries(carries: u64, shift: u64): u64 {
  return ((carries << shift) & TOP_CARRIES) | (carries & AUX_ADJUST);
}

/** FLAG_AUX of a step by one, which leaves CF alone. */
// @ts-ignore: decorator
@inline
function auxOfStep(carry: u64, overflow: bool, adjust: bool): u64 {
  return (carry << 63) | ((carry ^ u64(overflow)) << 62) | (u64(adjust) << 3);
}

/** Stores the flags of a FLAGS_ kind with its two values in FLAG_RESULT and FLAG_AUX. */
export function settleFlags(kind: i32, a: i64, b: i64): void {
  store<u32>(FLAG_KIND, FLAGS_STORED);
  // The width in bits is 64 less this.
  const shift = <i64>(64 - (8 << (kind & 3)));
  switch (kind & ~3) {
    case FLAGS_SUM: {
      const sum = a + b;
      keep((sum << shift) >> shift, auxOfCarries((a & b) | ((a | b) & ~sum), shift));
      break;
    }
    case FLAGS_DIFFERENCE: {
      const difference = a - b;
      keep((difference << shift) >> shift, auxOfCarries((~a & b) | ((~a | b) & difference), shift));
      break;
    }
    case FLAGS_LOGIC:
      keep((a << shift) >> shift, 0);
      break;
    case FLAGS_INCREMENT:
      keep((a << shift) >> shift, auxOfStep(b, a << shift == i64.MIN_VALUE, (a & 15) == 0));
      break;
    case FLAGS_DECREMENT: {
      const isLargest = a == <i64>(0x7fffffffffffffff >>> <u64>shift);
      keep((a << shift) >> shift, auxOfStep(b, isLargest, (a & 15) == 15));
      break;
    }
    default:
      if (kind == FLAGS_WORDS) keep(a, b);
  }
}

/** The same for the flags that a region handed over to what is not one. */
export function settleHanded(): void {
  settleFlags(load<i32>(FLAG_KIND), load<i64>(FLAG_A), load<i64>(FLAG_B));
}
