// The stacks that the current TSS holds for the inner privilege levels (SDM volume 3A section 8.2, volume 3A section
// 8.7 for 64-bit mode; APM volume 2 section 12.2).

import {
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SEGMENT_TR,
  VECTOR_SS,
  VECTOR_TS,
} from '../layout.ts';
import { readSystem16, readSystem32, readSystem64 } from './access.ts';
import {
  ATTRIBUTE_PRESENT,
  attributesDpl,
  descriptorAttributes,
  descriptorBase,
  descriptorLimit,
  fetchDescriptor,
  isNull,
  isWritableData,
  markAccessed,
  raiseSelector,
  selectorError,
  setSegment,
  wrapLinear,
} from './descriptors.ts';
import { raise } from './exceptions.ts';
import { isCanonical } from './mode.ts';
import { useFlatStack, useStack } from './stack-cursor.ts';

let innerSelector: i32 = 0;
let innerDescriptor: u64 = 0;

/**
 * Takes SS:(E)SP of privilege `level` (0…2) from the running 16- or 32-bit TSS, checks it with every fault of the
 * manual, and puts the stack cursor there. `loadInnerStack` makes it current.
 */
export function useInnerStack(level: u32): void {
  const tr = SEGMENT_TR;
  const attributes = load<u32>(tr + SEGMENT_ATTRIBUTES);
  const wide = (attributes & 0x800) != 0;
  const offset: u32 = wide ? level * 8 + 4 : level * 4 + 2;
  const last: u32 = offset + (wide ? 5 : 3);
  const taskSelector = load<i32>(tr + SEGMENT_SELECTOR);
  if (last > load<u32>(tr + SEGMENT_LIMIT)) raiseSelector(VECTOR_TS, taskSelector);
  const address = wrapLinear(load<i64>(tr + SEGMENT_BASE) + <i64>offset);
  const stackPointer: i64 = wide ? <i64>(<u32>readSystem32(address)) : <i64>(<u32>readSystem16(address) & 0xffff);
  const selector = <i32>readSystem16(wrapLinear(address + (wide ? 4 : 2))) & 0xffff;
  if (isNull(selector)) raiseSelector(VECTOR_TS, 0);
  const descriptor = fetchDescriptor(selector, VECTOR_TS);
  const stack = descriptorAttributes(descriptor);
  if (<u32>(selector & 3) != level || attributesDpl(stack) != level || !isWritableData(stack)) {
    raiseSelector(VECTOR_TS, selector);
  }
  if ((stack & ATTRIBUTE_PRESENT) == 0) raiseSelector(VECTOR_SS, selector);
  innerSelector = selector;
  innerDescriptor = descriptor;
  useStack(descriptorBase(descriptor), descriptorLimit(descriptor), stack, stackPointer, selectorError(selector));
}

/** Loads SS with the segment that `useInnerStack` chose. */
export function loadInnerStack(): void {
  setSegment(SEGMENT_SS, innerSelector, markAccessed(innerSelector, innerDescriptor));
}

/** Puts the stack cursor at the 64-bit stack pointer kept at `offset` of the 64-bit TSS: RSP0…2 at 4, IST1…7 at 36. */
export function useTaskStack64(offset: u32): void {
  const tr = SEGMENT_TR;
  if (offset + 7 > load<u32>(tr + SEGMENT_LIMIT)) raiseSelector(VECTOR_TS, load<i32>(tr + SEGMENT_SELECTOR));
  const stackPointer = <i64>readSystem64(load<i64>(tr + SEGMENT_BASE) + <i64>offset);
  if (!isCanonical(stackPointer)) raise(VECTOR_SS, selectorError(0));
  useFlatStack(stackPointer, false, selectorError(0));
}
