// When WebAssembly's own arithmetic is all there is to do: it rounds to nearest, and where PE is masked and set already,
// an inexact result of normal numbers changes nothing else. SDM volume 1 sections 11.5.2 and 10.2.3.

/** MXCSR.RC, PM and PE. */
const SETTLING: u32 = 0x7020;
const SETTLED: u32 = 0x1020;

/** Whether MXCSR rounds to nearest, masks PE and has it set. */
// @ts-ignore: decorator
@inline
export function isSettled(mxcsr: u32): bool {
  return (mxcsr & SETTLING) == SETTLED;
}

/** The elements without their signs, shifted to the top. */
// @ts-ignore: decorator
@inline
function magnitudes32(a: v128): v128 {
  return i32x4.shl(a, 1);
}

/** Ones in the elements that are zeros. */
// @ts-ignore: decorator
@inline
export function zeros32(a: v128): v128 {
  return i32x4.eq(magnitudes32(a), i32x4.splat(0));
}

/** Ones in the elements whose magnitude is a normal number above the smallest, which may come from rounding up. */
// @ts-ignore: decorator
@inline
export function safe32(a: v128): v128 {
  const above = i32x4.sub(magnitudes32(a), i32x4.splat(0x01000001));
  return i32x4.lt_u(above, i32x4.splat(<i32>0xfdffffff));
}

/** Whether all elements are zeros or normal numbers. */
// @ts-ignore: decorator
@inline
export function areOrdinary32(a: v128): bool {
  const fromNormal = i32x4.sub(magnitudes32(a), i32x4.splat(0x01000000));
  return i32x4.all_true(v128.or(i32x4.lt_u(fromNormal, i32x4.splat(<i32>0xfe000000)), zeros32(a)));
}

/** Whether an element is a normal number (no zero). */
// @ts-ignore: decorator
@inline
export function isNormal32(a: u32): bool {
  return ((a + 0x00800000) & 0x7f000000) != 0;
}

/** Whether a magnitude is a normal number above the smallest, which may come from rounding up. */
// @ts-ignore: decorator
@inline
export function isSafe32(a: u32): bool {
  return (a << 1) - 0x01000001 < 0xfdffffff;
}

/** Whether an element is a normal number (no zero). */
// @ts-ignore: decorator
@inline
export function isNormal64(a: u64): bool {
  return ((a + 0x0010000000000000) & 0x7fe0000000000000) != 0;
}

/** Whether a magnitude is a normal number above the smallest, which may come from rounding up. */
// @ts-ignore: decorator
@inline
export function isSafe64(a: u64): bool {
  return (a << 1) - 0x0020000000000001 < 0xffbfffffffffffff;
}

/** Whether both elements are normal numbers. */
// @ts-ignore: decorator
@inline
export function areNormal64(a: v128): bool {
  const fields = v128.and(i64x2.add(a, i64x2.splat(0x0010000000000000)), i64x2.splat(0x7fe0000000000000));
  return i64x2.all_true(fields);
}

/** Whether both elements are zeros or normal numbers. */
// @ts-ignore: decorator
@inline
export function areOrdinary64(a: v128): bool {
  return areNormal64(v128.or(a, v128.and(zeros64(a), i64x2.splat(0x3ff0000000000000))));
}

/** Ones in the elements that are zeros. */
// @ts-ignore: decorator
@inline
export function zeros64(a: v128): v128 {
  return i64x2.eq(i64x2.shl(a, 1), i64x2.splat(0));
}

/** Ones in the elements whose magnitude is a normal number above the smallest, which may come from rounding up. */
// @ts-ignore: decorator
@inline
export function safe64(a: v128): v128 {
  // Signed comparison, which is the only one of this width, does for magnitudes.
  const magnitude = v128.and(a, i64x2.splat(0x7fffffffffffffff));
  const above = i64x2.gt_s(magnitude, i64x2.splat(0x0010000000000000));
  return v128.and(above, i64x2.lt_s(magnitude, i64x2.splat(0x7ff0000000000000)));
}
