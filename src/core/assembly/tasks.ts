// Switching tasks through a 16- or 32-bit TSS. SDM volume 3A sections 8.2, 8.3 and 8.4; volume 2 JMP, CALL, IRET.
// Long mode has no task switches.

import {
  CPL,
  CR0,
  DELIVERING,
  DR0,
  GPR,
  RIP,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_BASE,
  SEGMENT_ATTRIBUTES,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SEGMENT_TR,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_SS,
  VECTOR_TS,
} from '../layout.ts';
import { readSystem16, readSystem32, writeSystem16, writeSystem32 } from './access.ts';
import { loadTaskCr3 } from './control-registers.ts';
import { DR6_BT } from './debug-events.ts';
import {
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_PRESENT,
  attributesDpl,
  descriptorAttributes,
  descriptorBase,
  descriptorLimit,
  fetchDescriptor,
  findDescriptor,
  isCode,
  isNull,
  isWritableData,
  markAccessed,
  raiseSelector,
  selectorError,
  setBusy,
  setNullSegment,
  setRealSegment,
  setSegment,
  systemType,
  TYPE_BUSY,
  TYPE_LDT,
  TYPE_TSS_16,
  TYPE_TSS_32,
  wrapLinear,
} from './descriptors.ts';
import { raise } from './exceptions.ts';
import { FLAG_NT, FLAG_VM, FLAGS_ALL, setFlags } from './flags.ts';
import { CR0_TS, updateMode } from './mode.ts';
import { isLoadableData } from './segments.ts';
import { PENDING_DEBUG } from './system-state.ts';

/** What causes a task switch: JMP, CALL, a task gate in the IDT, IRET with NT set. */
export const SWITCH_JUMP: i32 = 0;
export const SWITCH_CALL: i32 = 1;
export const SWITCH_GATE: i32 = 2;
export const SWITCH_RETURN: i32 = 3;

/** In DELIVERING after the switch is committed: faults belong to the new task, whose RIP is valid already. */
const DELIVERING_IN_NEW_TASK: i32 = 0x200;

const DR7 = DR0 + 56;

// The incoming task's state, read whole before anything changes.
let newCr3: u32 = 0;
let newIp: u32 = 0;
let newFlags: u32 = 0;
let newLdt: i32 = 0;
let newTrap: u32 = 0;
const newGeneral = memory.data(32, 4);
const newSelectors = memory.data(24, 4);

/** Linear address of a field of the TSS at `base`. */
function field(base: i64, offset: u32): i64 {
  return wrapLinear(base + <i64>offset);
}

function read16At(base: i64, offset: u32): u32 {
  return <u32>readSystem16(field(base, offset)) & 0xffff;
}

function read32At(base: i64, offset: u32): u32 {
  return <u32>readSystem32(field(base, offset));
}

/** Checks the selector a task switch names and returns its descriptor. */
function checkTask(selector: i32, cause: i32): u64 {
  const isReturn = cause == SWITCH_RETURN;
  const vector = isReturn ? VECTOR_TS : VECTOR_GP;
  if (isNull(selector) || (selector & 4) != 0) raiseSelector(vector, selector);
  const descriptor = fetchDescriptor(selector, vector);
  const attributes = descriptorAttributes(descriptor);
  const type = systemType(attributes);
  const wanted: u32 = isReturn ? TYPE_BUSY : 0;
  if (type != <i32>(TYPE_TSS_32 | wanted) && type != <i32>(TYPE_TSS_16 | wanted)) raiseSelector(vector, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  const least: u32 = attributes & 0x800 ? 0x67 : 0x2b;
  if (descriptorLimit(descriptor) < least) raiseSelector(VECTOR_TS, selector);
  return descriptor;
}

/** Reads the incoming task's state from its TSS. */
function readTask(base: i64, wide: bool): void {
  if (wide) {
    newCr3 = read32At(base, 0x1c);
    newIp = read32At(base, 0x20);
    newFlags = read32At(base, 0x24);
    for (let i: u32 = 0; i < 8; i++) store<u32>(newGeneral + i * 4, read32At(base, 0x28 + i * 4));
    for (let i: u32 = 0; i < 6; i++) store<u32>(newSelectors + i * 4, read16At(base, 0x48 + i * 4));
    newLdt = read16At(base, 0x60);
    newTrap = read16At(base, 0x64) & 1;
    return;
  }
  newIp = read16At(base, 0x0e);
  newFlags = read16At(base, 0x10);
  for (let i: u32 = 0; i < 8; i++) store<u32>(newGeneral + i * 4, read16At(base, 0x12 + i * 2) | 0xffff0000);
  for (let i: u32 = 0; i < 4; i++) store<u32>(newSelectors + i * 4, read16At(base, 0x22 + i * 2));
  store<u64>(newSelectors + 16, 0);
  newLdt = read16At(base, 0x2a);
  newTrap = 0;
}

/** Saves the outgoing task in its TSS. */
function saveTask(resume: i64, flags: u32): void {
  const base = load<i64>(SEGMENT_TR + SEGMENT_BASE);
  if (load<u32>(SEGMENT_TR + SEGMENT_ATTRIBUTES) & 0x800) {
    writeSystem32(field(base, 0x20), <u32>resume);
    writeSystem32(field(base, 0x24), flags);
    for (let i: u32 = 0; i < 8; i++) writeSystem32(field(base, 0x28 + i * 4), load<u32>(GPR + i * 8));
    for (let i: u32 = 0; i < 6; i++) {
      writeSystem16(field(base, 0x48 + i * 4), load<u32>(SEGMENT_ES + i * 32 + SEGMENT_SELECTOR));
    }
    return;
  }
  writeSystem16(field(base, 0x0e), <u32>resume);
  writeSystem16(field(base, 0x10), flags);
  for (let i: u32 = 0; i < 8; i++) writeSystem16(field(base, 0x12 + i * 2), load<u32>(GPR + i * 8));
  for (let i: u32 = 0; i < 4; i++) {
    writeSystem16(field(base, 0x22 + i * 2), load<u32>(SEGMENT_ES + i * 32 + SEGMENT_SELECTOR));
  }
}

/**
 * Switches to the task of TSS `selector`. `resume` and `flags` are saved as the outgoing task's EIP and EFLAGS. Returns
 * the size in bytes (4 or 2) in which an error code is pushed on the new task's stack. Faults of the checks before the
 * switch are raised in the old task, later ones in the new task.
 */
export function switchTask(selector: i32, cause: i32, resume: i64, flags: u32): i32 {
  const descriptor = checkTask(selector, cause);
  const isWide = (descriptorAttributes(descriptor) & 0x800) != 0;
  const isNested = cause == SWITCH_CALL || cause == SWITCH_GATE;
  const base = descriptorBase(descriptor);
  const oldSelector = load<u32>(SEGMENT_TR + SEGMENT_SELECTOR);
  const address = findDescriptor(selector, 8);
  const oldAddress = findDescriptor(oldSelector, 8);
  readTask(base, isWide);
  saveTask(resume, cause == SWITCH_RETURN ? flags & ~FLAG_NT : flags);
  if (isNested) {
    writeSystem16(base, oldSelector);
    newFlags |= FLAG_NT;
  }
  // A task that jumps to itself is not possible (it is busy), so the two descriptors differ.
  if (cause != SWITCH_RETURN) setBusy(address, true);
  if (!isNested && oldAddress != -1) setBusy(oldAddress, false);
  commitTask(selector, descriptor | ((<u64>0x200) << 32), isWide);
  return isWide ? 4 : 2;
}

/** From here on the new task runs: registers first, then the segments with their checks. */
function commitTask(selector: i32, descriptor: u64, isWide: bool): void {
  setSegment(SEGMENT_TR, selector, descriptor);
  store<u32>(CR0, load<u32>(CR0) | CR0_TS);
  store<u32>(DR7, load<u32>(DR7) & ~0x155);
  store<i64>(RIP, <i64>newIp);
  for (let i = 0; i < 8; i++) store<i64>(GPR + i * 8, <i64>load<u32>(newGeneral + i * 4));
  for (let i = 0; i < 6; i++) setNullSegment(SEGMENT_ES + i * 32, load<i32>(newSelectors + i * 4));
  setNullSegment(SEGMENT_LDTR, newLdt);
  const delivering = load<i32>(DELIVERING);
  if (delivering < 0) store<i32>(DELIVERING, DELIVERING_IN_NEW_TASK);
  const virtual = isWide && (newFlags & FLAG_VM) != 0;
  const selectorCs = load<i32>(newSelectors + 4);
  setFlags(newFlags, isWide ? FLAGS_ALL : 0x7fd5);
  store<u32>(CPL, virtual ? 3 : selectorCs & 3);
  updateMode();
  if (isWide) loadTaskCr3(newCr3);
  loadTaskLdt();
  if (virtual) {
    for (let i = 0; i < 6; i++) setRealSegment(SEGMENT_ES + i * 32, load<i32>(newSelectors + i * 4), true);
  } else {
    loadTaskCode(selectorCs);
    loadTaskStack(load<i32>(newSelectors + 8));
    loadTaskData(SEGMENT_ES, load<i32>(newSelectors));
    loadTaskData(SEGMENT_DS, load<i32>(newSelectors + 12));
    loadTaskData(SEGMENT_FS, load<i32>(newSelectors + 16));
    loadTaskData(SEGMENT_GS, load<i32>(newSelectors + 20));
  }
  updateMode();
  if (newIp > load<u32>(SEGMENT_CS + SEGMENT_LIMIT)) raise(VECTOR_GP, selectorError(0));
  if (newTrap) store<u32>(PENDING_DEBUG, load<u32>(PENDING_DEBUG) | DR6_BT);
  if (delivering < 0) store<i32>(DELIVERING, -1);
}

function loadTaskLdt(): void {
  if (isNull(newLdt)) return;
  if (newLdt & 4) raiseSelector(VECTOR_TS, newLdt);
  const descriptor = fetchDescriptor(newLdt, VECTOR_TS);
  const attributes = descriptorAttributes(descriptor);
  if (systemType(attributes) != <i32>TYPE_LDT || (attributes & ATTRIBUTE_PRESENT) == 0)
    raiseSelector(VECTOR_TS, newLdt);
  setSegment(SEGMENT_LDTR, newLdt, descriptor);
}

function loadTaskCode(selector: i32): void {
  if (isNull(selector)) raiseSelector(VECTOR_TS, selector);
  const descriptor = fetchDescriptor(selector, VECTOR_TS);
  const attributes = descriptorAttributes(descriptor);
  const dpl = attributesDpl(attributes);
  const level = <u32>(selector & 3);
  const allowed = attributes & ATTRIBUTE_CONFORMING ? dpl <= level : dpl == level;
  if (!isCode(attributes) || !allowed) raiseSelector(VECTOR_TS, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  setSegment(SEGMENT_CS, selector, markAccessed(selector, descriptor));
}

function loadTaskStack(selector: i32): void {
  if (isNull(selector)) raiseSelector(VECTOR_TS, selector);
  const descriptor = fetchDescriptor(selector, VECTOR_TS);
  const attributes = descriptorAttributes(descriptor);
  const level = load<u32>(CPL);
  if (<u32>(selector & 3) != level || attributesDpl(attributes) != level || !isWritableData(attributes)) {
    raiseSelector(VECTOR_TS, selector);
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_SS, selector);
  setSegment(SEGMENT_SS, selector, markAccessed(selector, descriptor));
}

function loadTaskData(segment: i32, selector: i32): void {
  if (isNull(selector)) return;
  const descriptor = fetchDescriptor(selector, VECTOR_TS);
  const attributes = descriptorAttributes(descriptor);
  if (!isLoadableData(attributes, selector, load<u32>(CPL))) raiseSelector(VECTOR_TS, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  setSegment(segment, selector, markAccessed(selector, descriptor));
}
