// MOV to and from DR0…DR7. SDM volume 3B section 17.2, volume 2 MOV DR; APM volume 2 section 13.1.1.

import { CR4, DR0, VECTOR_DB, VECTOR_GP, VECTOR_UD } from '../layout.ts';
import { DR6_BD, DR7_GD, recordDebugCauses } from './debug-events.ts';
import { raise } from './exceptions.ts';
import { CR4_DE, inLong64, updateMode } from './mode.ts';
import { requirePrivilege } from './privilege.ts';

const DR6_FIXED: u64 = 0xffff0ff0;
const DR6_WRITABLE: u64 = 0xe00f;
const DR7_FIXED: u64 = 0x400;
const DR7_WRITABLE: u64 = 0xffff23ff;
const DR7 = DR0 + 56;

/** The register that `number` stands for: DR4 and DR5 are DR6 and DR7, or #UD with CR4.DE. #DB when DR7.GD guards them. */
function checkAccess(number: i32): i32 {
  let register = number;
  if (number == 4 || number == 5) {
    if (load<u32>(CR4) & CR4_DE) raise(VECTOR_UD, -1);
    register += 2;
  }
  if (number > 7) raise(VECTOR_UD, -1);
  requirePrivilege();
  if (load<u32>(DR7) & DR7_GD) {
    recordDebugCauses(DR6_BD);
    raise(VECTOR_DB, -1);
  }
  return register;
}

/** MOV from DR `number` (0…7). */
export function movFromDr(number: i32): i64 {
  const register = checkAccess(number);
  const value = load<i64>(DR0 + register * 8);
  // What reset leaves as zero reads with the bits that are always one.
  if (register == 6) return <i64>((<u64>value & DR6_WRITABLE) | DR6_FIXED);
  if (register == 7) return <i64>((<u64>value & DR7_WRITABLE) | DR7_FIXED);
  return value;
}

/** MOV to DR `number` (0…7). The caller ends its block. */
export function movToDr(number: i32, value: i64): void {
  const register = checkAccess(number);
  let full = inLong64() ? <u64>value : <u64>value & 0xffffffff;
  if (register >= 6) {
    if (full > 0xffffffff) raise(VECTOR_GP, 0);
    full = register == 6 ? (full & DR6_WRITABLE) | DR6_FIXED : (full & DR7_WRITABLE) | DR7_FIXED;
  }
  store<u64>(DR0 + register * 8, full);
  updateMode();
}
