// Arithmetic on the low element in binary64: ADDSD, SUBSD, MULSD, DIVSD, SQRTSD, MINSD, MAXSD. SDM volume 2.

import { MXCSR } from '../../layout.ts';
import { f64Add, f64Div, f64Mul, f64Sqrt, f64Sub } from '../float/f64-arithmetic.ts';
import { f64Max, f64Min } from '../float/f64-compare.ts';
import { isNormal64, isSafe64, isSettled } from './fast-lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** ADDSD. Raises #XM. */
export function addScalarDouble(a: u64, b: u64): u64 {
  const fast = reinterpret<u64>(reinterpret<f64>(a) + reinterpret<f64>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal64(a) && isNormal64(b) && isNormal64(fast)) return fast;
  const mxcsr = beginSse();
  const result = f64Add(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** SUBSD. Raises #XM. */
export function subtractScalarDouble(a: u64, b: u64): u64 {
  const fast = reinterpret<u64>(reinterpret<f64>(a) - reinterpret<f64>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal64(a) && isNormal64(b) && isNormal64(fast)) return fast;
  const mxcsr = beginSse();
  const result = f64Sub(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** MULSD. Raises #XM. */
export function multiplyScalarDouble(a: u64, b: u64): u64 {
  const fast = reinterpret<u64>(reinterpret<f64>(a) * reinterpret<f64>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal64(a) && isNormal64(b) && isSafe64(fast)) return fast;
  const mxcsr = beginSse();
  const result = f64Mul(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** DIVSD. Raises #XM. */
export function divideScalarDouble(a: u64, b: u64): u64 {
  const fast = reinterpret<u64>(reinterpret<f64>(a) / reinterpret<f64>(b));
  if (isSettled(load<u32>(MXCSR)) && isNormal64(a) && isNormal64(b) && isSafe64(fast)) return fast;
  const mxcsr = beginSse();
  const result = f64Div(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** MINSD. Raises #XM. */
export function minimumScalarDouble(a: u64, b: u64): u64 {
  const mxcsr = beginSse();
  const result = f64Min(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** MAXSD. Raises #XM. */
export function maximumScalarDouble(a: u64, b: u64): u64 {
  const mxcsr = beginSse();
  const result = f64Max(a, b, mxcsr);
  endSse(mxcsr);
  return result;
}

/** SQRTSD. Raises #XM. */
export function squareRootScalarDouble(a: u64): u64 {
  const mxcsr = beginSse();
  const result = f64Sqrt(a, mxcsr);
  endSse(mxcsr);
  return result;
}
