// Comparisons of binary64 elements: COMISD, UCOMISD, CMPSD, MINSD, MAXSD.

import { DE, IE, floatFlags } from './flags.ts';
import { f64IsDenormal, f64IsNan, f64IsSignalling, f64Operand } from './f64-format.ts';

/** EFLAGS bits as COMISD sets them; unordered sets all three. */
const CF: u32 = 0x01;
const PF: u32 = 0x04;
const ZF: u32 = 0x40;

/** Raises DE when either operand, after DAZ, is denormal. */
// @ts-ignore: decorator
@inline
function raiseDenormal(a: u64, b: u64): void {
  if (f64IsDenormal(a) || f64IsDenormal(b)) floatFlags |= DE;
}

/**
 * Compares a with b and returns ZF, PF and CF in their EFLAGS positions. With `quiet` non-zero only
 * a signalling NaN raises IE (UCOMISD), otherwise any NaN does (COMISD). May raise DE.
 */
export function f64CompareFlags(a: u64, b: u64, mxcsr: u32, quiet: u32): u32 {
  a = f64Operand(a, mxcsr);
  b = f64Operand(b, mxcsr);
  if (f64IsNan(a) || f64IsNan(b)) {
    if (quiet == 0 || f64IsSignalling(a) || f64IsSignalling(b)) floatFlags |= IE;
    return ZF | PF | CF;
  }
  raiseDenormal(a, b);
  const left = reinterpret<f64>(a);
  const right = reinterpret<f64>(b);
  if (left == right) return ZF;
  return left < right ? CF : 0;
}

/**
 * The CMPSD family: all ones when the predicate holds, else 0. `predicate` is the immediate, of which
 * bits 4..0 count (SDM volume 2, CMPPD, table 3-1; SSE code has only 0..7). May raise IE, DE.
 */
export function f64Compare(a: u64, b: u64, predicate: u32, mxcsr: u32): u64 {
  a = f64Operand(a, mxcsr);
  b = f64Operand(b, mxcsr);
  predicate &= 31;
  const unordered = f64IsNan(a) || f64IsNan(b);
  if (unordered) {
    // EQ, UNORD, NEQ, ORD and their like are quiet in the first sixteen, LT and LE signal; bit 4
    // turns that around.
    const signals = (((predicate + 1) & 2) != 0) != predicate >= 16;
    if (signals || f64IsSignalling(a) || f64IsSignalling(b)) floatFlags |= IE;
  } else raiseDenormal(a, b);
  const left = reinterpret<f64>(a);
  const right = reinterpret<f64>(b);
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
  return holds ? ~(<u64>0) : 0;
}

/**
 * MINSD: a when a < b, else b; so b for two zeros and for any NaN, which raises IE even when quiet.
 * May raise DE.
 */
export function f64Min(a: u64, b: u64, mxcsr: u32): u64 {
  a = f64Operand(a, mxcsr);
  b = f64Operand(b, mxcsr);
  if (f64IsNan(a) || f64IsNan(b)) floatFlags |= IE;
  else raiseDenormal(a, b);
  return reinterpret<f64>(a) < reinterpret<f64>(b) ? a : b;
}

/** MAXSD: a when a > b, else b, with the exceptions of `f64Min`. */
export function f64Max(a: u64, b: u64, mxcsr: u32): u64 {
  a = f64Operand(a, mxcsr);
  b = f64Operand(b, mxcsr);
  if (f64IsNan(a) || f64IsNan(b)) floatFlags |= IE;
  else raiseDenormal(a, b);
  return reinterpret<f64>(a) > reinterpret<f64>(b) ? a : b;
}
