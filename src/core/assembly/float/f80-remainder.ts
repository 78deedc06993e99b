// FPREM and FPREM1.

import { divide128, wideRemainder } from '../wide.ts';
import { C0, C1, C2, C3, floatCondition } from './flags.ts';
import { f80BeginBinary, f80Blocked, f80Deliver, f80RaiseDenormal } from './f80-format.ts';
import {
  INFINITE,
  KIND_FINITE,
  KIND_INVALID,
  KIND_ZERO,
  leftExponent,
  leftSign,
  leftSignificand,
  normalizeResult,
  rightExponent,
  rightSignificand,
  setResultSign,
} from './unpacked.ts';

/** The low three bits of the quotient where FPREM reports them: Q2 in C0, Q1 in C3, Q0 in C1. */
function quotientCondition(quotient: u64): u32 {
  return (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0) | (quotient & 1 ? C1 : 0);
}

/** Delivers an exact remainder of the given significand. */
function deliver(dst: usize, sign: u32, exponent: i32, significand: u64, control: u32): void {
  const condition = floatCondition;
  setResultSign(sign);
  if (significand == 0) f80Deliver(dst, KIND_ZERO, 64, control);
  else {
    normalizeResult(sign, exponent, significand, 0);
    f80Deliver(dst, KIND_FINITE, 64, control);
  }
  floatCondition = condition;
}

function remainder(dst: usize, a: usize, b: usize, control: u32, toNearest: bool): void {
  if (f80BeginBinary(dst, a, b, control)) return;
  if (leftExponent == INFINITE || rightSignificand == 0) {
    f80Deliver(dst, KIND_INVALID, 64, control);
    return;
  }
  f80RaiseDenormal(a, b, control);
  if (f80Blocked(control)) return;
  const sign = leftSign;
  const distance = leftExponent - rightExponent;
  if (leftSignificand == 0 || rightExponent == INFINITE || distance < -1 || (distance < 0 && !toNearest)) {
    deliver(dst, sign, leftExponent, leftSignificand, control);
    return;
  }
  if (distance == -1) {
    // a is below b; it is above half of b exactly when its significand is the larger one.
    if (leftSignificand <= rightSignificand) deliver(dst, sign, leftExponent, leftSignificand, control);
    else {
      floatCondition = C1;
      deliver(dst, sign ^ 1, leftExponent, (rightSignificand << 1) - leftSignificand, control);
    }
    return;
  }
  if (distance > 63) {
    // A partial reduction, by 32 to 63 bits, that brings the distance to a multiple of 32.
    const step = 32 + (distance & 31);
    divide128(leftSignificand >> (64 - step), leftSignificand << step, rightSignificand);
    floatCondition = C2;
    deliver(dst, sign, leftExponent - step, wideRemainder, control);
    return;
  }
  const high = distance == 0 ? <u64>0 : leftSignificand >> (64 - distance);
  let quotient = divide128(high, leftSignificand << distance, rightSignificand);
  let rest = wideRemainder;
  let restSign = sign;
  if (toNearest) {
    const complement = rightSignificand - rest;
    if (rest > complement || (rest == complement && (quotient & 1) != 0)) {
      quotient += 1;
      rest = complement;
      restSign = sign ^ 1;
    }
  }
  floatCondition = quotientCondition(quotient);
  deliver(dst, rest == 0 ? sign : restSign, rightExponent, rest, control);
}

/**
 * The remainder of a / b with the quotient truncated (FPREM). Where the exponents differ by 64 or
 * more only part of the way, and C2 is set; else C2 is clear and C0, C3, C1 are quotient bits 2, 1
 * and 0. The result is exact. May raise IE, DE, UE.
 */
export function f80Remainder(dst: usize, a: usize, b: usize, control: u32): void {
  remainder(dst, a, b, control, false);
}

/** The remainder of a / b with the quotient rounded to nearest even (FPREM1), otherwise as `f80Remainder`. */
export function f80RemainderNearest(dst: usize, a: usize, b: usize, control: u32): void {
  remainder(dst, a, b, control, true);
}
