// Far RET and IRET in every mode. SDM volume 2 RET and IRET; volume 3A section 5.8.6; APM volume 3 RETF and IRET.

import {
  CPL,
  CR4,
  GPR,
  NMI_BLOCKED,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_LIMIT,
  SEGMENT_SS,
  SEGMENT_TR,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_SS,
} from '../layout.ts';
import { readSystem16 } from './access.ts';
import {
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_LONG,
  ATTRIBUTE_PRESENT,
  attributesDpl,
  descriptorAttributes,
  fetchDescriptor,
  isCode,
  isNull,
  isWritableData,
  markAccessed,
  raiseSelector,
  setNullStack,
  setRealSegment,
  setSegment,
} from './descriptors.ts';
import { nextRip, raise } from './exceptions.ts';
import { checkTarget, enterCode } from './far-transfers.ts';
import { FLAG_IF, FLAG_IOPL, FLAG_NT, FLAG_VIF, FLAG_VIP, FLAG_VM, getFlags, ioPrivilege, setFlags } from './flags.ts';
import { CR4_VME, inLong64, inLongMode, inProtectedMode, inVirtual8086, updateMode } from './mode.ts';
import { dropPrivilegedSegments } from './segments.ts';
import { commitStack, pop, setStackPointer, skip, useCurrentStack } from './stack-cursor.ts';
import { SWITCH_RETURN, switchTask } from './tasks.ts';
import { virtualFlagsTrap } from './virtual-8086.ts';

const RSP = GPR + 32;

/** What IRET restores of FLAGS at any level: the arithmetic flags, TF, DF and NT, and with a 32- or 64-bit image RF, AC, ID. */
const RESTORED: u32 = 0x4dd5;
const RESTORED_WIDE: u32 = 0x250000;

let returnDescriptor: u64 = 0;
let stackDescriptor: u64 = 0;

/** Far RET: pops IP and CS of `operandSize` (16, 32, 64) bits, then releases `release` bytes. Sets RIP. */
export function farReturn(operandSize: i32, release: i32): void {
  const size = operandSize >> 3;
  useCurrentStack(0);
  const rip = pop(size);
  const selector = <i32>pop(size) & 0xffff;
  if (!inProtectedMode()) {
    skip(<i64>release);
    returnReal(selector, rip);
    updateMode();
    return;
  }
  const level = <u32>(selector & 3);
  checkReturn(selector);
  const target = checkTarget(selector, returnDescriptor, rip);
  skip(<i64>release);
  if (level == load<u32>(CPL)) {
    const accessed = markAccessed(selector, returnDescriptor);
    commitStack();
    enterCode(selector, accessed, level, target);
    updateMode();
    return;
  }
  const stackPointer = pop(size);
  const stackSelector = <i32>pop(size) & 0xffff;
  checkReturnStack(stackSelector, level);
  enterOuter(selector, target, stackSelector, stackPointer + <i64>release);
}

/** The real and virtual-8086 end of a far return: checks, then loads CS:IP and the stack pointer. */
function returnReal(selector: i32, rip: i64): void {
  const virtual = inVirtual8086();
  const limit: u32 = virtual ? 0xffff : load<u32>(SEGMENT_CS + SEGMENT_LIMIT);
  if (<u64>rip > <u64>limit) raise(VECTOR_GP, 0);
  commitStack();
  setRealSegment(SEGMENT_CS, selector, virtual);
  store<i64>(RIP, rip);
}

/** Checks the code segment returned to, which may be of the same or an outer privilege level. */
function checkReturn(selector: i32): void {
  if (isNull(selector)) raise(VECTOR_GP, 0);
  returnDescriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(returnDescriptor);
  const level = <u32>(selector & 3);
  const dpl = attributesDpl(attributes);
  const allowed = attributes & ATTRIBUTE_CONFORMING ? dpl <= level : dpl == level;
  if (!isCode(attributes) || level < load<u32>(CPL) || !allowed) raiseSelector(VECTOR_GP, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
}

/** Checks the stack segment for privilege `level`. 64-bit code below level 3 may have a null one. */
function checkReturnStack(selector: i32, level: u32): void {
  stackDescriptor = 0;
  if (isNull(selector)) {
    const to64 = inLongMode() && (descriptorAttributes(returnDescriptor) & ATTRIBUTE_LONG) != 0;
    if (!to64 || level == 3 || <u32>(selector & 3) != level) raise(VECTOR_GP, 0);
    return;
  }
  stackDescriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(stackDescriptor);
  if (<u32>(selector & 3) != level || attributesDpl(attributes) != level || !isWritableData(attributes)) {
    raiseSelector(VECTOR_GP, selector);
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_SS, selector);
}

/** Loads the checked CS:RIP and SS:RSP, and drops segments that an outer level may not keep. */
function enterOuter(selector: i32, rip: i64, stackSelector: i32, stackPointer: i64): void {
  const old = load<u32>(CPL);
  const level = <u32>(selector & 3);
  const code = markAccessed(selector, returnDescriptor);
  if (isNull(stackSelector)) setNullStack(SEGMENT_SS, stackSelector, level);
  else setSegment(SEGMENT_SS, stackSelector, markAccessed(stackSelector, stackDescriptor));
  enterCode(selector, code, level, rip);
  updateMode();
  setStackPointer(stackPointer);
  if (level != old) {
    dropPrivilegedSegments();
    updateMode();
  }
}

/** IRET with an operand size of 16, 32 or 64 bits: also returns from nested tasks and to virtual-8086 mode. Sets RIP. */
export function interruptReturn(operandSize: i32): void {
  const size = operandSize >> 3;
  if (inVirtual8086()) returnVirtual8086(size);
  else if (!inProtectedMode()) interruptReturnReal(size);
  else if (inLongMode()) returnLong(size);
  else if (getFlags() & FLAG_NT) returnTask();
  else returnProtected(size);
  store<u32>(NMI_BLOCKED, 0);
}

function interruptReturnReal(size: i32): void {
  useCurrentStack(0);
  const rip = pop(size);
  const selector = <i32>pop(size) & 0xffff;
  const flags = <u32>pop(size);
  returnReal(selector, rip);
  setFlags(flags, RESTORED | FLAG_IF | FLAG_IOPL | (size == 2 ? 0 : RESTORED_WIDE));
  updateMode();
}

function returnVirtual8086(size: i32): void {
  const free = ioPrivilege() == 3;
  if (!free && ((load<u32>(CR4) & CR4_VME) == 0 || size != 2)) raise(VECTOR_GP, 0);
  useCurrentStack(0);
  const rip = pop(size);
  const selector = <i32>pop(size) & 0xffff;
  const flags = <u32>pop(size);
  if (!free && virtualFlagsTrap(flags)) raise(VECTOR_GP, 0);
  returnReal(selector, rip);
  if (free) {
    setFlags(flags, RESTORED | FLAG_IF | (size == 2 ? 0 : RESTORED_WIDE));
  } else {
    setFlags((flags & ~FLAG_VIF) | (flags & FLAG_IF ? FLAG_VIF : 0), RESTORED | FLAG_VIF);
  }
  updateMode();
}

function returnTask(): void {
  const base = load<i64>(SEGMENT_TR + SEGMENT_BASE);
  const link = <i32>readSystem16(base) & 0xffff;
  switchTask(link, SWITCH_RETURN, nextRip(), getFlags());
}

/** Restores FLAGS as the level that executed IRET may (SDM volume 2, IRET). */
function restoreFlags(flags: u32, size: i32, level: u32): void {
  let mask = RESTORED;
  if (size != 2) mask |= RESTORED_WIDE;
  if (level <= ioPrivilege()) mask |= FLAG_IF;
  if (level == 0) {
    mask |= FLAG_IOPL;
    if (size != 2) mask |= FLAG_VIF | FLAG_VIP;
  }
  setFlags(flags, mask);
}

function returnProtected(size: i32): void {
  const level = load<u32>(CPL);
  useCurrentStack(0);
  const rip = pop(size);
  const selector = <i32>pop(size) & 0xffff;
  const flags = <u32>pop(size);
  if (size == 4 && (flags & FLAG_VM) != 0 && level == 0) {
    enterVirtual8086(rip, selector, flags);
    return;
  }
  checkReturn(selector);
  const target = checkTarget(selector, returnDescriptor, rip);
  const newLevel = <u32>(selector & 3);
  if (newLevel == level) {
    const accessed = markAccessed(selector, returnDescriptor);
    commitStack();
    enterCode(selector, accessed, level, target);
  } else {
    const stackPointer = pop(size);
    const stackSelector = <i32>pop(size) & 0xffff;
    checkReturnStack(stackSelector, newLevel);
    enterOuter(selector, target, stackSelector, stackPointer);
  }
  restoreFlags(flags, size, level);
  updateMode();
}

/** In long mode: 64-bit mode always pops SS:RSP, compatibility mode only when it leaves the level. */
function returnLong(size: i32): void {
  if (getFlags() & FLAG_NT) raise(VECTOR_GP, 0);
  if (!inLong64()) {
    returnProtected(size);
    return;
  }
  const level = load<u32>(CPL);
  useCurrentStack(0);
  const rip = pop(size);
  const selector = <i32>pop(size) & 0xffff;
  const flags = <u32>pop(size);
  const stackPointer = pop(size);
  const stackSelector = <i32>pop(size) & 0xffff;
  checkReturn(selector);
  const target = checkTarget(selector, returnDescriptor, rip);
  checkReturnStack(stackSelector, <u32>(selector & 3));
  enterOuter(selector, target, stackSelector, stackPointer);
  restoreFlags(flags, size, level);
  updateMode();
}

/** From privilege level 0 into virtual-8086 mode (SDM volume 3A section 20.2.5). */
function enterVirtual8086(rip: i64, selector: i32, flags: u32): void {
  const stackPointer = pop(4);
  const ss = <i32>pop(4);
  const es = <i32>pop(4);
  const ds = <i32>pop(4);
  const fs = <i32>pop(4);
  const gs = <i32>pop(4);
  if (rip > 0xffff) raise(VECTOR_GP, 0);
  setRealSegment(SEGMENT_CS, selector, true);
  setRealSegment(SEGMENT_SS, ss, true);
  setRealSegment(SEGMENT_ES, es, true);
  setRealSegment(SEGMENT_DS, ds, true);
  setRealSegment(SEGMENT_FS, fs, true);
  setRealSegment(SEGMENT_GS, gs, true);
  store<i64>(RSP, stackPointer);
  store<i64>(RIP, rip);
  setFlags(flags, RESTORED | RESTORED_WIDE | FLAG_IF | FLAG_IOPL | FLAG_VIF | FLAG_VIP | FLAG_VM);
  updateMode();
}
