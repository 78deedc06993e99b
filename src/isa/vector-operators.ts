// The vector operators a meaning may use: WebAssembly SIMD's, by its names and with its meaning, so that every
// reader has one definition to follow (WebAssembly core specification, section 4.3.3).

/** Both operands and the result are vectors. */
export const vectorBinary = [
  'v128And',
  'v128Andnot',
  'v128Or',
  'v128Xor',
  'i8x16Swizzle',
  'i8x16Eq',
  'i8x16GtS',
  'i8x16Add',
  'i8x16Sub',
  'i8x16AddSatS',
  'i8x16AddSatU',
  'i8x16SubSatS',
  'i8x16SubSatU',
  'i8x16MinS',
  'i8x16MinU',
  'i8x16MaxS',
  'i8x16MaxU',
  'i8x16AvgrU',
  'i8x16NarrowI16x8S',
  'i8x16NarrowI16x8U',
  'i16x8Eq',
  'i16x8GtS',
  'i16x8Add',
  'i16x8Sub',
  'i16x8Mul',
  'i16x8AddSatS',
  'i16x8AddSatU',
  'i16x8SubSatS',
  'i16x8SubSatU',
  'i16x8MinS',
  'i16x8MinU',
  'i16x8MaxS',
  'i16x8MaxU',
  'i16x8AvgrU',
  'i16x8NarrowI32x4S',
  'i16x8NarrowI32x4U',
  'i16x8Q15mulrSatS',
  'i16x8ExtmulLowI8x16S',
  'i16x8ExtmulHighI8x16S',
  'i16x8ExtmulLowI8x16U',
  'i16x8ExtmulHighI8x16U',
  'i32x4Eq',
  'i32x4GtS',
  'i32x4Add',
  'i32x4Sub',
  'i32x4Mul',
  'i32x4MinS',
  'i32x4MinU',
  'i32x4MaxS',
  'i32x4MaxU',
  'i32x4DotI16x8S',
  'i32x4ExtmulLowI16x8S',
  'i32x4ExtmulHighI16x8S',
  'i32x4ExtmulLowI16x8U',
  'i32x4ExtmulHighI16x8U',
  'i64x2Eq',
  'i64x2GtS',
  'i64x2Add',
  'i64x2Sub',
  'i64x2Mul',
  'i64x2ExtmulLowI32x4S',
  'i64x2ExtmulHighI32x4S',
  'i64x2ExtmulLowI32x4U',
  'i64x2ExtmulHighI32x4U',
] as const;

/** One vector gives a vector. */
export const vectorUnary = [
  'v128Not',
  'i8x16Abs',
  'i8x16Neg',
  'i8x16Popcnt',
  'i16x8Abs',
  'i16x8Neg',
  'i32x4Abs',
  'i32x4Neg',
  'i64x2Abs',
  'i64x2Neg',
  'i16x8ExtendLowI8x16S',
  'i16x8ExtendHighI8x16S',
  'i16x8ExtendLowI8x16U',
  'i16x8ExtendHighI8x16U',
  'i32x4ExtendLowI16x8S',
  'i32x4ExtendHighI16x8S',
  'i32x4ExtendLowI16x8U',
  'i32x4ExtendHighI16x8U',
  'i64x2ExtendLowI32x4S',
  'i64x2ExtendHighI32x4S',
  'i64x2ExtendLowI32x4U',
  'i64x2ExtendHighI32x4U',
  'i16x8ExtaddPairwiseI8x16S',
  'i16x8ExtaddPairwiseI8x16U',
  'i32x4ExtaddPairwiseI16x8S',
  'i32x4ExtaddPairwiseI16x8U',
] as const;

/** A vector and a 32-bit shift amount (taken modulo the lane's width) give a vector. */
export const vectorShift = [
  'i8x16Shl',
  'i8x16ShrS',
  'i8x16ShrU',
  'i16x8Shl',
  'i16x8ShrS',
  'i16x8ShrU',
  'i32x4Shl',
  'i32x4ShrS',
  'i32x4ShrU',
  'i64x2Shl',
  'i64x2ShrS',
  'i64x2ShrU',
] as const;

/** An integer of the lane's width (32 bits for narrower lanes) gives a vector. */
export const vectorSplat = ['i8x16Splat', 'i16x8Splat', 'i32x4Splat', 'i64x2Splat'] as const;

/** A vector gives a 32-bit integer. */
export const vectorReduce = [
  'v128AnyTrue',
  'i8x16AllTrue',
  'i16x8AllTrue',
  'i32x4AllTrue',
  'i64x2AllTrue',
  'i8x16Bitmask',
  'i16x8Bitmask',
  'i32x4Bitmask',
  'i64x2Bitmask',
] as const;

export type VectorOperator =
  | (typeof vectorBinary)[number]
  | (typeof vectorUnary)[number]
  | (typeof vectorShift)[number]
  | (typeof vectorSplat)[number]
  | (typeof vectorReduce)[number];
