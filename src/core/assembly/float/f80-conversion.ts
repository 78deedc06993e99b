// FLD and FST of binary32 and binary64, and such operands of arithmetic instructions.

import { C1, DE, IE, OE, UE, controlRounding, floatFlags, setFloatCondition } from './flags.ts';
import { F32_DEFAULT_NAN, F32_INFINITY, f32IsDenormal, f32IsNan, f32PackFinite, f32UnpackLeft } from './f32-format.ts';
import { F64_DEFAULT_NAN, F64_INFINITY, f64IsDenormal, f64IsNan, f64PackFinite, f64UnpackLeft } from './f64-format.ts';
import {
  CLASS_INFINITY,
  CLASS_QUIET,
  CLASS_SIGNALLING,
  CLASS_UNSUPPORTED,
  CLASS_ZERO,
  MEMORY_OPERAND_DENORMAL,
  f80Class,
  f80Set,
  f80UnpackLeft,
} from './f80-format.ts';
import { roundedUp } from './rounding.ts';
import { INFINITE, leftExponent, leftSign, leftSignificand, normalizeResult } from './unpacked.ts';

const QUIET_BIT: u64 = 0x4000000000000000;

/** Stores the unpacked left operand, which no format is too small for. */
function storeLeft(dst: usize): void {
  let field: u32 = 0;
  if (leftExponent == INFINITE) field = 0x7fff;
  else if (leftSignificand != 0) field = <u32>(leftExponent + 16383);
  f80Set(dst, (leftSign << 15) | field, leftSignificand);
}

/**
 * Widens a binary32 memory operand of an arithmetic or comparing instruction, raising nothing and
 * keeping a signalling NaN. The result is to be ORed into the `control` of that instruction, so that
 * it raises DE for a denormal.
 */
export function f80OperandF32(dst: usize, bits: u32): u32 {
  if (f32IsNan(bits)) {
    f80Set(dst, ((bits >> 31) << 15) | 0x7fff, (1 << 63) | ((<u64>(bits & 0x7fffff)) << 40));
    return 0;
  }
  f32UnpackLeft(bits);
  storeLeft(dst);
  return f32IsDenormal(bits) ? MEMORY_OPERAND_DENORMAL : 0;
}

/** As `f80OperandF32`, for binary64. */
export function f80OperandF64(dst: usize, bits: u64): u32 {
  if (f64IsNan(bits)) {
    f80Set(dst, ((<u32>(bits >> 63)) << 15) | 0x7fff, (1 << 63) | ((bits & 0x000fffffffffffff) << 11));
    return 0;
  }
  f64UnpackLeft(bits);
  storeLeft(dst);
  return f64IsDenormal(bits) ? MEMORY_OPERAND_DENORMAL : 0;
}

/** Ends a load: raises DE, or raises IE and quiets. */
function finishLoad(dst: usize, denormal: u32): void {
  setFloatCondition(0);
  if (denormal) floatFlags |= DE;
  else if (f80Class(dst) == CLASS_SIGNALLING) {
    floatFlags |= IE;
    store<u64>(dst, load<u64>(dst) | QUIET_BIT);
  }
}

/**
 * FLD m32fp: binary32 to extended. May raise IE, DE. With IE unmasked the caller must not push; a
 * denormal is pushed even when DE is unmasked, as processors do.
 */
export function f80FromF32(dst: usize, bits: u32): void {
  finishLoad(dst, f80OperandF32(dst, bits));
}

/** FLD m64fp: as `f80FromF32`, from binary64. */
export function f80FromF64(dst: usize, bits: u64): void {
  finishLoad(dst, f80OperandF64(dst, bits));
}

/** Ends a store: an unmasked overflow or underflow stores nothing and reports nothing more. */
function finishStore(before: u32, control: u32): void {
  if ((floatFlags & ~control & (OE | UE)) != 0) floatFlags &= before | OE | UE;
  else if (roundedUp) setFloatCondition(C1);
}

/**
 * FST m32fp: rounded to binary32 by RC; C1 tells of rounding up. May raise IE, OE, UE, PE; the caller
 * stores nothing when an unmasked IE, OE or UE is raised (`f80StoreFault`).
 */
export function f80ToF32(a: usize, control: u32): u32 {
  setFloatCondition(0);
  const kind = f80Class(a);
  const sign = (<u32>load<u16>(a, 8) >> 15) << 31;
  if (kind == CLASS_ZERO) return sign;
  if (kind == CLASS_INFINITY) return sign | F32_INFINITY;
  if (kind >= CLASS_QUIET) {
    if (kind != CLASS_QUIET) floatFlags |= IE;
    if (kind == CLASS_UNSUPPORTED) return F32_DEFAULT_NAN;
    return sign | F32_INFINITY | <u32>(((load<u64>(a) | QUIET_BIT) << 1) >> 41);
  }
  f80UnpackLeft(a);
  normalizeResult(leftSign, leftExponent, leftSignificand, 0);
  const before = floatFlags;
  const bits = f32PackFinite(controlRounding(control), control & 63, 0);
  finishStore(before, control);
  return bits;
}

/** FST m64fp: as `f80ToF32`, to binary64. */
export function f80ToF64(a: usize, control: u32): u64 {
  setFloatCondition(0);
  const kind = f80Class(a);
  const sign = (<u64>load<u16>(a, 8) >> 15) << 63;
  if (kind == CLASS_ZERO) return sign;
  if (kind == CLASS_INFINITY) return sign | F64_INFINITY;
  if (kind >= CLASS_QUIET) {
    if (kind != CLASS_QUIET) floatFlags |= IE;
    if (kind == CLASS_UNSUPPORTED) return F64_DEFAULT_NAN;
    return sign | F64_INFINITY | (((load<u64>(a) | QUIET_BIT) << 1) >> 12);
  }
  f80UnpackLeft(a);
  normalizeResult(leftSign, leftExponent, leftSignificand, 0);
  const before = floatFlags;
  const bits = f64PackFinite(controlRounding(control), control & 63, 0);
  finishStore(before, control);
  return bits;
}

/**
 * Whether a store to memory as binary32, binary64, integer or BCD must not happen, because an
 * exception it raised is unmasked. For PE alone the store does happen.
 */
export function f80StoreFault(control: u32): bool {
  return (floatFlags & ~control & (IE | OE | UE)) != 0;
}
