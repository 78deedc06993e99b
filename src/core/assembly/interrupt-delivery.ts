// Going to the handler of an exception or interrupt through the interrupt vector table or the IDT, in every mode.
// SDM volume 3A sections 6.12 (protected mode), 6.14 (64-bit mode), 20.1.4 (real mode), 20.3 (virtual-8086 mode);
// volume 2, INT n. APM volume 2 sections 8.6 to 8.9.

import {
  CPL,
  GPR,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_IDTR,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  VECTOR_GP,
  VECTOR_NP,
} from '../layout.ts';
import { readSystem32, readSystem64 } from './access.ts';
import {
  ATTRIBUTE_BIG,
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_LONG,
  ATTRIBUTE_PRESENT,
  attributesDpl,
  descriptorAttributes,
  descriptorLimit,
  fetchDescriptor,
  isCode,
  isNull,
  markAccessed,
  raiseSelector,
  selectorError,
  setNullSegment,
  setNullStack,
  setRealSegment,
  setSegment,
  systemType,
  TYPE_INTERRUPT_GATE_16,
  TYPE_INTERRUPT_GATE_32,
  TYPE_TASK_GATE,
  TYPE_TRAP_GATE_16,
  TYPE_TRAP_GATE_32,
  wrapLinear,
} from './descriptors.ts';
import { raise } from './exceptions.ts';
import { FLAG_AC, FLAG_IF, FLAG_NT, FLAG_RF, FLAG_TF, FLAG_VM, setFlags } from './flags.ts';
import { inLong64, inLongMode, inRealMode, inVirtual8086, isCanonical, updateMode } from './mode.ts';
import { alignCursor, commitStack, push, useCurrentStack, useFlatStack } from './stack-cursor.ts';
import { loadInnerStack, useInnerStack, useTaskStack64 } from './task-stack.ts';
import { SWITCH_GATE, switchTask } from './tasks.ts';

const RSP = GPR + 32;

/**
 * Goes to the handler of `vector`. `code` is the error code to push, -1 for none. `software` is true for INT n, INT3
 * and INTO, whose gate's DPL is checked. `flags` is what is pushed as (R)FLAGS, `resume` the RIP to return to. What
 * goes wrong is raised before anything but the new stack's memory has changed.
 */
export function deliverEvent(vector: i32, code: i32, software: bool, flags: u32, resume: i64): void {
  if (inRealMode()) deliverReal(vector, flags, resume);
  else if (inLongMode()) deliverLong(vector, code, software, flags, resume);
  else deliverProtected(vector, code, software, flags, resume);
}

/** The error code that names an IDT entry: bit 1 says IDT. */
function gateError(vector: i32): i32 {
  return (vector << 3) | 2 | selectorError(0);
}

/** Pushes FLAGS, CS and IP of a 16-bit frame and goes to selector:offset of the vector table at `table`. */
export function deliverReal(vector: i32, flags: u32, resume: i64): void {
  const offset = <u32>vector * 4;
  if (offset + 3 > load<u32>(SEGMENT_IDTR + SEGMENT_LIMIT)) raise(VECTOR_GP, gateError(vector));
  const entry = <u32>readSystem32(wrapLinear(load<i64>(SEGMENT_IDTR + SEGMENT_BASE) + <i64>offset));
  enterReal(entry, flags, resume);
  setFlags(0, FLAG_IF | FLAG_TF | FLAG_RF | FLAG_AC);
  updateMode();
}

/** The common part of real-mode and virtual-8086 delivery: `entry` is IP in the low, CS in the high half. */
export function enterReal(entry: u32, flags: u32, resume: i64): void {
  useCurrentStack(selectorError(0));
  push(<i64>flags, 2);
  push(<i64>load<u32>(SEGMENT_CS + SEGMENT_SELECTOR), 2);
  push(resume, 2);
  commitStack();
  setRealSegment(SEGMENT_CS, entry >> 16, inVirtual8086());
  store<i64>(RIP, <i64>(entry & 0xffff));
}

let handlerDescriptor: u64 = 0;
let handlerLevel: u32 = 0;

/** Checks the code segment a gate names, and finds the privilege level the handler runs at. */
function checkHandler(selector: i32): void {
  if (isNull(selector)) raiseSelector(VECTOR_GP, 0);
  handlerDescriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(handlerDescriptor);
  const level = load<u32>(CPL);
  const dpl = attributesDpl(attributes);
  if (!isCode(attributes) || dpl > level) raiseSelector(VECTOR_GP, selector);
  if (inLongMode() && (attributes & (ATTRIBUTE_LONG | ATTRIBUTE_BIG)) != ATTRIBUTE_LONG)
    raiseSelector(VECTOR_GP, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  handlerLevel = attributes & ATTRIBUTE_CONFORMING ? level : dpl;
  // Virtual-8086 mode is left for privilege level 0 only.
  if (inVirtual8086() && handlerLevel != 0) raiseSelector(VECTOR_GP, selector);
}

/** Makes the checked code segment current, at the handler's level. */
function enterHandler(selector: i32, offset: i64): void {
  setSegment(SEGMENT_CS, (selector & 0xfffc) | handlerLevel, handlerDescriptor);
  store<u32>(CPL, handlerLevel);
  store<i64>(RIP, offset);
}

function deliverProtected(vector: i32, code: i32, software: bool, flags: u32, resume: i64): void {
  const entry = <u32>vector * 8;
  if (entry + 7 > load<u32>(SEGMENT_IDTR + SEGMENT_LIMIT)) raise(VECTOR_GP, gateError(vector));
  const gate = <u64>readSystem64(wrapLinear(load<i64>(SEGMENT_IDTR + SEGMENT_BASE) + <i64>entry));
  const attributes = descriptorAttributes(gate);
  const type = <u32>systemType(attributes);
  const isTask = type == TYPE_TASK_GATE;
  const isWide = type == TYPE_INTERRUPT_GATE_32 || type == TYPE_TRAP_GATE_32;
  if (!isTask && !isWide && type != TYPE_INTERRUPT_GATE_16 && type != TYPE_TRAP_GATE_16)
    raise(VECTOR_GP, gateError(vector));
  if (software && attributesDpl(attributes) < load<u32>(CPL)) raise(VECTOR_GP, gateError(vector));
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raise(VECTOR_NP, gateError(vector));
  const selector = <i32>(gate >> 16) & 0xffff;
  if (isTask) {
    const size = switchTask(selector, SWITCH_GATE, resume, flags);
    if (code >= 0) {
      useCurrentStack(selectorError(0));
      push(<i64>code, size);
      commitStack();
    }
    return;
  }
  const offset = <u32>(gate & 0xffff) | (isWide ? <u32>(gate >> 32) & 0xffff0000 : 0);
  const size = isWide ? 4 : 2;
  checkHandler(selector);
  const virtual = inVirtual8086();
  const isInner = handlerLevel != load<u32>(CPL);
  if (isInner) useInnerStack(handlerLevel);
  else useCurrentStack(selectorError(0));
  if (offset > descriptorLimit(handlerDescriptor)) raise(VECTOR_GP, selectorError(0));
  if (virtual) {
    push(<i64>load<u32>(SEGMENT_GS + SEGMENT_SELECTOR), size);
    push(<i64>load<u32>(SEGMENT_FS + SEGMENT_SELECTOR), size);
    push(<i64>load<u32>(SEGMENT_DS + SEGMENT_SELECTOR), size);
    push(<i64>load<u32>(SEGMENT_ES + SEGMENT_SELECTOR), size);
  }
  if (isInner) {
    push(<i64>load<u32>(SEGMENT_SS + SEGMENT_SELECTOR), size);
    push(load<i64>(RSP), size);
  }
  push(<i64>flags, size);
  push(<i64>load<u32>(SEGMENT_CS + SEGMENT_SELECTOR), size);
  push(resume, size);
  if (code >= 0) push(<i64>code, size);
  handlerDescriptor = markAccessed(selector, handlerDescriptor);
  if (isInner) loadInnerStack();
  if (virtual) {
    setNullSegment(SEGMENT_GS, 0);
    setNullSegment(SEGMENT_FS, 0);
    setNullSegment(SEGMENT_DS, 0);
    setNullSegment(SEGMENT_ES, 0);
  }
  enterHandler(selector, <i64>offset);
  commitStack();
  const isInterrupt = (type & 1) == 0;
  setFlags(0, FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM | (isInterrupt ? FLAG_IF : 0));
  updateMode();
}

function deliverLong(vector: i32, code: i32, software: bool, flags: u32, resume: i64): void {
  const entry = <u32>vector * 16;
  if (entry + 15 > load<u32>(SEGMENT_IDTR + SEGMENT_LIMIT)) raise(VECTOR_GP, gateError(vector));
  const address = load<i64>(SEGMENT_IDTR + SEGMENT_BASE) + <i64>entry;
  const gate = <u64>readSystem64(address);
  const attributes = descriptorAttributes(gate);
  const type = <u32>systemType(attributes);
  if (type != TYPE_INTERRUPT_GATE_32 && type != TYPE_TRAP_GATE_32) raise(VECTOR_GP, gateError(vector));
  if (software && attributesDpl(attributes) < load<u32>(CPL)) raise(VECTOR_GP, gateError(vector));
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raise(VECTOR_NP, gateError(vector));
  const high = <u64>(<u32>readSystem32(address + 8));
  const offset = <i64>((gate & 0xffff) | ((gate >> 32) & 0xffff0000) | (high << 32));
  const selector = <i32>(gate >> 16) & 0xffff;
  checkHandler(selector);
  const stackTable = <u32>(gate >> 32) & 7;
  const isInner = handlerLevel != load<u32>(CPL);
  let stackPointer = load<i64>(RSP);
  if (!inLong64()) stackPointer &= 0xffffffff;
  if (stackTable != 0) useTaskStack64(36 + (stackTable - 1) * 8);
  else if (isInner) useTaskStack64(4 + handlerLevel * 8);
  else useFlatStack(stackPointer, handlerLevel == 3, selectorError(0));
  if (!isCanonical(offset)) raise(VECTOR_GP, selectorError(0));
  alignAndPush(stackPointer, flags, resume);
  if (code >= 0) push(<i64>code, 8);
  handlerDescriptor = markAccessed(selector, handlerDescriptor);
  if (isInner) setNullStack(SEGMENT_SS, handlerLevel, handlerLevel);
  enterHandler(selector, offset);
  commitStack();
  setFlags(0, FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM | (type == TYPE_INTERRUPT_GATE_32 ? FLAG_IF : 0));
  updateMode();
}

/** The five words every 64-bit interrupt frame has, on a stack pointer aligned to 16 bytes (SDM volume 3A section 6.14.2). */
function alignAndPush(stackPointer: i64, flags: u32, resume: i64): void {
  alignCursor();
  push(<i64>load<u32>(SEGMENT_SS + SEGMENT_SELECTOR), 8);
  push(stackPointer, 8);
  push(<i64>flags, 8);
  push(<i64>load<u32>(SEGMENT_CS + SEGMENT_SELECTOR), 8);
  push(resume, 8);
}
