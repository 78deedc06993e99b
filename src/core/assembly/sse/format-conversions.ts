// CVTSS2SD, CVTSD2SS, CVTPS2PD, CVTPD2PS, ROUNDSS, ROUNDSD, ROUNDPS, ROUNDPD. SDM volume 2. All raise #XM.

import { f32Round, f32ToF64, f64Round, f64ToF32 } from '../float/format-conversion.ts';
import { pair64, quad32 } from './lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** CVTSS2SD. */
export function singleToDouble(a: u32): u64 {
  const mxcsr = beginSse();
  const result = f32ToF64(a, mxcsr);
  endSse(mxcsr);
  return result;
}

/** CVTSD2SS. */
export function doubleToSingle(a: u64): u32 {
  const mxcsr = beginSse();
  const result = f64ToF32(a, mxcsr);
  endSse(mxcsr);
  return result;
}

/** CVTPS2PD, of two elements side by side. */
export function singlesToDoubles(a: u64): v128 {
  const mxcsr = beginSse();
  const r0 = f32ToF64(<u32>a, mxcsr);
  const r1 = f32ToF64(<u32>(a >> 32), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** CVTPD2PS: two elements side by side. */
export function doublesToSingles(a: v128): u64 {
  const mxcsr = beginSse();
  const r0 = f64ToF32(v128.extract_lane<u64>(a, 0), mxcsr);
  const r1 = f64ToF32(v128.extract_lane<u64>(a, 1), mxcsr);
  endSse(mxcsr);
  return <u64>r0 | ((<u64>r1) << 32);
}

/** ROUNDSD; `mode` is the immediate. */
export function roundScalarDouble(a: u64, mode: u32): u64 {
  const mxcsr = beginSse();
  const result = f64Round(a, mode, mxcsr);
  endSse(mxcsr);
  return result;
}

/** ROUNDSS; `mode` is the immediate. */
export function roundScalarSingle(a: u32, mode: u32): u32 {
  const mxcsr = beginSse();
  const result = f32Round(a, mode, mxcsr);
  endSse(mxcsr);
  return result;
}

/** ROUNDPD; `mode` is the immediate. */
export function roundPackedDouble(a: v128, mode: u32): v128 {
  const mxcsr = beginSse();
  const r0 = f64Round(v128.extract_lane<u64>(a, 0), mode, mxcsr);
  const r1 = f64Round(v128.extract_lane<u64>(a, 1), mode, mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** ROUNDPS; `mode` is the immediate. */
export function roundPackedSingle(a: v128, mode: u32): v128 {
  const mxcsr = beginSse();
  const r0 = f32Round(v128.extract_lane<u32>(a, 0), mode, mxcsr);
  const r1 = f32Round(v128.extract_lane<u32>(a, 1), mode, mxcsr);
  const r2 = f32Round(v128.extract_lane<u32>(a, 2), mode, mxcsr);
  const r3 = f32Round(v128.extract_lane<u32>(a, 3), mode, mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}
