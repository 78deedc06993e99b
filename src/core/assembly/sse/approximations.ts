// RCPPS, RCPSS, RSQRTPS, RSQRTSS: neither MXCSR nor exceptions. SDM volume 2.

import { f32Reciprocal, f32ReciprocalSqrt } from '../float/f32-approximation.ts';
import { quad32 } from './lanes.ts';

/** RCPSS. */
export function reciprocalScalar(a: u32): u32 {
  return f32Reciprocal(a);
}

/** RSQRTSS. */
export function reciprocalRootScalar(a: u32): u32 {
  return f32ReciprocalSqrt(a);
}

/** RCPPS. */
export function reciprocalPacked(a: v128): v128 {
  return quad32(
    f32Reciprocal(v128.extract_lane<u32>(a, 0)),
    f32Reciprocal(v128.extract_lane<u32>(a, 1)),
    f32Reciprocal(v128.extract_lane<u32>(a, 2)),
    f32Reciprocal(v128.extract_lane<u32>(a, 3)),
  );
}

/** RSQRTPS. */
export function reciprocalRootPacked(a: v128): v128 {
  return quad32(
    f32ReciprocalSqrt(v128.extract_lane<u32>(a, 0)),
    f32ReciprocalSqrt(v128.extract_lane<u32>(a, 1)),
    f32ReciprocalSqrt(v128.extract_lane<u32>(a, 2)),
    f32ReciprocalSqrt(v128.extract_lane<u32>(a, 3)),
  );
}
