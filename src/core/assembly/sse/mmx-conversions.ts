// Conversions between MMX integers and XMM elements: CVTPI2PS, CVTPI2PD, CVTPS2PI, CVTTPS2PI, CVTPD2PI, CVTTPD2PI. Like
// every MMX instruction they meet a pending x87 exception first, and leave TOP 0 and all registers in use: on AMD's
// processors even when they raise #XM. SDM volume 1 section 11.6.6 and volume 2.

import { f32ToI32, f64ToI32, i32ToF32, i32ToF64 } from '../float/integer-conversion.ts';
import { enterMmx, requireMmx } from '../vector/mmx.ts';
import { pair64 } from './lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** CVTPI2PS with an MMX register: two elements side by side. Raises #MF, #XM. */
export function mmxToSingles(a: u64): u64 {
  requireMmx();
  const mxcsr = beginSse();
  const r0 = i32ToF32(<u32>a, mxcsr);
  const r1 = i32ToF32(<u32>(a >> 32), mxcsr);
  enterMmx();
  endSse(mxcsr);
  return <u64>r0 | ((<u64>r1) << 32);
}

/** CVTPI2PD with an MMX register: exact. Raises #MF. */
export function mmxToDoubles(a: u64): v128 {
  requireMmx();
  enterMmx();
  return pair64(i32ToF64(<u32>a), i32ToF64(<u32>(a >> 32)));
}

/** CVTPS2PI, or with `truncate` 1 CVTTPS2PI, of two elements side by side. Raises #MF, #XM. */
export function singlesToMmx(a: u64, truncate: u32): u64 {
  requireMmx();
  const mxcsr = beginSse();
  const r0 = f32ToI32(<u32>a, mxcsr, truncate);
  const r1 = f32ToI32(<u32>(a >> 32), mxcsr, truncate);
  enterMmx();
  endSse(mxcsr);
  return <u64>r0 | ((<u64>r1) << 32);
}

/** CVTPD2PI, or with `truncate` 1 CVTTPD2PI. Raises #MF, #XM. */
export function doublesToMmx(a: v128, truncate: u32): u64 {
  requireMmx();
  const mxcsr = beginSse();
  const r0 = f64ToI32(v128.extract_lane<u64>(a, 0), mxcsr, truncate);
  const r1 = f64ToI32(v128.extract_lane<u64>(a, 1), mxcsr, truncate);
  enterMmx();
  endSse(mxcsr);
  return <u64>r0 | ((<u64>r1) << 32);
}
