// Far JMP and CALL: to code segments, through call gates, to tasks. SDM volume 2 JMP and CALL; volume 3A section 5.8;
// APM volume 2 sections 4.11 and 12.3. Far RET and IRET are in far-returns.ts.

import {
  CPL,
  GPR,
  RIP,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  VECTOR_GP,
  VECTOR_NP,
} from '../layout.ts';
import { readSystem64 } from './access.ts';
import {
  ATTRIBUTE_BIG,
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_LONG,
  ATTRIBUTE_PRESENT,
  attributesDpl,
  descriptorAttributes,
  descriptorLimit,
  fetchDescriptor,
  findDescriptor,
  isCode,
  isNull,
  markAccessed,
  raiseSelector,
  setNullStack,
  setRealSegment,
  setSegment,
  systemType,
  TYPE_CALL_GATE_16,
  TYPE_CALL_GATE_32,
  TYPE_TASK_GATE,
  TYPE_TSS_16,
  TYPE_TSS_32,
} from './descriptors.ts';
import { nextRip, raise } from './exceptions.ts';
import { getFlags } from './flags.ts';
import { inLong64, inLongMode, inProtectedMode, inVirtual8086, isCanonical, updateMode } from './mode.ts';
import { commitStack, peek, push, useCurrentStack, useFlatStack } from './stack-cursor.ts';
import { loadInnerStack, useInnerStack, useTaskStack64 } from './task-stack.ts';
import { SWITCH_CALL, SWITCH_JUMP, switchTask } from './tasks.ts';

const RSP = GPR + 32;

/** Far JMP to selector:offset. `operandSize` is 16, 32 or 64 bits; the offset is zero-extended from it. Sets RIP. */
export function farJump(selector: i32, offset: i64, operandSize: i32): void {
  transfer(selector & 0xffff, offset, operandSize >> 3, false);
}

/** Far CALL to selector:offset. `operandSize` is 16, 32 or 64 bits; the offset is zero-extended from it. Sets RIP. */
export function farCall(selector: i32, offset: i64, operandSize: i32): void {
  transfer(selector & 0xffff, offset, operandSize >> 3, true);
}

function transfer(selector: i32, offset: i64, size: i32, isCall: bool): void {
  if (!inProtectedMode()) {
    transferReal(selector, offset, size, isCall);
    return;
  }
  if (isNull(selector)) raise(VECTOR_GP, 0);
  const descriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(descriptor);
  if (isCode(attributes)) {
    transferDirect(selector, descriptor, offset, size, isCall);
    return;
  }
  const type = systemType(attributes);
  const long = inLongMode();
  const isGate = type == <i32>TYPE_CALL_GATE_32 || (type == <i32>TYPE_CALL_GATE_16 && !long);
  const isTask = (type == <i32>TYPE_TSS_16 || type == <i32>TYPE_TSS_32 || type == <i32>TYPE_TASK_GATE) && !long;
  if (!isGate && !isTask) raiseSelector(VECTOR_GP, selector);
  const dpl = attributesDpl(attributes);
  if (dpl < load<u32>(CPL) || dpl < <u32>(selector & 3)) raiseSelector(VECTOR_GP, selector);
  if (isGate) {
    transferGate(selector, descriptor, isCall);
    return;
  }
  const cause = isCall ? SWITCH_CALL : SWITCH_JUMP;
  if (type == <i32>TYPE_TASK_GATE) {
    if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
    switchTask(<i32>(descriptor >> 16) & 0xffff, cause, nextRip(), getFlags());
  } else {
    switchTask(selector, cause, nextRip(), getFlags());
  }
}

function transferReal(selector: i32, offset: i64, size: i32, isCall: bool): void {
  const limit: u32 = inVirtual8086() ? 0xffff : load<u32>(SEGMENT_CS + SEGMENT_LIMIT);
  if (<u64>offset > <u64>limit) raise(VECTOR_GP, 0);
  if (isCall) {
    useCurrentStack(0);
    push(<i64>load<u32>(SEGMENT_CS + SEGMENT_SELECTOR), size);
    push(nextRip(), size);
    commitStack();
  }
  setRealSegment(SEGMENT_CS, selector, inVirtual8086());
  store<i64>(RIP, offset);
  updateMode();
}

/**
 * Raises what a code segment's own limits forbid: #GP(selector) for L and D both set in long mode, #GP(0) for an offset
 * outside the segment or not canonical. Returns the offset cut to the segment's width.
 */
export function checkTarget(selector: i32, descriptor: u64, offset: i64): i64 {
  const attributes = descriptorAttributes(descriptor);
  if (inLongMode() && (attributes & ATTRIBUTE_LONG) != 0) {
    if (attributes & ATTRIBUTE_BIG) raiseSelector(VECTOR_GP, selector);
    if (!isCanonical(offset)) raise(VECTOR_GP, 0);
    return offset;
  }
  const short = offset & 0xffffffff;
  if (short > <i64>descriptorLimit(descriptor)) raise(VECTOR_GP, 0);
  return short;
}

/** Makes a checked code segment current at privilege `level`, with its RPL. */
export function enterCode(selector: i32, descriptor: u64, level: u32, rip: i64): void {
  setSegment(SEGMENT_CS, (selector & 0xfffc) | level, descriptor);
  store<u32>(CPL, level);
  store<i64>(RIP, rip);
}

function transferDirect(selector: i32, descriptor: u64, offset: i64, size: i32, isCall: bool): void {
  const attributes = descriptorAttributes(descriptor);
  const level = load<u32>(CPL);
  const dpl = attributesDpl(attributes);
  if (attributes & ATTRIBUTE_CONFORMING) {
    if (dpl > level) raiseSelector(VECTOR_GP, selector);
  } else if (<u32>(selector & 3) > level || dpl != level) {
    raiseSelector(VECTOR_GP, selector);
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  const target = checkTarget(selector, descriptor, offset);
  if (isCall) {
    useCurrentStack(0);
    push(<i64>load<u32>(SEGMENT_CS + SEGMENT_SELECTOR), size);
    push(nextRip(), size);
  }
  const accessed = markAccessed(selector, descriptor);
  if (isCall) commitStack();
  enterCode(selector, accessed, level, target);
  updateMode();
}

const parameters = memory.data(31 * 8, 8);

/** Through a call gate, whose privilege has been checked. */
function transferGate(gateSelector: i32, gate: u64, isCall: bool): void {
  const long = inLongMode();
  const gateAttributes = descriptorAttributes(gate);
  if ((gateAttributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, gateSelector);
  const isWide = (gateAttributes & 0x800) != 0;
  let offset = <i64>((gate & 0xffff) | (isWide ? (gate >> 32) & 0xffff0000 : 0));
  if (long) {
    const address = findDescriptor(gateSelector, 16);
    if (address == -1) raiseSelector(VECTOR_GP, gateSelector);
    const upper = <u64>readSystem64(address + 8);
    if (upper & 0x1f0000000000) raiseSelector(VECTOR_GP, gateSelector);
    offset |= <i64>(upper << 32);
  }
  const selector = <i32>(gate >> 16) & 0xffff;
  if (isNull(selector)) raise(VECTOR_GP, 0);
  const descriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(descriptor);
  const level = load<u32>(CPL);
  const dpl = attributesDpl(attributes);
  const conforming = (attributes & ATTRIBUTE_CONFORMING) != 0;
  if (!isCode(attributes) || dpl > level) raiseSelector(VECTOR_GP, selector);
  if (!isCall && !conforming && dpl != level) raiseSelector(VECTOR_GP, selector);
  if (long && (attributes & (ATTRIBUTE_LONG | ATTRIBUTE_BIG)) != ATTRIBUTE_LONG) raiseSelector(VECTOR_GP, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  const isInner = isCall && !conforming && dpl < level;
  const newLevel = isInner ? dpl : level;
  const size = long ? 8 : isWide ? 4 : 2;
  if (isCall) {
    if (long) pushLongFrame(isInner, dpl);
    else pushGateFrame(isInner, dpl, size, <i32>(gate >> 32) & 31);
  }
  const target = checkTarget(selector, descriptor, offset);
  const accessed = markAccessed(selector, descriptor);
  if (isInner && long) setNullStack(SEGMENT_SS, dpl, dpl);
  else if (isInner) loadInnerStack();
  enterCode(selector, accessed, newLevel, target);
  updateMode();
  if (isCall) commitStack();
}

/** Pushes what a 64-bit call gate pushes: to an inner level the old stack pointer, and the return address. No parameters. */
function pushLongFrame(isInner: bool, level: u32): void {
  const stackPointer = inLong64() ? load<i64>(RSP) : load<i64>(RSP) & 0xffffffff;
  if (isInner) {
    useTaskStack64(4 + level * 8);
    push(<i64>load<u32>(SEGMENT_SS + SEGMENT_SELECTOR), 8);
    push(stackPointer, 8);
  } else {
    useFlatStack(stackPointer, load<u32>(CPL) == 3, 0);
  }
  push(<i64>load<u32>(SEGMENT_CS + SEGMENT_SELECTOR), 8);
  push(nextRip(), 8);
}

/** Pushes what a 16- or 32-bit call gate pushes: to an inner level the old stack pointer and `count` parameters copied. */
function pushGateFrame(isInner: bool, level: u32, size: i32, count: i32): void {
  useCurrentStack(0);
  if (isInner) {
    for (let i = 0; i < count; i++) store<i64>(parameters + i * 8, peek(<i64>(i * size), size));
    useInnerStack(level);
    push(<i64>load<u32>(SEGMENT_SS + SEGMENT_SELECTOR), size);
    push(load<i64>(RSP), size);
    for (let i = count - 1; i >= 0; i--) push(load<i64>(parameters + i * 8), size);
  }
  push(<i64>load<u32>(SEGMENT_CS + SEGMENT_SELECTOR), size);
  push(nextRip(), size);
}
