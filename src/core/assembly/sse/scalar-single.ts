// Arithmetic on the low element in binary32: ADDSS, SUBSS, MULSS, DIVSS, SQRTSS, MINSS, MAXSS. SDM volume 2.

import { MXCSR } from '../../layout.ts';
import { f32Add, f32Div, f32Mul, f32Sqrt, f32Sub } from '../float/f32-arithmetic.ts';
import { f32Max, f32Min } from '../float/f32-compare.ts';
import { isNormal32, isSafe32, isSettled } from './fast-lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** ADDSS. Raises #XM. */
export function addScalarSingle(a: u32, b: u32): u32 {
  const fast = reinterpret<u32>(reinterpret<f32>(a) + reinterpret<f32>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal32(a) && isNormal32(b) && isNormal32(fast)) return fast;
  const mxcsr = beginSse();
  const result = f32Add(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** SUBSS. Raises #XM. */
export function subtractScalarSingle(a: u32, b: u32): u32 {
  const fast = reinterpret<u32>(reinterpret<f32>(a) - reinterpret<f32>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal32(a) && isNormal32(b) && isNormal32(fast)) return fast;
  const mxcsr = beginSse();
  const result = f32Sub(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** MULSS. Raises #XM. */
export function multiplyScalarSingle(a: u32, b: u32): u32 {
  const fast = reinterpret<u32>(reinterpret<f32>(a) * reinterpret<f32>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal32(a) && isNormal32(b) && isSafe32(fast)) return fast;
  const mxcsr = beginSse();
  const result = f32Mul(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** DIVSS. Raises #XM. */
export function divideScalarSingle(a: u32, b: u32): u32 {
  const fast = reinterpret<u32>(reinterpret<f32>(a) / reinterpret<f32>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal32(a) && isNormal32(b) && isSafe32(fast)) return fast;
  const mxcsr = beginSse();
  const result = f32Div(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** MINSS. Raises #XM. */
export function minimumScalarSingle(a: u32, b: u32): u32 {
  const mxcsr = beginSse();
  const result = f32Min(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** MAXSS. Raises #XM. */
export function maximumScalarSingle(a: u32, b: u32): u32 {
  const mxcsr = beginSse();
  const result = f32Max(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** SQRTSS. Raises #XM. */
export function squareRootScalarSingle(a: u32): u32 {
  const mxcsr = beginSse();
  const result = f32Sqrt(a, mxcsr);
  endSse(mxcsr);
  return result;
}
