// FILD, FIST, FISTP, FISTTP, FBLD, FBSTP.

import { C1, IE, PE, ZERO, controlRounding, floatFlags, setFloatCondition } from './flags.ts';
import { CLASS_QUIET, f80Class, f80Set, f80UnpackLeft } from './f80-format.ts';
import { integerInexact, integerTooLarge, roundToInteger, roundedUp } from './rounding.ts';
import { leftSign } from './unpacked.ts';

/** The largest magnitude of packed BCD, 18 digits. */
const LARGEST_DECIMAL: u64 = 999999999999999999;

/** FILD of any size, sign-extended by the caller; exact, no exceptions, C1 clear. */
export function f80FromI64(dst: usize, value: u64): void {
  setFloatCondition(0);
  if (value == 0) {
    f80Set(dst, 0, 0);
    return;
  }
  const sign = <u32>(value >> 63);
  const magnitude = sign ? 0 - value : value;
  const shift = <u32>clz(magnitude);
  f80Set(dst, (sign << 15) | (16383 + 63 - shift), magnitude << shift);
}

/**
 * a rounded to a magnitude of at most `limit`, which may be one more for negative values when
 * `twosComplement`. Sets C1 and raises PE, or IE when it does not fit, and then the result means
 * nothing.
 */
function toMagnitude(a: usize, limit: u64, twosComplement: u64, rounding: u32): u64 {
  setFloatCondition(0);
  if (f80Class(a) >= CLASS_QUIET) {
    floatFlags |= IE;
    return 0;
  }
  f80UnpackLeft(a);
  const magnitude = roundToInteger(rounding);
  if (integerTooLarge || magnitude > limit + (leftSign ? twosComplement : 0)) {
    floatFlags |= IE;
    return 0;
  }
  if (integerInexact) floatFlags |= PE;
  if (roundedUp) setFloatCondition(C1);
  return magnitude;
}

/**
 * FIST of `bits` 16, 32 or 64, by RC, or truncated when `truncate` is non-zero (FISTTP). Gives the
 * sign-extended integer, or the indefinite integer of that size and IE for NaNs, infinities,
 * unsupported encodings and values out of range. May raise PE; C1 tells of rounding up. The caller
 * stores nothing when IE is unmasked.
 */
export function f80ToInteger(a: usize, bits: u32, control: u32, truncate: u32): u64 {
  const limit = ((<u64>1) << (bits - 1)) - 1;
  const before = floatFlags;
  floatFlags = 0;
  const magnitude = toMagnitude(a, limit, 1, truncate ? ZERO : controlRounding(control));
  const invalid = floatFlags & IE;
  floatFlags |= before;
  if (invalid) return ~limit;
  return leftSign ? 0 - magnitude : magnitude;
}

/** FBLD: the 10 bytes at `address`, 18 packed digits and a sign, to extended. No exceptions, C1 clear. */
export function f80FromDecimal(dst: usize, address: usize): void {
  let value: u64 = 0;
  for (let index: i32 = 8; index >= 0; index -= 1) {
    const digits = <u64>load<u8>(address + index);
    value = value * 100 + (digits >> 4) * 10 + (digits & 15);
  }
  const sign = <u32>load<u8>(address, 9) >> 7;
  f80FromI64(dst, value);
  f80Set(dst, (<u32>load<u16>(dst, 8) & 0x7fff) | (sign << 15), load<u64>(dst));
}

/**
 * FBSTP: a, rounded by RC, as 10 bytes of packed BCD at `address`; the indefinite FFFFC000000000000000
 * and IE for what 18 digits do not hold. Writes nothing when that IE is unmasked. May raise PE; C1
 * tells of rounding up.
 */
export function f80ToDecimal(address: usize, a: usize, control: u32): void {
  const before = floatFlags;
  floatFlags = 0;
  let magnitude = toMagnitude(a, LARGEST_DECIMAL, 0, controlRounding(control));
  const invalid = floatFlags & IE;
  floatFlags |= before;
  if (invalid) {
    if ((control & IE) == 0) return;
    store<u64>(address, 0xc000000000000000);
    store<u16>(address, 0xffff, 8);
    return;
  }
  for (let index: usize = 0; index < 9; index += 1) {
    const pair = magnitude % 100;
    magnitude /= 100;
    store<u8>(address + index, <u8>((pair / 10) * 16 + (pair % 10)));
  }
  store<u8>(address, <u8>(leftSign << 7), 9);
}
