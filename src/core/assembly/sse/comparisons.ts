// CMPPS, CMPPD, CMPSS, CMPSD, COMISS, COMISD, UCOMISS, UCOMISD. SDM volume 2.

import { f32Compare, f32CompareFlags } from '../float/f32-compare.ts';
import { f64Compare, f64CompareFlags } from '../float/f64-compare.ts';
import { pair64, quad32 } from './lanes.ts';
import { beginSse, endSse } from './simd-exceptions.ts';

/** Without VEX the immediate's other bits are reserved, and ignored. */
const PREDICATE: u32 = 7;

/** CMPSD; `predicate` is the immediate. Raises #XM. */
export function compareScalarDouble(a: u64, b: u64, predicate: u32): u64 {
  const mxcsr = beginSse();
  const result = f64Compare(a, b, predicate & PREDICATE, mxcsr);
  endSse(mxcsr);
  return result;
}

/** CMPSS; `predicate` is the immediate. Raises #XM. */
export function compareScalarSingle(a: u32, b: u32, predicate: u32): u32 {
  const mxcsr = beginSse();
  const result = f32Compare(a, b, predicate & PREDICATE, mxcsr);
  endSse(mxcsr);
  return result;
}

/** CMPPD; `predicate` is the immediate. Raises #XM. */
export function comparePackedDouble(a: v128, b: v128, predicate: u32): v128 {
  const mxcsr = beginSse();
  predicate &= PREDICATE;
  const r0 = f64Compare(v128.extract_lane<u64>(a, 0), v128.extract_lane<u64>(b, 0), predicate, mxcsr);
  const r1 = f64Compare(v128.extract_lane<u64>(a, 1), v128.extract_lane<u64>(b, 1), predicate, mxcsr);
  endSse(mxcsr);
  return pair64(r0, r1);
}

/** CMPPS; `predicate` is the immediate. Raises #XM. */
export function comparePackedSingle(a: v128, b: v128, predicate: u32): v128 {
  const mxcsr = beginSse();
  predicate &= PREDICATE;
  const r0 = f32Compare(v128.extract_lane<u32>(a, 0), v128.extract_lane<u32>(b, 0), predicate, mxcsr);
  const r1 = f32Compare(v128.extract_lane<u32>(a, 1), v128.extract_lane<u32>(b, 1), predicate, mxcsr);
  const r2 = f32Compare(v128.extract_lane<u32>(a, 2), v128.extract_lane<u32>(b, 2), predicate, mxcsr);
  const r3 = f32Compare(v128.extract_lane<u32>(a, 3), v128.extract_lane<u32>(b, 3), predicate, mxcsr);
  endSse(mxcsr);
  return quad32(r0, r1, r2, r3);
}

/** COMISD, or with `quiet` 1 UCOMISD: ZF, PF and CF in their RFLAGS positions. Raises #XM. */
export function orderScalarDouble(a: u64, b: u64, quiet: u32): u32 {
  const mxcsr = beginSse();
  const flags = f64CompareFlags(a, b, mxcsr, quiet);
  endSse(mxcsr);
  return flags;
}

/** COMISS, or with `quiet` 1 UCOMISS: ZF, PF and CF in their RFLAGS positions. Raises #XM. */
export function orderScalarSingle(a: u32, b: u32, quiet: u32): u32 {
  const mxcsr = beginSse();
  const flags = f32CompareFlags(a, b, mxcsr, quiet);
  endSse(mxcsr);
  return flags;
}
