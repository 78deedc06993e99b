// FST, FSTP, FIST, FISTP, FISTTP, FBSTP. SDM volume 2. All raise #MF, and of memory what writing raises: the stack changes
// last. Nothing is written when an exception that the store itself raised is unmasked, but a fault of the memory operand
// comes first even then.

import { checkWrite, write16, write32, write64 } from '../access.ts';
import { f80StoreFault, f80ToF32, f80ToF64 } from '../float/f80-conversion.ts';
import { f80Copy } from '../float/f80-format.ts';
import { f80ToDecimal, f80ToInteger } from '../float/f80-integer.ts';
import { F32_DEFAULT_NAN } from '../float/f32-format.ts';
import { F64_DEFAULT_NAN } from '../float/f64-format.ts';
import { C1 } from '../float/flags.ts';
import { stackRegister } from '../fpu-environment.ts';
import { OFFSET_MASK } from '../frames.ts';
import { tailOf } from './loads.ts';
import {
  begin,
  control,
  finish,
  finishMemory,
  has,
  isBlocked,
  isPresent,
  occupy,
  pop,
  scratch,
  setDefaultNan,
} from './unit.ts';

/** FST m32fp, or with `pops` 1 FSTP. */
export function x87StoreSingle(linear: i64, pops: u32): void {
  begin();
  const bits = has(0) ? f80ToF32(stackRegister(0), control) : F32_DEFAULT_NAN;
  if (!f80StoreFault(control)) {
    write32(linear, bits);
    if (pops) pop();
  } else checkWrite(linear, 4);
  finishMemory(C1, linear);
}

/** FST m64fp, or with `pops` 1 FSTP. */
export function x87StoreDouble(linear: i64, pops: u32): void {
  begin();
  const bits = has(0) ? f80ToF64(stackRegister(0), control) : F64_DEFAULT_NAN;
  if (!f80StoreFault(control)) {
    write64(linear, bits);
    if (pops) pop();
  } else checkWrite(linear, 8);
  finishMemory(C1, linear);
}

/** FIST of `bits` 16, 32 or 64, with `pops` 1 FISTP, and with `truncate` 1 FISTTP. */
export function x87StoreInteger(linear: i64, bits: u32, pops: u32, truncate: u32): void {
  begin();
  const value = has(0) ? f80ToInteger(stackRegister(0), bits, control, truncate) : (<u64>1) << (bits - 1);
  if (!f80StoreFault(control)) {
    if (bits == 16) write16(linear, <i32>value);
    else if (bits == 32) write32(linear, <i32>value);
    else write64(linear, value);
    if (pops) pop();
  } else checkWrite(linear, bits >> 3);
  finishMemory(C1, linear);
}

function checkTen(linear: i64): void {
  checkWrite(linear, 8);
  checkWrite(tailOf(linear), 2);
}

/** Writes the ten bytes at `source`, all or none. */
function writeTen(linear: i64, source: usize): void {
  const tail = tailOf(linear);
  // Where both parts are in one page, the second cannot fault once the first is written.
  if ((linear ^ (tail + 1)) & ~(<i64>OFFSET_MASK)) checkTen(linear);
  write64(linear, load<u64>(source));
  write16(tail, load<u16>(source, 8));
}

/** FSTP m80fp: any encoding, unchanged. */
export function x87StoreExtended(linear: i64): void {
  begin();
  if (has(0)) f80Copy(scratch, stackRegister(0));
  else setDefaultNan(scratch);
  if (!isBlocked()) {
    writeTen(linear, scratch);
    pop();
  } else checkTen(linear);
  finishMemory(C1, linear);
}

/** FBSTP. */
export function x87StoreDecimal(linear: i64): void {
  begin();
  // The indefinite number's bytes are those of the default NaN.
  if (has(0)) f80ToDecimal(scratch, stackRegister(0), control);
  else setDefaultNan(scratch);
  if (!f80StoreFault(control)) {
    writeTen(linear, scratch);
    pop();
  } else checkTen(linear);
  finishMemory(C1, linear);
}

/** FST ST(i), or with `pops` 1 FSTP. */
export function x87StoreRegister(i: u32, pops: u32): void {
  begin();
  const dst = stackRegister(i);
  if (has(0)) f80Copy(dst, stackRegister(0));
  else if (!isBlocked()) setDefaultNan(dst);
  if (!isBlocked()) {
    occupy(i);
    if (pops) pop();
  }
  finish(C1);
}

/** FSTPNCE (D9 D8+i, not documented): as FSTP ST(i), but an empty ST(0) is no stack fault and stores nothing. */
export function x87StoreQuietly(i: u32): void {
  begin();
  if (isPresent(0)) {
    f80Copy(stackRegister(i), stackRegister(0));
    occupy(i);
  }
  pop();
  finish(C1);
}
