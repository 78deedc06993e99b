// Addition, subtraction and multiplication where nothing special happens: normal operands and results, rounding to nearest
// with 64 bits, which is nearly always. The general way in `f80-arithmetic.ts` gives the same, more slowly.

import { mulHighUnsigned } from '../wide.ts';
import { MEMORY_OPERAND_DENORMAL, f80Set } from './f80-format.ts';
import { C1, PE, floatFlags, setFloatCondition } from './flags.ts';

/** PC and RC of the control word, and what tells of a denormal in memory. */
const SETTINGS: u32 = 0xf00 | MEMORY_OPERAND_DENORMAL;
/** 64 bits, to nearest. */
const EXTENDED_NEAREST: u32 = 0x300;
const INTEGER_BIT: u64 = 0x8000000000000000;

/** Whether `control` asks for 64 bits and rounding to nearest. */
// @ts-ignore: decorator
@inline
export function isExtendedNearest(control: u32): bool {
  return (control & SETTINGS) == EXTENDED_NEAREST;
}

/** Whether a significand and an exponent field are those of a normal number. */
// @ts-ignore: decorator
@inline
function isNormal(significand: u64, field: i32): bool {
  return <i64>significand < 0 && <u32>(field - 1) < 0x7ffe;
}

/**
 * Stores the number with significand `high` (normalized) and `low` behind it, rounded to nearest even. False, with nothing
 * done, when its exponent field is at or beyond the ends of the normal numbers.
 */
// @ts-ignore: decorator
@inline
function deliver(dst: usize, sign: u32, field: i32, high: u64, low: u64): bool {
  if (<u32>(field - 2) >= 0x7ffc) return false;
  let condition: u32 = 0;
  if (low != 0) {
    floatFlags |= PE;
    if (low > INTEGER_BIT || (low == INTEGER_BIT && (high & 1) != 0)) {
      condition = C1;
      high += 1;
      if (high == 0) {
        high = INTEGER_BIT;
        field += 1;
      }
    }
  }
  setFloatCondition(condition);
  f80Set(dst, sign | <u32>field, high);
  return true;
}

/** a * b into `dst`; false, with nothing done, when it is not that simple. */
export function f80MulNormal(dst: usize, a: usize, b: usize): bool {
  const left = load<u64>(a);
  const right = load<u64>(b);
  const leftField = <i32>load<u16>(a, 8);
  const rightField = <i32>load<u16>(b, 8);
  if (!isNormal(left, leftField & 0x7fff) || !isNormal(right, rightField & 0x7fff)) return false;
  let high = mulHighUnsigned(left, right);
  let low = left * right;
  let field = (leftField & 0x7fff) + (rightField & 0x7fff) - 16382;
  if (<i64>high >= 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    field -= 1;
  }
  return deliver(dst, <u32>(leftField ^ rightField) & 0x8000, field, high, low);
}

/** a + b into `dst`, or with `flip` 0x8000 a - b; false, with nothing done, when it is not that simple. */
export function f80AddNormal(dst: usize, a: usize, b: usize, flip: u32): bool {
  let larger = load<u64>(a);
  let smaller = load<u64>(b);
  let sign = <u32>load<u16>(a, 8);
  let otherSign = <u32>load<u16>(b, 8) ^ flip;
  let field = <i32>(sign & 0x7fff);
  let otherField = <i32>(otherSign & 0x7fff);
  if (!isNormal(larger, field) || !isNormal(smaller, otherField)) return false;
  sign &= 0x8000;
  otherSign &= 0x8000;
  const subtracts = sign != otherSign;
  if (field < otherField || (field == otherField && larger < smaller)) {
    const significand = larger;
    larger = smaller;
    smaller = significand;
    const exponent = field;
    field = otherField;
    otherField = exponent;
    sign = otherSign;
  }
  const distance = <u64>(field - otherField);
  if (distance > 63) return false;
  let low = distance == 0 ? <u64>0 : smaller << (64 - distance);
  let high = smaller >> distance;
  if (subtracts) {
    high = larger - high - u64(low != 0);
    low = 0 - low;
    if (high == 0) return false;
    const shift = clz(high);
    if (shift != 0) {
      high = (high << shift) | (low >> (64 - shift));
      low <<= shift;
      field -= <i32>shift;
    }
  } else {
    high += larger;
    if (high < larger) {
      low = (low >> 1) | (low & 1) | (high << 63);
      high = (high >> 1) | INTEGER_BIT;
      field += 1;
    }
  }
  return deliver(dst, sign, field, high, low);
}
