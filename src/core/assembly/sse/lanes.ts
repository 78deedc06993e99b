// Vectors from the bit patterns of their elements.

/** The vector of two elements, the low one first. */
// @ts-ignore: decorator
@inline
export function pair64(r0: u64, r1: u64): v128 {
  return v128.replace_lane<u64>(v128.splat<u64>(r0), 1, r1);
}

/** The vector of four elements, the lowest first. */
// @ts-ignore: decorator
@inline
export function quad32(r0: u32, r1: u32, r2: u32, r3: u32): v128 {
  return pair64(<u64>r0 | ((<u64>r1) << 32), <u64>r2 | ((<u64>r3) << 32));
}
