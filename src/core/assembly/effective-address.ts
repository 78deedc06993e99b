// Linear addresses of memory operands and stack accesses where segments have limits and types, and of address-size
// overrides in 64-bit mode: everything the generated handlers do not do inline. SDM volume 3A sections 5.3 and 5.5,
// volume 1 section 3.7.5; APM volume 2 section 4.12.
//
// `access` is the size in bytes (bits 0-7), 0x100 for accesses that fault with #SS, 0x200 for writes.

import {
  FAULT_CODE,
  FAULT_VECTOR,
  GPR,
  RECORD_ADDRESSING,
  RECORD_BASE,
  RECORD_DISPLACEMENT,
  RECORD_INDEX,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_ES,
  SEGMENT_LIMIT,
  SEGMENT_SS,
  VECTOR_GP,
  VECTOR_SS,
} from '../layout.ts';
import { ATTRIBUTE_BIG, ATTRIBUTE_CODE, ATTRIBUTE_UNUSABLE, ATTRIBUTE_WRITABLE } from './descriptors.ts';
import { inLong64, inRealMode } from './mode.ts';
import { insideSegment } from './stack-cursor.ts';

const RSP = GPR + 32;
const ACCESS_BYTES: i32 = 0xff;
const ACCESS_WRITE: i32 = 0x200;
const NUMBER_SS: i32 = 2;

/** Sets FAULT_* for a violation of segment `number`, and returns -1. */
function violation(number: i32): i64 {
  store<i32>(FAULT_VECTOR, number == NUMBER_SS ? VECTOR_SS : VECTOR_GP);
  store<i32>(FAULT_CODE, 0);
  return -1;
}

/**
 * The linear address of `offset` in segment `number` (ES CS SS DS FS GS), with limit, type and null checks outside
 * 64-bit mode, or -1 after setting FAULT_*.
 */
export function linearAddress(number: i32, offset: i64, access: i32): i64 {
  const segment = SEGMENT_ES + number * 32;
  if (inLong64()) return number >= 4 ? load<i64>(segment + SEGMENT_BASE) + offset : offset;
  let attributes = load<u32>(segment + SEGMENT_ATTRIBUTES);
  if (inRealMode()) {
    // Only limits are checked: what type protected mode left behind does not matter.
    attributes &= ATTRIBUTE_BIG;
  } else {
    if (attributes & ATTRIBUTE_UNUSABLE) return violation(number);
    const allowed = attributes & (ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE);
    if (access & ACCESS_WRITE) {
      if (allowed != ATTRIBUTE_WRITABLE) return violation(number);
    } else if (allowed == ATTRIBUTE_CODE) {
      return violation(number);
    }
  }
  const bytes = <u32>(access & ACCESS_BYTES);
  if (!insideSegment(<u32>offset, bytes, load<u32>(segment + SEGMENT_LIMIT), attributes)) return violation(number);
  return (load<i64>(segment + SEGMENT_BASE) + offset) & 0xffffffff;
}

/**
 * The offset part (effective address) of the memory operand of the record at `ip`, moved by `displacement` bytes and cut to
 * its address size.
 */
export function effectiveOffset(ip: i32, displacement: i64): i64 {
  const addressing = <u32>load<u8>(ip + RECORD_ADDRESSING);
  const base = load<i64>(<i32>load<u16>(ip + RECORD_BASE));
  const index = load<i64>(<i32>load<u16>(ip + RECORD_INDEX));
  const offset = base + (index << (<i64>(addressing & 3))) + <i64>load<i32>(ip + RECORD_DISPLACEMENT) + displacement;
  const size = (addressing >> 5) & 3;
  return size == 0 ? offset & 0xffff : size == 1 ? offset & 0xffffffff : offset;
}

/** Bits of the stack pointer that the stack's address size uses (SDM volume 3A section 6.2.3). */
function stackMask(): i64 {
  if (inLong64()) return -1;
  return load<u32>(SEGMENT_SS + SEGMENT_ATTRIBUTES) & ATTRIBUTE_BIG ? 0xffffffff : 0xffff;
}

/** The offset in SS that is `delta` bytes above the top of the stack (negative: a push). */
export function stackOffset(delta: i64): i64 {
  return (load<i64>(RSP) + delta) & stackMask();
}

/** Moves the stack pointer by `delta` bytes, leaving the bits that the stack's address size does not use. */
export function adjustStack(delta: i64): void {
  const mask = stackMask();
  const pointer = load<i64>(RSP);
  store<i64>(RSP, (pointer & ~mask) | ((pointer + delta) & mask));
}
