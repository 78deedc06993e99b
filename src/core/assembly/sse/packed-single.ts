// Arithmetic on packed binary32: ADDPS, SUBPS, MULPS, DIVPS, SQRTPS, MINPS, MAXPS. SDM volume 2.

import { MXCSR } from '../../layout.ts';
import { f32Add, f32Div, f32Mul, f32Sqrt, f32Sub } from '../float/f32-arithmetic.ts';
import { f32Max, f32Min } from '../float/f32-compare.ts';
import { areOrdinary32, isSettled, safe32, zeros32 } from './fast-lanes.ts';
import { quad32 } from './lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** ADDPS. Raises #XM. */
export function addPackedSingle(a: v128, b: v128): v128 {
  const result = f32x4.add(a, b);
  if (isSettled(load<u32>(MXCSR)) && areOrdinary32(a) && areOrdinary32(b) && areOrdinary32(result)) return result;
  const mxcsr = beginSse();
  const r0 = f32Add(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), mxcsr);
  const r1 = f32Add(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), mxcsr);
  const r2 = f32Add(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), mxcsr);
  const r3 = f32Add(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** SUBPS. Raises #XM. */
export function subtractPackedSingle(a: v128, b: v128): v128 {
  const result = f32x4.sub(a, b);
  if (isSettled(load<u32>(MXCSR)) && areOrdinary32(a) && areOrdinary32(b) && areOrdinary32(result)) return result;
  const mxcsr = beginSse();
  const r0 = f32Sub(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), mxcsr);
  const r1 = f32Sub(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), mxcsr);
  const r2 = f32Sub(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), mxcsr);
  const r3 = f32Sub(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** MULPS. Raises #XM. */
export function multiplyPackedSingle(a: v128, b: v128): v128 {
  const result = f32x4.mul(a, b);
  if (
    isSettled(load<u32>(MXCSR)) &&
    areOrdinary32(a) &&
    areOrdinary32(b) &&
    i32x4.all_true(v128.or(safe32(result), v128.or(zeros32(a), zeros32(b))))
  )
    return result;
  const mxcsr = beginSse();
  const r0 = f32Mul(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), mxcsr);
  const r1 = f32Mul(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), mxcsr);
  const r2 = f32Mul(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), mxcsr);
  const r3 = f32Mul(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** DIVPS. Raises #XM. */
export function dividePackedSingle(a: v128, b: v128): v128 {
  const result = f32x4.div(a, b);
  if (
    isSettled(load<u32>(MXCSR)) &&
    areOrdinary32(a) &&
    areOrdinary32(b) &&
    i32x4.all_true(v128.or(safe32(result), v128.andnot(zeros32(a), zeros32(b))))
  )
    return result;
  const mxcsr = beginSse();
  const r0 = f32Div(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), mxcsr);
  const r1 = f32Div(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), mxcsr);
  const r2 = f32Div(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), mxcsr);
  const r3 = f32Div(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** MINPS. Raises #XM. */
export function minimumPackedSingle(a: v128, b: v128): v128 {
  const result = f32x4.pmin(b, a);
  if (areOrdinary32(a) && areOrdinary32(b)) return result;
  const mxcsr = beginSse();
  const r0 = f32Min(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), mxcsr);
  const r1 = f32Min(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), mxcsr);
  const r2 = f32Min(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), mxcsr);
  const r3 = f32Min(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** MAXPS. Raises #XM. */
export function maximumPackedSingle(a: v128, b: v128): v128 {
  const result = f32x4.pmax(b, a);
  if (areOrdinary32(a) && areOrdinary32(b)) return result;
  const mxcsr = beginSse();
  const r0 = f32Max(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), mxcsr);
  const r1 = f32Max(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), mxcsr);
  const r2 = f32Max(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), mxcsr);
  const r3 = f32Max(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** SQRTPS. Raises #XM. */
export function squareRootPackedSingle(a: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f32Sqrt(v128.extract_lane<u32>(a, 0), mxcsr);
  const r1 = f32Sqrt(v128.extract_lane<u32>(a, 1), mxcsr);
  const r2 = f32Sqrt(v128.extract_lane<u32>(a, 2), mxcsr);
  const r3 = f32Sqrt(v128.extract_lane<u32>(a, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}
