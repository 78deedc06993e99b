// RCPSS and RSQRTSS on one element.
//
// The manual bounds the relative error by 1.5 * 2^-12 and leaves the bits to the processor (SDM
// volume 2, RCPPS, RSQRTPS); processors of different makers differ. Here the result is the value
// rounded to 12 fraction bits, an error of at most 2^-13. Neither raises an exception nor heeds
// MXCSR.

import { F32_DEFAULT_NAN, F32_INFINITY, F32_QUIET, F32_SIGN, f32IsNan } from './f32-format.ts';

/** `value`, a normal number in binary64, rounded to 12 fraction bits, or zero below the normals of binary32. */
function toTwelveBits(value: f64, sign: u32): u32 {
  // A value that only rounding would bring up to the normals counts as below them.
  if (value < reinterpret<f64>((<u64>(1023 - 126)) << 52)) return sign;
  // Half of what is to be dropped carries into what is kept, and on into the exponent.
  const bits = reinterpret<u64>(value) + (1 << 39);
  const exponent = <i32>(bits >> 52) - 1023;
  return sign | ((<u32>(exponent + 127)) << 23) | (<u32>(bits >> 29) & 0x7fffff & ~(<u32>0x7ff));
}

/** 1 / a. Denormals count as zeros; a result below the normal numbers is zero. */
export function f32Reciprocal(a: u32): u32 {
  if (f32IsNan(a)) return a | F32_QUIET;
  const sign = a & F32_SIGN;
  const magnitude = a ^ sign;
  if (magnitude < 0x00800000) return sign | F32_INFINITY;
  if (magnitude == F32_INFINITY) return sign;
  return toTwelveBits(1.0 / <f64>reinterpret<f32>(magnitude), sign);
}

/** 1 / sqrt(a). Denormals count as zeros; a number below them gives the default NaN, without IE. */
export function f32ReciprocalSqrt(a: u32): u32 {
  if (f32IsNan(a)) return a | F32_QUIET;
  const sign = a & F32_SIGN;
  const magnitude = a ^ sign;
  if (magnitude < 0x00800000) return sign | F32_INFINITY;
  if (sign != 0) return F32_DEFAULT_NAN;
  if (magnitude == F32_INFINITY) return 0;
  return toTwelveBits(1.0 / Math.sqrt(<f64>reinterpret<f32>(magnitude)), 0);
}
