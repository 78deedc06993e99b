// Conversions between floating-point elements and integers: CVTSI2SS, CVTSI2SD, CVTSS2SI, CVTTSS2SI, CVTSD2SI, CVTTSD2SI,
// CVTDQ2PS, CVTDQ2PD, CVTPS2DQ, CVTTPS2DQ, CVTPD2DQ, CVTTPD2DQ. `truncate` is 1 for the forms with the extra T. SDM
// volume 2. All but the exact ones raise #XM.

import {
  f32ToI32,
  f32ToI64,
  f64ToI32,
  f64ToI64,
  i32ToF32,
  i32ToF64,
  i64ToF32,
  i64ToF64,
} from '../float/integer-conversion.ts';
import { pair64, quad32 } from './lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** CVTSI2SS from 32 bits. */
export function int32ToSingle(a: u32): u32 {
  const mxcsr = beginSse();
  const result = i32ToF32(a, mxcsr);
  endSse(mxcsr);
  return result;
}

/** CVTSI2SS from 64 bits. */
export function int64ToSingle(a: u64): u32 {
  const mxcsr = beginSse();
  const result = i64ToF32(a, mxcsr);
  endSse(mxcsr);
  return result;
}

/** CVTSI2SD from 32 bits: exact. */
export function int32ToDouble(a: u32): u64 {
  return i32ToF64(a);
}

/** CVTSI2SD from 64 bits. */
export function int64ToDouble(a: u64): u64 {
  const mxcsr = beginSse();
  const result = i64ToF64(a, mxcsr);
  endSse(mxcsr);
  return result;
}

/** CVTSS2SI to 32 bits. */
export function singleToInt32(a: u32, truncate: u32): u32 {
  const mxcsr = beginSse();
  const result = f32ToI32(a, mxcsr, truncate);
  endSse(mxcsr);
  return result;
}

/** CVTSS2SI to 64 bits. */
export function singleToInt64(a: u32, truncate: u32): u64 {
  const mxcsr = beginSse();
  const result = f32ToI64(a, mxcsr, truncate);
  endSse(mxcsr);
  return result;
}

/** CVTSD2SI to 32 bits. */
export function doubleToInt32(a: u64, truncate: u32): u32 {
  const mxcsr = beginSse();
  const result = f64ToI32(a, mxcsr, truncate);
  endSse(mxcsr);
  return result;
}

/** CVTSD2SI to 64 bits. */
export function doubleToInt64(a: u64, truncate: u32): u64 {
  const mxcsr = beginSse();
  const result = f64ToI64(a, mxcsr, truncate);
  endSse(mxcsr);
  return result;
}

/** CVTDQ2PS. */
export function int32sToSingles(a: v128): v128 {
  const mxcsr = beginSse();
  const r0 = i32ToF32(v128.extract_lane<u32>(a, 0), mxcsr);
  const r1 = i32ToF32(v128.extract_lane<u32>(a, 1), mxcsr);
  const r2 = i32ToF32(v128.extract_lane<u32>(a, 2), mxcsr);
  const r3 = i32ToF32(v128.extract_lane<u32>(a, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** CVTPI2PS from memory: two integers side by side to two elements side by side. */
export function int32sToSinglePair(a: u64): u64 {
  const mxcsr = beginSse();
  const r0 = i32ToF32(<u32>a, mxcsr);
  const r1 = i32ToF32(<u32>(a >> 32), mxcsr);
  endSse(mxcsr);
  return <u64>r0 | ((<u64>r1) << 32);
}

/** CVTDQ2PD, of two integers side by side: exact. */
export function int32sToDoubles(a: u64): v128 {
  return pair64(i32ToF64(<u32>a), i32ToF64(<u32>(a >> 32)));
}

/** CVTPS2DQ. */
export function singlesToInt32s(a: v128, truncate: u32): v128 {
  const mxcsr = beginSse();
  const r0 = f32ToI32(v128.extract_lane<u32>(a, 0), mxcsr, truncate);
  const r1 = f32ToI32(v128.extract_lane<u32>(a, 1), mxcsr, truncate);
  const r2 = f32ToI32(v128.extract_lane<u32>(a, 2), mxcsr, truncate);
  const r3 = f32ToI32(v128.extract_lane<u32>(a, 3), mxcsr, truncate);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** CVTPD2DQ: two integers side by side. */
export function doublesToInt32s(a: v128, truncate: u32): u64 {
  const mxcsr = beginSse();
  const r0 = f64ToI32(v128.extract_lane<u64>(a, 0), mxcsr, truncate);
  const r1 = f64ToI32(v128.extract_lane<u64>(a, 1), mxcsr, truncate);
  endSse(mxcsr);
  return <u64>r0 | ((<u64>r1) << 32);
}
