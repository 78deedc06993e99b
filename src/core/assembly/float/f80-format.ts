// The x87 double extended format in memory slots of 16 bytes: the significand, with its explicit
// integer bit, at offset 0 and sign and exponent as 16 bits at offset 8. Bytes 10..15 are left alone.

import { BEFORE_OPERATION, C1, DE, IE, PE, controlRounding, floatCondition, floatFlags } from './flags.ts';
import { ROUNDED, ROUNDED_TO_INFINITY, ROUNDED_TO_LARGEST, roundToFormat, roundedUp } from './rounding.ts';
import {
  INFINITE,
  KIND_FINITE,
  KIND_INFINITY,
  KIND_INVALID,
  KIND_ZERO,
  resultExponent,
  resultHigh,
  resultSign,
  setLeft,
  setRight,
} from './unpacked.ts';

/** Added to `control` when an operand came from a binary32 or binary64 denormal in memory. */
export const MEMORY_OPERAND_DENORMAL: u32 = 0x10000;

const INTEGER_BIT: u64 = 0x8000000000000000;
const QUIET_BIT: u64 = 0x4000000000000000;
const MINIMUM_EXPONENT: i32 = -16382;
const MAXIMUM_EXPONENT: i32 = 16383;
/** What unmasked overflow takes from, and unmasked underflow adds to, the exponent (SDM volume 1, 8.5.4). */
const WRAP: i32 = 24576;

/** Classes of encodings (SDM volume 1, tables 4-3 and 8-3). */
export const CLASS_ZERO: u32 = 0;
/** Denormals, and pseudo-denormals, which have the integer bit set and count as denormal operands. */
export const CLASS_DENORMAL: u32 = 1;
export const CLASS_NORMAL: u32 = 2;
export const CLASS_INFINITY: u32 = 3;
export const CLASS_QUIET: u32 = 4;
export const CLASS_SIGNALLING: u32 = 5;
/** Pseudo-NaNs, pseudo-infinities and unnormals: an invalid operand. */
export const CLASS_UNSUPPORTED: u32 = 6;

/** The class of the value at `a`. */
export function f80Class(a: usize): u32 {
  const field = <u32>load<u16>(a, 8) & 0x7fff;
  const significand = load<u64>(a);
  if (field == 0) return significand == 0 ? CLASS_ZERO : CLASS_DENORMAL;
  if (<i64>significand >= 0) return CLASS_UNSUPPORTED;
  if (field != 0x7fff) return CLASS_NORMAL;
  if (significand == INTEGER_BIT) return CLASS_INFINITY;
  return (significand & QUIET_BIT) != 0 ? CLASS_QUIET : CLASS_SIGNALLING;
}

/** Stores a value by its parts. */
// @ts-ignore: decorator
@inline
export function f80Set(dst: usize, signExponent: u32, significand: u64): void {
  store<u64>(dst, significand);
  store<u16>(dst, <u16>signExponent, 8);
}

/** Copies the 10 bytes of a value. */
// @ts-ignore: decorator
@inline
export function f80Copy(dst: usize, a: usize): void {
  f80Set(dst, load<u16>(a, 8), load<u64>(a));
}

/** Whether an unmasked exception found before the operation keeps the destination as it is. */
// @ts-ignore: decorator
@inline
export function f80Blocked(control: u32): bool {
  return (floatFlags & ~control & BEFORE_OPERATION) != 0;
}

/** Stores the default NaN, "real indefinite", and raises IE, unless IE is unmasked. */
export function f80Invalid(dst: usize, control: u32): void {
  floatFlags |= IE;
  if (!f80Blocked(control)) f80Set(dst, 0xffff, INTEGER_BIT | QUIET_BIT);
}

/**
 * Delivers the result for one or two operands of which at least one is a NaN or unsupported: of two
 * NaNs, a quiet one before a signalling one, then the larger significand, then the positive one
 * (SDM volume 1, table 4-7). For one operand pass it twice.
 */
export function f80Propagate(dst: usize, a: usize, b: usize, control: u32): void {
  const classA = f80Class(a);
  const classB = f80Class(b);
  if (classA == CLASS_UNSUPPORTED || classB == CLASS_UNSUPPORTED) {
    f80Invalid(dst, control);
    return;
  }
  if (classA == CLASS_SIGNALLING || classB == CLASS_SIGNALLING) floatFlags |= IE;
  if (f80Blocked(control)) return;
  let chosen = a;
  if (classA < CLASS_QUIET) chosen = b;
  else if (classB >= CLASS_QUIET) {
    if (classA != classB) chosen = classA == CLASS_QUIET ? a : b;
    else if (load<u64>(a) != load<u64>(b)) chosen = load<u64>(a) > load<u64>(b) ? a : b;
    else chosen = load<u16>(a, 8) < load<u16>(b, 8) ? a : b;
  }
  f80Set(dst, load<u16>(chosen, 8), load<u64>(chosen) | QUIET_BIT);
}

/** Takes a value that is neither NaN nor unsupported apart as the left operand. */
export function f80UnpackLeft(a: usize): void {
  const signExponent = <u32>load<u16>(a, 8);
  const significand = load<u64>(a);
  const field = <i32>(signExponent & 0x7fff);
  const shift = significand == 0 ? 0 : <i32>clz(significand);
  const exponent = field == 0x7fff ? INFINITE : (field == 0 ? 1 : field) - 16383 - shift;
  setLeft(signExponent >> 15, exponent, significand << shift);
}

/** Takes a value that is neither NaN nor unsupported apart as the right operand. */
export function f80UnpackRight(b: usize): void {
  const signExponent = <u32>load<u16>(b, 8);
  const significand = load<u64>(b);
  const field = <i32>(signExponent & 0x7fff);
  const shift = significand == 0 ? 0 : <i32>clz(significand);
  const exponent = field == 0x7fff ? INFINITE : (field == 0 ? 1 : field) - 16383 - shift;
  setRight(signExponent >> 15, exponent, significand << shift);
}

/**
 * Starts an operation on one value, which is left apart as the left operand. True when a NaN or an
 * unsupported encoding already settled it.
 */
export function f80BeginUnary(dst: usize, a: usize, control: u32): bool {
  floatCondition = 0;
  if (f80Class(a) >= CLASS_QUIET) {
    f80Propagate(dst, a, a, control);
    return true;
  }
  f80UnpackLeft(a);
  return false;
}

/** Raises DE when an operand, or the memory operand `control` tells of, is denormal. */
export function f80RaiseDenormal(a: usize, b: usize, control: u32): void {
  if (f80Class(a) == CLASS_DENORMAL || f80Class(b) == CLASS_DENORMAL || (control & MEMORY_OPERAND_DENORMAL) != 0) {
    floatFlags |= DE;
  }
}

/** Starts an operation on two values. True when NaNs or unsupported encodings already settled it. */
export function f80BeginBinary(dst: usize, a: usize, b: usize, control: u32): bool {
  floatCondition = 0;
  if (f80Class(a) >= CLASS_QUIET || f80Class(b) >= CLASS_QUIET) {
    f80Propagate(dst, a, b, control);
    return true;
  }
  f80UnpackLeft(a);
  f80UnpackRight(b);
  return false;
}

/** The significand bits precision control asks for; the reserved value 1 counts as 64. */
export function precisionBits(control: u32): u32 {
  const field = (control >> 8) & 3;
  return field == 0 ? 24 : field == 2 ? 53 : 64;
}

/** Stores a finite result rounded to `bits`, with masked and unmasked overflow and underflow. */
function packFinite(dst: usize, bits: u32, control: u32): void {
  const rounding = controlRounding(control);
  const masks = control & 63;
  let outcome = roundToFormat(bits, MINIMUM_EXPONENT, MAXIMUM_EXPONENT, rounding, masks, 0);
  if (resultExponent < MINIMUM_EXPONENT) {
    // Unmasked underflow. Only FSCALE can go so far that the wrapped exponent is no use either; it
    // then gives zero or infinity whatever the rounding mode (SDM volume 1, 8.5.4 and 8.5.5).
    resultExponent += WRAP;
    if (resultExponent < MINIMUM_EXPONENT) {
      floatFlags |= PE;
      resultHigh = 0;
    }
  } else if (outcome == ROUNDED && resultExponent > MAXIMUM_EXPONENT) {
    resultExponent -= WRAP;
    if (resultExponent > MAXIMUM_EXPONENT) {
      floatFlags |= PE;
      roundedUp = 1;
      outcome = ROUNDED_TO_INFINITY;
    }
  }
  if (roundedUp) floatCondition |= C1;
  const sign = resultSign << 15;
  if (outcome == ROUNDED_TO_INFINITY) f80Set(dst, sign | 0x7fff, INTEGER_BIT);
  else if (outcome == ROUNDED_TO_LARGEST) f80Set(dst, sign | 0x7ffe, (~(<u64>0) >> (64 - bits)) << (64 - bits));
  else f80Set(dst, sign | (<i64>resultHigh < 0 ? <u32>(resultExponent + 16383) : 0), resultHigh);
}

/**
 * Ends an operation: stores the result of the given kind rounded to `bits`, unless an unmasked
 * exception found before the operation keeps the destination as it is.
 */
export function f80Deliver(dst: usize, kind: u32, bits: u32, control: u32): void {
  if (kind == KIND_INVALID) {
    f80Invalid(dst, control);
    return;
  }
  if (f80Blocked(control)) return;
  if (kind == KIND_FINITE) packFinite(dst, bits, control);
  else if (kind == KIND_ZERO) f80Set(dst, resultSign << 15, 0);
  else if (kind == KIND_INFINITY) f80Set(dst, (resultSign << 15) | 0x7fff, INTEGER_BIT);
}
