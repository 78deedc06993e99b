// Arithmetic on packed binary64: ADDPD, SUBPD, MULPD, DIVPD, SQRTPD, MINPD, MAXPD. SDM volume 2.

import { MXCSR } from '../../layout.ts';
import { f64Add, f64Div, f64Mul, f64Sqrt, f64Sub } from '../float/f64-arithmetic.ts';
import { f64Max, f64Min } from '../float/f64-compare.ts';
import { areOrdinary64, isSettled, safe64, zeros64 } from './fast-lanes.ts';
import { pair64 } from './lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** ADDPD. Raises #XM. */
export function addPackedDouble(a: v128, b: v128): v128 {
  const result = f64x2.add(a, b);
  if (isSettled(load<u32>(MXCSR)) && areOrdinary64(a) && areOrdinary64(b) && areOrdinary64(result)) return result;
  const mxcsr = beginSse();
  const r0 = f64Add(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr);
  const r1 = f64Add(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** SUBPD. Raises #XM. */
export function subtractPackedDouble(a: v128, b: v128): v128 {
  const result = f64x2.sub(a, b);
  if (isSettled(load<u32>(MXCSR)) && areOrdinary64(a) && areOrdinary64(b) && areOrdinary64(result)) return result;
  const mxcsr = beginSse();
  const r0 = f64Sub(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr);
  const r1 = f64Sub(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** MULPD. Raises #XM. */
export function multiplyPackedDouble(a: v128, b: v128): v128 {
  const result = f64x2.mul(a, b);
  if (
    isSettled(load<u32>(MXCSR)) &&
    areOrdinary64(a) &&
    areOrdinary64(b) &&
    i64x2.all_true(v128.or(safe64(result), v128.or(zeros64(a), zeros64(b))))
  )
    return result;
  const mxcsr = beginSse();
  const r0 = f64Mul(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr);
  const r1 = f64Mul(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** DIVPD. Raises #XM. */
export function dividePackedDouble(a: v128, b: v128): v128 {
  const result = f64x2.div(a, b);
  if (
    isSettled(load<u32>(MXCSR)) &&
    areOrdinary64(a) &&
    areOrdinary64(b) &&
    i64x2.all_true(v128.or(safe64(result), v128.andnot(zeros64(a), zeros64(b))))
  )
    return result;
  const mxcsr = beginSse();
  const r0 = f64Div(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr);
  const r1 = f64Div(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** MINPD. Raises #XM. */
export function minimumPackedDouble(a: v128, b: v128): v128 {
  const result = f64x2.pmin(b, a);
  if (areOrdinary64(a) && areOrdinary64(b)) return result;
  const mxcsr = beginSse();
  const r0 = f64Min(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr);
  const r1 = f64Min(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** MAXPD. Raises #XM. */
export function maximumPackedDouble(a: v128, b: v128): v128 {
  const result = f64x2.pmax(b, a);
  if (areOrdinary64(a) && areOrdinary64(b)) return result;
  const mxcsr = beginSse();
  const r0 = f64Max(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr);
  const r1 = f64Max(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** SQRTPD. Raises #XM. */
export function squareRootPackedDouble(a: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f64Sqrt(v128.extract_lane<u64>(a, 0), mxcsr);
  const r1 = f64Sqrt(v128.extract_lane<u64>(a, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}
