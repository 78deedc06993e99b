// Comparisons of binary32 elements: COMISS, UCOMISS, CMPSS, MINSS, MAXSS.

import { DE, IE, floatFlags } from './flags.ts';
import { f32IsDenormal, f32IsNan, f32IsSignalling, f32Operand } from './f32-format.ts';

/** EFLAGS bits as COMISS sets them; unordered sets all three. */
const CF: u32 = 0x01;
const PF: u32 = 0x04;
const ZF: u32 = 0x40;

/** Raises DE when either operand, after DAZ, is denormal. */
// @ts-ignore: decorator
@inline
function raiseDenormal(a: u32, b: u32): void {
  if (f32IsDenormal(a) || f32IsDenormal(b)) floatFlags |= DE;
}

/**
 * Compares a with b and returns ZF, PF and CF in their EFLAGS positions. With `quiet` non-zero only
 * a signalling NaN raises IE (UCOMISS), otherwise any NaN does (COMISS). May raise DE.
 */
export function f32CompareFlags(a: u32, b: u32, mxcsr: u32, quiet: u32): u32 {
  a = f32Operand(a, mxcsr);
  b = f32Operand(b, mxcsr);
  if (f32IsNan(a) || f32IsNan(b)) {
    if (quiet == 0 || f32IsSignalling(a) || f32IsSignalling(b)) floatFlags |= IE;
    return ZF | PF | CF;
  }
  raiseDenormal(a, b);
  const left = reinterpret<f32>(a);
  const right = reinterpret<f32>(b);
  if (left == right) return ZF;
  return left < right ? CF : 0;
}

/**
 * The CMPSS family: all ones when the predicate holds, else 0. `predicate` is the immediate, of which
 * bits 4..0 count (SDM volume 2, CMPPS, table 3-1; SSE code has only 0..7). May raise IE, DE.
 */
export function f32Compare(a: u32, b: u32, predicate: u32, mxcsr: u32): u32 {
  a = f32Operand(a, mxcsr);
  b = f32Operand(b, mxcsr);
  predicate &= 31;
  const unordered = f32IsNan(a) || f32IsNan(b);
  if (unordered) {
    // EQ, UNORD, NEQ, ORD and their like are quiet in the first sixteen, LT and LE signal; bit 4
    // turns that around.
    const signals = (((predicate + 1) & 2) != 0) != predicate >= 16;
    if (signals || f32IsSignalling(a) || f32IsSignalling(b)) floatFlags |= IE;
  } else raiseDenormal(a, b);
  const left = reinterpret<f32>(a);
  const right = reinterpret<f32>(b);
  let holds: bool;
  switch (predicate & 15) {
    case 0: // EQ
      holds = left == right;
      break;
    case 1: // LT
      holds = left < right;
      break;
    case 2: // LE
      holds = left <= right;
      break;
    case 3: // UNORD
      holds = unordered;
      break;
    case 4: // NEQ
      holds = left != right;
      break;
    case 5: // NLT
      holds = !(left < right);
      break;
    case 6: // NLE
      holds = !(left <= right);
      break;
    case 7: // ORD
      holds = !unordered;
      break;
    case 8: // EQ, true when unordered
      holds = unordered || left == right;
      break;
    case 9: // NGE
      holds = !(left >= right);
      break;
    case 10: // NGT
      holds = !(left > right);
      break;
    case 11: // FALSE
      holds = false;
      break;
    case 12: // NEQ, false when unordered
      holds = !unordered && left != right;
      break;
    case 13: // GE
      holds = left >= right;
      break;
    case 14: // GT
      holds = left > right;
      break;
    default: // TRUE
      holds = true;
      break;
  }
  return holds ? ~(<u32>0) : 0;
}

/**
 * MINSS: a when a < b, else b; so b for two zeros and for any NaN, which raises IE even when quiet.
 * May raise DE.
 */
export function f32Min(a: u32, b: u32, mxcsr: u32): u32 {
  a = f32Operand(a, mxcsr);
  b = f32Operand(b, mxcsr);
  if (f32IsNan(a) || f32IsNan(b)) floatFlags |= IE;
  else raiseDenormal(a, b);
  return reinterpret<f32>(a) < reinterpret<f32>(b) ? a : b;
}

/** MAXSS: a when a > b, else b, with the exceptions of `f32Min`. */
export function f32Max(a: u32, b: u32, mxcsr: u32): u32 {
  a = f32Operand(a, mxcsr);
  b = f32Operand(b, mxcsr);
  if (f32IsNan(a) || f32IsNan(b)) floatFlags |= IE;
  else raiseDenormal(a, b);
  return reinterpret<f32>(a) > reinterpret<f32>(b) ? a : b;
}
