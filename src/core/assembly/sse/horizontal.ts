// Arithmetic across elements: ADDSUBPS, ADDSUBPD, HADDPS, HADDPD, HSUBPS, HSUBPD, DPPS, DPPD. SDM volume 2. All raise #XM.

import { f32Add, f32Mul, f32Sub } from '../float/f32-arithmetic.ts';
import { f64Add, f64Mul, f64Sub } from '../float/f64-arithmetic.ts';
import { pair64, quad32 } from './lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** ADDSUBPD: the low elements are subtracted, the high ones added. */
export function addSubtractDouble(a: v128, b: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f64Sub(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr);
  const r1 = f64Add(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** ADDSUBPS: even elements are subtracted, odd ones added. */
export function addSubtractSingle(a: v128, b: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f32Sub(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), mxcsr);
  const r1 = f32Add(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), mxcsr);
  const r2 = f32Sub(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), mxcsr);
  const r3 = f32Add(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** HADDPD. */
export function horizontalAddDouble(a: v128, b: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f64Add(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(a, 1), mxcsr);
  const r1 = f64Add(v128.extract_lane<u64>(b, 0), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** HSUBPD. */
export function horizontalSubtractDouble(a: v128, b: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f64Sub(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(a, 1), mxcsr);
  const r1 = f64Sub(v128.extract_lane<u64>(b, 0), v128.extract_lane<u64>(b, 1), mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** HADDPS. */
export function horizontalAddSingle(a: v128, b: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f32Add(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(a, 1), mxcsr);
  const r1 = f32Add(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(a, 3), mxcsr);
  const r2 = f32Add(v128.extract_lane<u32>(b, 0), v128.extract_lane<u32>(b, 1), mxcsr);
  const r3 = f32Add(v128.extract_lane<u32>(b, 2), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** HSUBPS. */
export function horizontalSubtractSingle(a: v128, b: v128): v128 {
  const mxcsr = beginSse();
  const r0 = f32Sub(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(a, 1), mxcsr);
  const r1 = f32Sub(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(a, 3), mxcsr);
  const r2 = f32Sub(v128.extract_lane<u32>(b, 0), v128.extract_lane<u32>(b, 1), mxcsr);
  const r3 = f32Sub(v128.extract_lane<u32>(b, 2), v128.extract_lane<u32>(b, 3), mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** The product of two elements of DPPS where bit `bit` of the immediate asks for it, else +0. */
// @ts-ignore: decorator
@inline
function product32(a: u32, b: u32, selection: u32, bit: u32, mxcsr: u32): u32 {
  return (selection >> bit) & 1 ? f32Mul(a, b, mxcsr) : 0;
}

/** The result of a dot product where bit `bit` of the immediate asks for it, else +0. */
// @ts-ignore: decorator
@inline
function spread(value: u32, selection: u32, bit: u32): u32 {
  return (selection >> bit) & 1 ? value : 0;
}

/** DPPS; `selection` is the immediate. Each of its steps rounds, and raises, by itself. */
export function dotProductSingle(a: v128, b: v128, selection: u32): v128 {
  const mxcsr = beginSse();
  const p0 = product32(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), selection, 4, mxcsr);
  const p1 = product32(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), selection, 5, mxcsr);
  const p2 = product32(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), selection, 6, mxcsr);
  const p3 = product32(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), selection, 7, mxcsr);
  endSse(mxcsr);
  const low = f32Add(p0, p1, mxcsr);
  const high = f32Add(p2, p3, mxcsr);
  endSse(mxcsr);
  const sum = f32Add(low, high, mxcsr);
  endSse(mxcsr);
  return quad32(
    spread(sum, selection, 0),
    spread(sum, selection, 1),
    spread(sum, selection, 2),
    spread(sum, selection, 3),
  );
}

/** DPPD; `selection` is the immediate. Each of its steps rounds, and raises, by itself. */
export function dotProductDouble(a: v128, b: v128, selection: u32): v128 {
  const mxcsr = beginSse();
  const p0 = selection & 16 ? f64Mul(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), mxcsr) : 0;
  const p1 = selection & 32 ? f64Mul(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), mxcsr) : 0;
  endSse(mxcsr);
  const sum = f64Add(p0, p1, mxcsr);
  endSse(mxcsr);
  return pair64(selection & 1 ? sum : 0, selection & 2 ? sum : 0);
}
