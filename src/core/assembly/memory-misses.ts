// Guest memory as instructions and core routines reach it when the inline TLB probe does not: misses, faults, accesses
// that cross a page, memory-mapped devices, and stores into frames that hold decoded code.

import {
  BOUNCE,
  CODE_DROPPED,
  FAULT_CODE,
  FAULT_INTERPRET,
  FAULT_VECTOR,
  FRAME_CODE,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  VECTOR_GP,
  VECTOR_SS,
} from '../layout.ts';
import { checkAccess } from './access-checks.ts';
import { holdsCode } from './blocks.ts';
import { frameFlags, FRAME_SIZE, OFFSET_MASK } from './frames.ts';
import { isCanonical } from './mode.ts';
import { KIND_READ, KIND_WRITE } from './page-fault.ts';
import { frameMoves } from './p2m.ts';
import { addPart, commitParts, gatherParts, resetParts } from './pending-access.ts';
import { accessContext, accessesChecked, translate, TRANSLATE_FAULT, TRANSLATE_SPECIAL } from './tlb.ts';

/** In the `access` argument: the bytes accessed, and that the segment is SS, whose violations raise #SS. */
const ACCESS_SIZE: i32 = 0xff;
const ACCESS_STACK: i32 = 0x100;
/** And that a region accesses, which leaves devices and ROM to the interpreter. */
export const ACCESS_PLAIN: i32 = 0x400;

/** Leaves #GP(0) or #SS(0) in FAULT_* and returns 0, which is what the miss routines return for a fault. */
function addressFault(access: i32): i32 {
  store<i32>(FAULT_VECTOR, access & ACCESS_STACK ? VECTOR_SS : VECTOR_GP);
  store<i32>(FAULT_CODE, 0);
  return 0;
}

/**
 * True when a region must not go on with what `translate` gave, or with what it holds in its windows.
 * @param moves `frameMoves` before that
 */
// @ts-ignore: decorator
@inline
function leavesRegion(machine: u32, access: i32, moves: u32): bool {
  if ((access & ACCESS_PLAIN) == 0 || (machine > TRANSLATE_SPECIAL && moves == frameMoves)) return false;
  store<i32>(FAULT_VECTOR, FAULT_INTERPRET);
  return true;
}

/** The page after that of `linear`: only 64-bit code reaches beyond 4 GiB. */
// @ts-ignore: decorator
@inline
function followingPage(linear: i64): i64 {
  const next = (linear & ~(<i64>OFFSET_MASK)) + FRAME_SIZE;
  return (load<u32>(MODE) & MODE_CODE_MASK) == MODE_CODE_64 ? next : next & 0xffffffff;
}

// @ts-ignore: decorator
@inline
function hasAddressFault(linear: i64, size: i32): bool {
  return (
    (load<u32>(MODE) & MODE_CODE_MASK) == MODE_CODE_64 && !(isCanonical(linear) && isCanonical(linear + <i64>size - 1))
  );
}

/**
 * A load of `access & 0xff` bytes (1 to 64) at a linear address that missed the inline probe; bit 8 of `access` says
 * that the segment is SS. Returns the machine address to load from, which is BOUNCE when the bytes had to be gathered, or
 * 0 with FAULT_VECTOR, FAULT_CODE and for #PF CR2 set.
 */
export function loadMiss(linear: i64, access: i32): i32 {
  const size = access & ACCESS_SIZE;
  if (hasAddressFault(linear, size)) return addressFault(access);
  const offset = <u32>linear & OFFSET_MASK;
  const moves = frameMoves;
  const machine = translate(linear, KIND_READ, accessContext);
  if (machine == TRANSLATE_FAULT || leavesRegion(machine, access, moves)) return 0;
  if (offset + size <= FRAME_SIZE) {
    if (accessesChecked && !checkAccess(linear, size, false)) return 0;
    if (machine > TRANSLATE_SPECIAL) return machine;
    resetParts();
    addPart(machine, offset, size);
  } else {
    const first = FRAME_SIZE - offset;
    resetParts();
    addPart(machine, offset, first);
    const next = translate(followingPage(linear), KIND_READ, accessContext);
    if (next == TRANSLATE_FAULT || leavesRegion(next, access, moves)) return 0;
    if (accessesChecked && !checkAccess(linear, size, false)) return 0;
    addPart(next, 0, size - first);
  }
  gatherParts();
  return BOUNCE;
}

/**
 * A store, with arguments as `loadMiss` has them. Returns the machine address to store to, 0 for a fault, or BOUNCE:
 * then `storeCommit` has to follow once the bytes are there.
 */
export function storeMiss(linear: i64, access: i32): i32 {
  return prepareStore(linear, access, false);
}

/** As `storeMiss`, for an instruction that reads the operand first: BOUNCE then holds the old bytes. */
export function updateMiss(linear: i64, access: i32): i32 {
  return prepareStore(linear, access, true);
}

// @ts-ignore: decorator
@inline
function prepareStore(linear: i64, access: i32, gather: bool): i32 {
  const size = access & ACCESS_SIZE;
  if (hasAddressFault(linear, size)) return addressFault(access);
  const offset = <u32>linear & OFFSET_MASK;
  const moves = frameMoves;
  const machine = translate(linear, KIND_WRITE, accessContext);
  if (machine == TRANSLATE_FAULT || leavesRegion(machine, access, moves)) return 0;
  if (offset + size <= FRAME_SIZE) {
    if (accessesChecked && !checkAccess(linear, size, true)) return 0;
    // A code frame may be written in place where no decoded bytes are.
    if (machine > TRANSLATE_SPECIAL && ((frameFlags(machine) & FRAME_CODE) == 0 || !holdsCode(machine, size))) {
      return machine;
    }
    resetParts();
    addPart(machine, offset, size);
  } else {
    const first = FRAME_SIZE - offset;
    resetParts();
    addPart(machine, offset, first);
    const next = translate(followingPage(linear), KIND_WRITE, accessContext);
    if (next == TRANSLATE_FAULT || leavesRegion(next, access, moves)) return 0;
    if (accessesChecked && !checkAccess(linear, size, true)) return 0;
    addPart(next, 0, size - first);
  }
  if (gather) gatherParts();
  return BOUNCE;
}

/**
 * Carries the bytes in BOUNCE to where the last `storeMiss` or `updateMiss` that returned BOUNCE was going. Cannot
 * fault. Returns 1 when decoded code was dropped: the running block is left after this instruction (`leaveAfter`).
 */
export function storeCommit(): i32 {
  const dropped = load<u32>(CODE_DROPPED);
  commitParts();
  return i32(load<u32>(CODE_DROPPED) != dropped);
}

/**
 * An access of KIND_ `kind` at `linear`, the first of several of a region's that are to share what the TLB says: they lie in
 * `bytes` bytes (1 to 4096) that begin `before` bytes before it. Returns the machine address of those bytes, which may be
 * accessed one by one as long as translations stay as they are. 0 with FAULT_INTERPRET: the interpreter has to do each
 * access by itself; else 0 is a fault of this one, as for `loadMiss`.
 */
export function windowMiss(linear: i64, before: u32, bytes: u32, kind: i32): i32 {
  const offset = <u32>linear & OFFSET_MASK;
  const isInPage = offset >= before && offset - before + bytes <= FRAME_SIZE;
  if (isInPage && !accessesChecked && !hasAddressFault(linear, 1)) {
    const moves = frameMoves;
    const machine = translate(linear, kind, accessContext);
    if (machine == TRANSLATE_FAULT) return 0;
    const first = machine - before;
    const isPlain = machine > TRANSLATE_SPECIAL && moves == frameMoves;
    if (isPlain && (kind == KIND_READ || (frameFlags(first) & FRAME_CODE) == 0 || !holdsCode(first, bytes)))
      return first;
  }
  store<i32>(FAULT_VECTOR, FAULT_INTERPRET);
  return 0;
}
