// FCOM, FUCOM, FCOMI, FUCOMI and their kin, FTST, FXAM. SDM volume 2.

import { f80Compare, f80Examine, f80Test } from '../float/f80-compare.ts';
import { C0, C1, C2, C3, floatCondition, setFloatCondition } from '../float/flags.ts';
import { stackRegister } from '../fpu-environment.ts';
import { begin, control, finish, has, isBlocked, isPresent, pop, stackFault } from './unit.ts';

/** All condition bits. */
export const CONDITIONS: u32 = C0 | C1 | C2 | C3;
const UNORDERED: u32 = C0 | C2 | C3;

/** Compares ST(0) with the value at `other`, with an empty ST(0) as unordered. */
export function compareTop(other: usize, settings: u32, quiet: u32): void {
  if (has(0)) f80Compare(stackRegister(0), other, settings, quiet);
  else setFloatCondition(UNORDERED);
}

/** Compares ST(0) with ST(i), with an empty one as unordered. */
function compareRegisters(i: u32, quiet: u32): void {
  if (has(i)) compareTop(stackRegister(i), control, quiet);
  else setFloatCondition(UNORDERED);
}

/** FCOM, or with `quiet` 1 FUCOM, of ST(0) and ST(i); `pops` 0 to 2 registers. Raises #MF. */
export function x87Compare(i: u32, quiet: u32, pops: u32): void {
  begin();
  compareRegisters(i, quiet);
  if (!isBlocked()) for (; pops != 0; pops -= 1) pop();
  finish(CONDITIONS);
}

/**
 * FCOMI, or with `quiet` 1 FUCOMI, of ST(0) and ST(i); `pops` 0 or 1 registers. Gives ZF, PF and CF in their RFLAGS
 * positions. Raises #MF.
 */
export function x87CompareFlags(i: u32, quiet: u32, pops: u32): u32 {
  begin();
  compareRegisters(i, quiet);
  const flags = (floatCondition >> 8) & 0x45;
  if (pops != 0 && !isBlocked()) pop();
  floatCondition = 0;
  finish(stackFault() ? C1 : 0);
  return flags;
}

/** FTST. Raises #MF. */
export function ftst(): void {
  begin();
  if (has(0)) f80Test(stackRegister(0));
  else setFloatCondition(UNORDERED);
  finish(CONDITIONS);
}

/** FXAM; an empty register is no stack fault. Raises #MF. */
export function fxam(): void {
  begin();
  f80Examine(stackRegister(0));
  if (!isPresent(0)) floatCondition = (floatCondition & C1) | C3 | C0;
  finish(CONDITIONS);
}
