// What virtual-8086 mode does differently: INT n and the virtual interrupt flag. SDM volume 3A sections 20.2, 20.3 and
// table 20-2 (the six methods of handling software interrupts); APM volume 2 section 8.10.

import { CR4, RFLAGS, SEGMENT_ATTRIBUTES, SEGMENT_BASE, SEGMENT_LIMIT, SEGMENT_TR, VECTOR_GP } from '../layout.ts';
import { readSystem16, readSystem32, readSystem8 } from './access.ts';
import { wrapLinear } from './descriptors.ts';
import { raise } from './exceptions.ts';
import { FLAG_IF, FLAG_IOPL, FLAG_NT, FLAG_RF, FLAG_TF, FLAG_VIF, FLAG_AC, ioPrivilege, setFlags } from './flags.ts';
import { enterReal } from './interrupt-delivery.ts';
import { CR4_VME } from './mode.ts';

/** The bit of the software interrupt redirection map, which lies below the I/O permission map of the TSS. 0: the 8086 program's own handler. */
function redirected(vector: i32): bool {
  const limit = load<u32>(SEGMENT_TR + SEGMENT_LIMIT);
  const base = load<i64>(SEGMENT_TR + SEGMENT_BASE);
  const wide = (load<u32>(SEGMENT_TR + SEGMENT_ATTRIBUTES) & 0x800) != 0;
  if (!wide || limit < 103) raise(VECTOR_GP, 0);
  const map = (<u32>readSystem16(wrapLinear(base + 102)) & 0xffff) - 32;
  const offset = map + (<u32>vector >> 3);
  if (offset > limit) raise(VECTOR_GP, 0);
  return ((<u32>readSystem8(wrapLinear(base + <i64>offset)) >> (vector & 7)) & 1) != 0;
}

/**
 * INT n in virtual-8086 mode. Returns true when the interrupt went to the 8086 program's own vector table, false when it
 * is to go through the IDT. Raises #GP(0) when it is the monitor's to decide.
 */
export function interruptVirtual8086(vector: i32, flags: u32, resume: i64): bool {
  const free = ioPrivilege() == 3;
  if ((load<u32>(CR4) & CR4_VME) == 0 || redirected(vector)) {
    if (!free) raise(VECTOR_GP, 0);
    return false;
  }
  const entry = <u32>readSystem32(<i64>(vector * 4));
  if (free) {
    enterReal(entry, flags, resume);
    setFlags(0, FLAG_IF | FLAG_TF | FLAG_NT | FLAG_RF | FLAG_AC);
    return true;
  }
  // The program sees its virtual interrupt flag in IF's place, and an IOPL of 3.
  enterReal(entry, virtualFlags(flags), resume);
  setFlags(0, FLAG_VIF | FLAG_TF | FLAG_NT | FLAG_RF | FLAG_AC);
  return true;
}

/** FLAGS as a virtual-8086 program with CR4.VME and IOPL below 3 sees them: IF is VIF, IOPL is 3. */
export function virtualFlags(flags: u32): u32 {
  return (flags & ~FLAG_IF) | (flags & FLAG_VIF ? FLAG_IF : 0) | FLAG_IOPL;
}

/** True when a new FLAGS image asks for interrupts while one is pending in VIP, or for single step: the monitor must see it. */
export function virtualFlagsTrap(image: u32): bool {
  const pending = (load<u32>(RFLAGS) & 0x100000) != 0 && (image & FLAG_IF) != 0;
  return pending || (image & FLAG_TF) != 0;
}
