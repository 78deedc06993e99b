// Loading segment registers, LDTR and TR. SDM volume 2 MOV, LLDT, LTR; volume 3A sections 3.4, 5.6 and 5.7;
// APM volume 2 sections 4.5 to 4.8.

import {
  CPL,
  INTERRUPT_SHADOW,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_ES,
  SEGMENT_LDTR,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SEGMENT_TR,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_SS,
  VECTOR_UD,
} from '../layout.ts';
import { readSystem64 } from './access.ts';
import {
  ATTRIBUTE_CODE,
  ATTRIBUTE_CONFORMING,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_S,
  ATTRIBUTE_WRITABLE,
  attributesDpl,
  descriptorAttributes,
  fetchDescriptor,
  findDescriptor,
  isNull,
  isWritableData,
  markAccessed,
  raiseSelector,
  setBusy,
  setNullSegment,
  setNullStack,
  setRealSegment,
  setSegment,
  systemType,
  TYPE_LDT,
  TYPE_TSS_16,
  TYPE_TSS_32,
} from './descriptors.ts';
import { raise } from './exceptions.ts';
import { inLong64, inLongMode, inProtectedMode, inVirtual8086, isCanonical, updateMode } from './mode.ts';
import { SHADOW_STACK } from './system-state.ts';

/** Address of segment register `number` (ES CS SS DS FS GS). */
function segmentAddress(number: i32): i32 {
  return SEGMENT_ES + number * 32;
}

/** True when a selector's descriptor allows loading it into DS, ES, FS or GS at `level`: data or readable code, privileged enough. */
export function isLoadableData(attributes: u32, selector: i32, level: u32): bool {
  if ((attributes & ATTRIBUTE_S) == 0) return false;
  if (attributes & ATTRIBUTE_CODE) {
    if ((attributes & ATTRIBUTE_WRITABLE) == 0) return false;
    if (attributes & ATTRIBUTE_CONFORMING) return true;
  }
  const dpl = attributesDpl(attributes);
  return <u32>(selector & 3) <= dpl && level <= dpl;
}

/**
 * Loads segment register `number` (0 ES, 2 SS, 3 DS, 4 FS, 5 GS) as MOV, POP and the far pointer loads do. CS (1) is
 * #UD. Leaves the interrupt shadow of MOV SS and POP SS behind when SS is loaded.
 */
export function loadSegment(number: i32, selector: i32): void {
  if (number == 1 || number > 5) raise(VECTOR_UD, -1);
  const segment = segmentAddress(number);
  if (!inProtectedMode()) setRealSegment(segment, selector, inVirtual8086());
  else if (number == 2) loadStackSegment(selector);
  else loadDataSegment(segment, selector);
  if (number == 2) store<u32>(INTERRUPT_SHADOW, SHADOW_STACK);
  updateMode();
}

function loadStackSegment(selector: i32): void {
  const level = load<u32>(CPL);
  if (isNull(selector)) {
    // 64-bit mode needs no stack segment below privilege level 3 (SDM volume 3A section 5.4.1.1).
    if (!inLong64() || level == 3 || <u32>(selector & 3) != level) raise(VECTOR_GP, 0);
    setNullStack(SEGMENT_SS, selector, level);
    return;
  }
  const descriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(descriptor);
  if (<u32>(selector & 3) != level || attributesDpl(attributes) != level || !isWritableData(attributes)) {
    raiseSelector(VECTOR_GP, selector);
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_SS, selector);
  setSegment(SEGMENT_SS, selector, markAccessed(selector, descriptor));
}

function loadDataSegment(segment: i32, selector: i32): void {
  if (isNull(selector)) {
    setNullSegment(segment, selector);
    return;
  }
  const descriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(descriptor);
  if (!isLoadableData(attributes, selector, load<u32>(CPL))) raiseSelector(VECTOR_GP, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  setSegment(segment, selector, markAccessed(selector, descriptor));
}

/** After a return to an outer level: segments too privileged for it become null (SDM volume 2, RET and IRET). */
export function dropPrivilegedSegments(): void {
  const level = load<u32>(CPL);
  for (let number = 0; number < 6; number++) {
    if (number == 1 || number == 2) continue;
    const segment = segmentAddress(number);
    const attributes = load<u32>(segment + SEGMENT_ATTRIBUTES);
    const conforming =
      (attributes & (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING)) == (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING);
    if (!conforming && attributesDpl(attributes) < level) setNullSegment(segment, 0);
  }
}

/** The selector in segment register `number`, for MOV from a segment register and PUSH. */
export function readSelector(number: i32): i32 {
  return load<u16>(segmentAddress(number) + SEGMENT_SELECTOR);
}

/** Loads LDTR or TR from a descriptor of 8 bytes, 16 in long mode. `selector` is known to be in the GDT's reach. */
function loadSystemSegment(segment: i32, selector: i32, descriptor: u64, address: i64): void {
  let high: i64 = 0;
  if (inLongMode()) {
    if (findDescriptor(selector, 16) == -1) raiseSelector(VECTOR_GP, selector);
    const upper = <u64>readSystem64(address + 8);
    // The upper half's own type field must be zero (SDM volume 3A figure 8-4).
    if (upper & 0x1f0000000000) raiseSelector(VECTOR_GP, selector);
    high = <i64>(upper << 32);
  }
  const base = high | <i64>(((descriptor >> 16) & 0xffffff) | ((descriptor >> 32) & 0xff000000));
  if (!isCanonical(base)) raiseSelector(VECTOR_GP, selector);
  if (segment == SEGMENT_TR) setBusy(address, true);
  setSegment(segment, selector, descriptor);
  store<i64>(segment + SEGMENT_BASE, base);
}

/** #UD outside of protected mode, #GP(0) above privilege level 0: what LLDT, LTR and the like have in common. */
function requireSupervisor(): void {
  if (!inProtectedMode()) raise(VECTOR_UD, -1);
  if (load<u32>(CPL) != 0) raise(VECTOR_GP, 0);
}

/** LLDT. */
export function lldt(selector: i32): void {
  requireSupervisor();
  if (isNull(selector)) {
    setNullSegment(SEGMENT_LDTR, selector);
    return;
  }
  if (selector & 4) raiseSelector(VECTOR_GP, selector);
  const descriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(descriptor);
  if (systemType(attributes) != <i32>TYPE_LDT) raiseSelector(VECTOR_GP, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  loadSystemSegment(SEGMENT_LDTR, selector, descriptor, findDescriptor(selector, 8));
}

/** LTR: the descriptor must be an available TSS and becomes busy. */
export function ltr(selector: i32): void {
  requireSupervisor();
  if (isNull(selector)) raise(VECTOR_GP, 0);
  if (selector & 4) raiseSelector(VECTOR_GP, selector);
  const descriptor = fetchDescriptor(selector, VECTOR_GP);
  const attributes = descriptorAttributes(descriptor);
  const type = systemType(attributes);
  if (type != <i32>TYPE_TSS_32 && (type != <i32>TYPE_TSS_16 || inLongMode())) raiseSelector(VECTOR_GP, selector);
  if ((attributes & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_NP, selector);
  // The cached type is that of a busy TSS, as VMX and SVM state show it.
  const busy = descriptor | ((<u64>0x200) << 32);
  loadSystemSegment(SEGMENT_TR, selector, busy, findDescriptor(selector, 8));
}
