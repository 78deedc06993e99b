// The checks that many system instructions begin with.

import { CPL, CR4, VECTOR_GP, VECTOR_UD } from '../layout.ts';
import { raise } from './exceptions.ts';
import { CR4_UMIP, inProtectedMode, isCanonical } from './mode.ts';

/** #GP(0) above privilege level 0. */
export function requirePrivilege(): void {
  if (load<u32>(CPL) != 0) raise(VECTOR_GP, 0);
}

/** #UD in real and virtual-8086 mode: ARPL, LAR, LLDT, LSL, LTR, SLDT, STR, VERR, VERW. */
export function requireProtected(): void {
  if (!inProtectedMode()) raise(VECTOR_UD, -1);
}

/** #GP(0) above privilege level 0 when CR4.UMIP is set: SGDT, SIDT, SLDT, SMSW, STR (SDM volume 3A section 2.5). */
export function requireUserModeInstructions(): void {
  if (load<u32>(CPL) != 0 && (load<u32>(CR4) & CR4_UMIP) != 0) raise(VECTOR_GP, 0);
}

/** Raises #GP(0) when a near transfer's target is not canonical. */
export function requireCanonical(address: i64): void {
  if (!isCanonical(address)) raise(VECTOR_GP, 0);
}
