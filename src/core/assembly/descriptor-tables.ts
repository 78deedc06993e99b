// LGDT, LIDT, SGDT, SIDT, SLDT, STR, and the instructions that ask about a selector: LAR, LSL, VERR, VERW.
// SDM volume 2; APM volume 3. LLDT and LTR are in segments.ts.

import {
  CPL,
  SEGMENT_BASE,
  SEGMENT_GDTR,
  SEGMENT_IDTR,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_TR,
  VECTOR_GP,
} from '../layout.ts';
import { checkWrite, read16, read32, read64, write16, write32, write64 } from './access.ts';
import {
  ATTRIBUTE_CODE,
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_S,
  ATTRIBUTE_WRITABLE,
  attributesDpl,
  descriptorAttributes,
  descriptorLimit,
  findDescriptor,
  isNull,
  readDescriptor,
  systemType,
} from './descriptors.ts';
import { raise } from './exceptions.ts';
import { inLong64, inLongMode, isCanonical, wrapsAt32 } from './mode.ts';
import { requirePrivilege, requireProtected, requireUserModeInstructions } from './privilege.ts';

/** Linear address `offset` bytes into a memory operand, which wraps at 4 GiB outside 64-bit mode. */
function at(linear: i64, offset: i64): i64 {
  return wrapsAt32() ? (linear + offset) & 0xffffffff : linear + offset;
}

function loadTable(table: i32, linear: i64, operandSize: i32): void {
  requirePrivilege();
  const limit = <u32>read16(linear) & 0xffff;
  let base: i64;
  if (inLong64()) {
    base = read64(at(linear, 2));
    if (!isCanonical(base)) raise(VECTOR_GP, 0);
  } else {
    base = <i64>(<u32>read32(at(linear, 2)));
    if (operandSize == 16) base &= 0xffffff;
  }
  store<i64>(table + SEGMENT_BASE, base);
  store<u32>(table + SEGMENT_LIMIT, limit);
}

/** LGDT of the pseudo-descriptor at a linear address: 10 bytes in 64-bit mode, 6 elsewhere. `operandSize` 16: 24-bit base. */
export function lgdt(linear: i64, operandSize: i32): void {
  loadTable(SEGMENT_GDTR, linear, operandSize);
}

/** LIDT; as `lgdt`. */
export function lidt(linear: i64, operandSize: i32): void {
  loadTable(SEGMENT_IDTR, linear, operandSize);
}

function storeTable(table: i32, linear: i64): void {
  requireUserModeInstructions();
  const long = inLong64();
  if (long) checkWrite(linear, 10);
  else if (linear <= 0xfffffffa) checkWrite(linear, 6);
  const base = load<i64>(table + SEGMENT_BASE);
  write16(linear, load<u32>(table + SEGMENT_LIMIT));
  if (long) write64(at(linear, 2), base);
  else write32(at(linear, 2), <i32>base);
}

/** SGDT to a linear address: 10 bytes in 64-bit mode, 6 elsewhere. */
export function sgdt(linear: i64): void {
  storeTable(SEGMENT_GDTR, linear);
}

/** SIDT; as `sgdt`. */
export function sidt(linear: i64): void {
  storeTable(SEGMENT_IDTR, linear);
}

/** SLDT: the selector of LDTR. */
export function sldt(): i32 {
  requireProtected();
  requireUserModeInstructions();
  return load<i32>(SEGMENT_LDTR + SEGMENT_SELECTOR);
}

/** STR: the selector of TR. */
export function str(): i32 {
  requireProtected();
  requireUserModeInstructions();
  return load<i32>(SEGMENT_TR + SEGMENT_SELECTOR);
}

/** System types that LAR accepts, and those that LSL accepts, as bit sets; long mode knows fewer (SDM volume 2 tables 3-53, 3-55). */
const LAR_TYPES: u32 = 0x1a3e;
const LAR_TYPES_LONG: u32 = 0x1a04;
const LSL_TYPES: u32 = 0x0a0e;
const LSL_TYPES_LONG: u32 = 0x0a04;

let seen: u64 = 0;

/** True when a selector's descriptor is visible to the running program and, if a system one, of a type in `types`. Leaves it in `seen`. */
function look(selector: i32, types: u32, longTypes: u32): bool {
  requireProtected();
  if (isNull(selector)) return false;
  const address = findDescriptor(selector & 0xffff, 8);
  if (address == -1) return false;
  seen = readDescriptor(address);
  const attributes = descriptorAttributes(seen);
  if ((attributes & ATTRIBUTE_S) == 0) {
    const allowed = inLongMode() ? longTypes : types;
    if (((allowed >> systemType(attributes)) & 1) == 0) return false;
  } else if ((attributes & (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING)) == (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING)) {
    return true;
  }
  const dpl = attributesDpl(attributes);
  return load<u32>(CPL) <= dpl && <u32>(selector & 3) <= dpl;
}

/**
 * LAR: bits 8…23 of the descriptor's high dword (the operand takes its width), or -1 when ZF is to be clear. AMD's
 * processors give the limit's four high bits too, which Intel's manual calls undefined.
 */
export function lar(selector: i32): i64 {
  if (!look(selector, LAR_TYPES, LAR_TYPES_LONG)) return -1;
  return <i64>((seen >> 32) & 0xffff00);
}

/** LSL: the limit in bytes (the operand takes its width), or -1 when ZF is to be clear. */
export function lsl(selector: i32): i64 {
  if (!look(selector, LSL_TYPES, LSL_TYPES_LONG)) return -1;
  return <i64>descriptorLimit(seen);
}

/** VERR: 1 when the segment can be read at this privilege level (ZF). */
export function verr(selector: i32): i32 {
  if (!look(selector, 0, 0)) return 0;
  const attributes = descriptorAttributes(seen);
  return i32((attributes & ATTRIBUTE_CODE) == 0 || (attributes & ATTRIBUTE_WRITABLE) != 0);
}

/** VERW: 1 when the segment can be written at this privilege level (ZF). */
export function verw(selector: i32): i32 {
  if (!look(selector, 0, 0)) return 0;
  return i32((descriptorAttributes(seen) & (ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE)) == ATTRIBUTE_WRITABLE);
}
