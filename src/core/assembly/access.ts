// Guest memory for core routines: these raise by themselves, so they return only when the access is allowed.

import {
  BOUNCE,
  CURRENT,
  FAULT_CODE,
  FAULT_VECTOR,
  FRAME_CODE,
  RECORD_ADDRESSING,
  TLB_ADDEND,
  TLB_BASE,
  TLB_READ_TAG,
  TLB_WRITE_TAG,
  VECTOR_GP,
  VECTOR_SS,
} from '../layout.ts';
import { loadMiss, storeCommit, storeMiss } from './memory-misses.ts';
import { raise } from './exceptions.ts';
import { frameFlags, FRAME_SIZE, OFFSET_MASK } from './frames.ts';
import { inLongMode, isCanonical } from './mode.ts';
import { KIND_READ, KIND_WRITE } from './page-fault.ts';
import { addPart, commitParts, gatherParts, resetParts } from './pending-access.ts';
import { accessContext, systemContext, translate, TRANSLATE_FAULT, TRANSLATE_SPECIAL } from './tlb.ts';
import { entryOf, PAGE_MASK } from './tlb-tables.ts';

const NUMBER_SS: u32 = 2;
/** In the `access` argument of the miss routines. */
const ACCESS_STACK: i32 = 0x100;

/** ACCESS_STACK when the memory operand of the instruction that called is in SS, whose violations raise #SS. */
function operandSegment(): i32 {
  const record = load<u32>(CURRENT);
  return ((load<u8>(record + RECORD_ADDRESSING) >> 2) & 7) == NUMBER_SS ? ACCESS_STACK : 0;
}

/** Raises what a miss routine left in FAULT_*. */
function raiseLeft(): void {
  raise(load<i32>(FAULT_VECTOR), load<i32>(FAULT_CODE));
}

/** Machine address to read `size` bytes from with the program's rights. */
// @ts-ignore: decorator
@inline
function readAddress(linear: u64, size: u32): u32 {
  const entry = entryOf(load<u32>(TLB_BASE), linear);
  if (load<u64>(entry, TLB_READ_TAG) == ((linear + size - 1) & PAGE_MASK)) {
    return <u32>linear + load<u32>(entry, TLB_ADDEND);
  }
  return readAddressSlow(linear, size);
}

function readAddressSlow(linear: u64, size: u32): u32 {
  const machine = loadMiss(linear, size | operandSegment());
  if (machine == 0) raiseLeft();
  return machine;
}

/** Machine address to write `size` bytes to with the program's rights; after a store to BOUNCE comes `storeCommit`. */
// @ts-ignore: decorator
@inline
function writeAddress(linear: u64, size: u32): u32 {
  const entry = entryOf(load<u32>(TLB_BASE), linear);
  if (load<u64>(entry, TLB_WRITE_TAG) == ((linear + size - 1) & PAGE_MASK)) {
    return <u32>linear + load<u32>(entry, TLB_ADDEND);
  }
  return writeAddressSlow(linear, size);
}

function writeAddressSlow(linear: u64, size: u32): u32 {
  const machine = storeMiss(linear, size | operandSegment());
  if (machine == 0) raiseLeft();
  return machine;
}

/** Reads a byte at a linear address with the privilege of the running program, zero-extended. Raises #PF, #GP(0) or #AC. */
export function read8(linear: i64): i32 {
  return load<u8>(readAddress(linear, 1));
}

/** As `read8`, 2 bytes. */
export function read16(linear: i64): i32 {
  return load<u16>(readAddress(linear, 2));
}

/** As `read8`, 4 bytes. */
export function read32(linear: i64): i32 {
  return load<i32>(readAddress(linear, 4));
}

/** As `read8`, 8 bytes. */
export function read64(linear: i64): i64 {
  return load<i64>(readAddress(linear, 8));
}

/** Writes the low byte of `value` with the privilege of the running program. Raises #PF, #GP(0) or #AC. */
export function write8(linear: i64, value: i32): void {
  const machine = writeAddress(linear, 1);
  store<u8>(machine, value);
  if (machine == BOUNCE) storeCommit();
}

/** As `write8`, the low 2 bytes. */
export function write16(linear: i64, value: i32): void {
  const machine = writeAddress(linear, 2);
  store<u16>(machine, value);
  if (machine == BOUNCE) storeCommit();
}

/** As `write8`, 4 bytes. */
export function write32(linear: i64, value: i32): void {
  const machine = writeAddress(linear, 4);
  store<i32>(machine, value);
  if (machine == BOUNCE) storeCommit();
}

/** As `write8`, 8 bytes. */
export function write64(linear: i64, value: i64): void {
  const machine = writeAddress(linear, 8);
  store<i64>(machine, value);
  if (machine == BOUNCE) storeCommit();
}

/** The page after that of `linear`; implicit accesses use 64-bit addresses in compatibility mode too. */
// @ts-ignore: decorator
@inline
function followingPage(linear: u64): u64 {
  const next = (linear & PAGE_MASK) + FRAME_SIZE;
  return inLongMode() ? next : next & 0xffffffff;
}

/** Machine address of one page of a supervisor access, or a TRANSLATE_ value that is not a fault. */
function systemPage(linear: u64, kind: i32): u32 {
  if (inLongMode() && !isCanonical(linear)) raise(VECTOR_GP, 0);
  const machine = translate(linear, kind, systemContext);
  if (machine == TRANSLATE_FAULT) raiseLeft();
  return machine;
}

/** Machine address, BOUNCE included, for a supervisor access; `gather` fills BOUNCE. */
function systemAddress(linear: u64, size: u32, kind: i32): u32 {
  const machine = systemPage(linear, kind);
  const offset = <u32>linear & OFFSET_MASK;
  if (offset + size <= FRAME_SIZE) {
    if (machine > TRANSLATE_SPECIAL && (kind == KIND_READ || (frameFlags(machine) & FRAME_CODE) == 0)) return machine;
    resetParts();
    addPart(machine, offset, size);
  } else {
    const first = FRAME_SIZE - offset;
    resetParts();
    addPart(machine, offset, first);
    addPart(systemPage(followingPage(linear), kind), 0, size - first);
  }
  if (kind == KIND_READ) gatherParts();
  return BOUNCE;
}

/** Reads a byte as an implicit supervisor access (descriptor tables, TSS), zero-extended. Raises #PF or #GP(0). */
export function readSystem8(linear: i64): i32 {
  return load<u8>(systemAddress(linear, 1, KIND_READ));
}

/** As `readSystem8`, 2 bytes. */
export function readSystem16(linear: i64): i32 {
  return load<u16>(systemAddress(linear, 2, KIND_READ));
}

/** As `readSystem8`, 4 bytes. */
export function readSystem32(linear: i64): i32 {
  return load<i32>(systemAddress(linear, 4, KIND_READ));
}

/** As `readSystem8`, 8 bytes. */
export function readSystem64(linear: i64): i64 {
  return load<i64>(systemAddress(linear, 8, KIND_READ));
}

/** Writes the low byte of `value` as an implicit supervisor access. Raises #PF or #GP(0). */
export function writeSystem8(linear: i64, value: i32): void {
  const machine = systemAddress(linear, 1, KIND_WRITE);
  store<u8>(machine, value);
  if (machine == BOUNCE) commitParts();
}

/** As `writeSystem8`, the low 2 bytes. */
export function writeSystem16(linear: i64, value: i32): void {
  const machine = systemAddress(linear, 2, KIND_WRITE);
  store<u16>(machine, value);
  if (machine == BOUNCE) commitParts();
}

/** As `writeSystem8`, 4 bytes. */
export function writeSystem32(linear: i64, value: i32): void {
  const machine = systemAddress(linear, 4, KIND_WRITE);
  store<i32>(machine, value);
  if (machine == BOUNCE) commitParts();
}

/** As `writeSystem8`, 8 bytes. */
export function writeSystem64(linear: i64, value: i64): void {
  const machine = systemAddress(linear, 8, KIND_WRITE);
  store<i64>(machine, value);
  if (machine == BOUNCE) commitParts();
}

/** Translates every page of [linear, linear + bytes) for the running program; raises the fault of the first that fails. */
function checkProgram(linear: u64, bytes: u32, kind: i32): void {
  let at = linear;
  let left = bytes;
  while (left != 0) {
    if (inLongMode() && !isCanonical(at)) raise(operandSegment() ? VECTOR_SS : VECTOR_GP, 0);
    if (translate(at, kind, accessContext) == TRANSLATE_FAULT) raiseLeft();
    const piece = min(left, FRAME_SIZE - (<u32>at & OFFSET_MASK));
    left -= piece;
    at = followingPage(at);
  }
}

function checkSystem(linear: u64, bytes: u32, kind: i32): void {
  let at = linear;
  let left = bytes;
  while (left != 0) {
    systemPage(at, kind);
    const piece = min(left, FRAME_SIZE - (<u32>at & OFFSET_MASK));
    left -= piece;
    at = followingPage(at);
  }
}

/** Raises what reading [linear, linear + bytes) with the program's privilege would raise; `bytes` is 0 or more. */
export function checkRead(linear: i64, bytes: i32): void {
  checkProgram(linear, bytes, KIND_READ);
}

/** Raises what writing [linear, linear + bytes) with the program's privilege would raise, and sets dirty bits. */
export function checkWrite(linear: i64, bytes: i32): void {
  checkProgram(linear, bytes, KIND_WRITE);
}

/** As `checkRead`, for implicit supervisor accesses. */
export function checkSystemRead(linear: i64, bytes: i32): void {
  checkSystem(linear, bytes, KIND_READ);
}

/** As `checkWrite`, for implicit supervisor accesses. */
export function checkSystemWrite(linear: i64, bytes: i32): void {
  checkSystem(linear, bytes, KIND_WRITE);
}
