// A stack pointer on the move: far transfers push and pop through it, and only when everything went well is (E/R)SP
// written back. One cursor at a time is enough.

import { CPL, GPR, SEGMENT_ATTRIBUTES, SEGMENT_BASE, SEGMENT_LIMIT, SEGMENT_SS, VECTOR_SS } from '../layout.ts';
import {
  checkSystemWrite,
  checkWrite,
  read16,
  read32,
  read64,
  readSystem16,
  readSystem32,
  readSystem64,
  write16,
  write32,
  write64,
  writeSystem16,
  writeSystem32,
  writeSystem64,
} from './access.ts';
import { ATTRIBUTE_BIG, ATTRIBUTE_CODE, ATTRIBUTE_CONFORMING } from './descriptors.ts';
import { raise } from './exceptions.ts';
import { inLong64, inRealMode, isCanonical } from './mode.ts';

const RSP = GPR + 32;

let base: i64 = 0;
let mask: i64 = 0;
let pointer: i64 = 0;
let limit: u32 = 0;
let attributes: u32 = 0;
let flat: bool = false;
let user: bool = false;
let error: i32 = 0;

/** The stack pointer's width in a segment with the given attributes outside 64-bit mode. */
export function stackMask(stackAttributes: u32): i64 {
  return stackAttributes & ATTRIBUTE_BIG ? 0xffffffff : 0xffff;
}

/** Starts at the current stack. `errorCode` is that of #SS when an access leaves the segment. */
export function useCurrentStack(errorCode: i32): void {
  flat = inLong64();
  attributes = load<u32>(SEGMENT_SS + SEGMENT_ATTRIBUTES);
  base = load<i64>(SEGMENT_SS + SEGMENT_BASE);
  limit = load<u32>(SEGMENT_SS + SEGMENT_LIMIT);
  mask = flat ? -1 : stackMask(attributes);
  pointer = load<i64>(RSP) & mask;
  user = load<u32>(CPL) == 3;
  error = errorCode;
}

/** Starts at `stackPointer` of another 16- or 32-bit segment, of an inner privilege level. */
export function useStack(
  segmentBase: i64,
  segmentLimit: u32,
  segmentAttributes: u32,
  stackPointer: i64,
  errorCode: i32,
): void {
  flat = false;
  attributes = segmentAttributes;
  base = segmentBase;
  limit = segmentLimit;
  mask = stackMask(attributes);
  pointer = stackPointer & mask;
  user = false;
  error = errorCode;
}

/** Starts at a 64-bit stack pointer; pushes are made with supervisor rights unless `isUser`. */
export function useFlatStack(stackPointer: i64, isUser: bool, errorCode: i32): void {
  flat = true;
  base = 0;
  mask = -1;
  pointer = stackPointer;
  user = isUser;
  error = errorCode;
}

/** Where the cursor is, within the stack's width. */
export function cursorPointer(): i64 {
  return pointer;
}

/** Moves the cursor up by `bytes` (RETF immediate, parameters of a call gate). */
export function skip(bytes: i64): void {
  pointer = (pointer + bytes) & mask;
}

/** True when `bytes` at `offset` lie inside a data segment (SDM volume 3A section 5.3). */
export function insideSegment(offset: u32, bytes: u32, segmentLimit: u32, segmentAttributes: u32): bool {
  const last = offset + (bytes - 1);
  if (last < offset) return false;
  if ((segmentAttributes & (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING)) == ATTRIBUTE_CONFORMING) {
    const top: u32 = segmentAttributes & ATTRIBUTE_BIG ? 0xffffffff : 0xffff;
    return offset > segmentLimit && last <= top;
  }
  return last <= segmentLimit;
}

/** Linear address of `bytes` at the cursor; raises #SS when they are outside the stack. */
function linearOf(offset: i64, bytes: u32): i64 {
  if (flat) {
    if (!isCanonical(offset) || !isCanonical(offset + <i64>bytes - 1)) raise(VECTOR_SS, error);
    return offset;
  }
  const expand = inRealMode() ? attributes & ~ATTRIBUTE_CONFORMING : attributes;
  if (!insideSegment(<u32>offset, bytes, limit, expand)) raise(VECTOR_SS, error);
  return (base + offset) & 0xffffffff;
}

/** Pushes the low `size` (2, 4 or 8) bytes of `value`. */
export function push(value: i64, size: i32): void {
  const next = (pointer - <i64>size) & mask;
  const linear = linearOf(next, size);
  if (size == 8) {
    if (user) write64(linear, value);
    else writeSystem64(linear, value);
  } else if (size == 4) {
    if (user) write32(linear, <i32>value);
    else writeSystem32(linear, <i32>value);
  } else if (user) write16(linear, <i32>value);
  else writeSystem16(linear, <i32>value);
  pointer = next;
}

/** Raises what writing `size` (2, 4 or 8) bytes at the cursor would raise. */
export function checkWritable(size: i32): void {
  const linear = linearOf(pointer, size);
  if (user) checkWrite(linear, size);
  else checkSystemWrite(linear, size);
}

/** The `size` (2, 4 or 8) bytes `offset` above the cursor, zero-extended. */
export function peek(offset: i64, size: i32): i64 {
  const linear = linearOf((pointer + offset) & mask, size);
  if (size == 8) return user ? <i64>read64(linear) : <i64>readSystem64(linear);
  if (size == 4) return <i64>(user ? <u32>read32(linear) : <u32>readSystem32(linear));
  return <i64>((user ? <u32>read16(linear) : <u32>readSystem16(linear)) & 0xffff);
}

/** Pops `size` (2, 4 or 8) bytes, zero-extended. */
export function pop(size: i32): i64 {
  const value = peek(0, size);
  pointer = (pointer + <i64>size) & mask;
  return value;
}

/** Writes `value` to SP, ESP or RSP by the width of SS as it is now loaded. */
export function setStackPointer(value: i64): void {
  if (inLong64()) store<i64>(RSP, value);
  else if (load<u32>(SEGMENT_SS + SEGMENT_ATTRIBUTES) & ATTRIBUTE_BIG) store<i64>(RSP, value & 0xffffffff);
  else store<u16>(RSP, <u16>value);
}

/** Writes the cursor back to the stack pointer, by the width it was moved in. */
export function commitStack(): void {
  if (mask == 0xffff) store<u16>(RSP, <u16>pointer);
  else store<i64>(RSP, pointer);
}

/** Rounds the cursor down to 16 bytes. */
export function alignCursor(): void {
  pointer &= -16;
}
