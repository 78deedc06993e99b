// From RIP to the block to run next: instruction boundaries, jumps, and links between blocks of a page.

import {
  BLOCK_ADDRESS,
  BLOCK_BYTES,
  BLOCK_COUNT,
  BLOCK_HEADER,
  BLOCK_MODE,
  BLOCK_SECOND,
  BUDGET,
  CODE_CONTEXT,
  CODE_PAGE,
  COUNT_BLOCK_LOOKUPS,
  COUNT_EXCEPTIONS,
  COUNT_INTERRUPTS,
  DECODE_ADDRESS,
  DECODE_MODE,
  EXIT_BUDGET,
  EXIT_DECODE,
  EXIT_REASON,
  EXIT_RESUME,
  FAULT_CODE,
  FAULT_VECTOR,
  INTERRUPT_PENDING,
  INTERRUPT_SHADOW,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MODE_CODE_UNCHECKED,
  MODE_STEP,
  NMI_PENDING,
  RECORD_IMMEDIATE,
  RECORD_LENGTH,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_OFFSET,
  RECORD_REMAINING,
  RFLAGS,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  ADDRESS_SPACE_SLOT,
  SLICE,
  SLICE_LEFT,
  VECTOR_GP,
} from '../layout.ts';
import { noteJumpTarget } from './address-space.ts';
import { blockOfRecord, firstBlock, nextBlock } from './blocks.ts';
import { boundary, deliverHere, maskToCode, ripOf } from './exceptions.ts';
import { FLAG_RF } from './flags.ts';
import { FRAME_SIZE, OFFSET_MASK } from './frames.ts';
import { isCanonical } from './mode.ts';
import { PENDING_DEBUG, SHADOW_STEP, STEP_ARMED } from './system-state.ts';
import { translateFetch } from './tlb.ts';

/** How many exceptions in a row `currentBlock` delivers, none of whose handlers can be fetched, before the run loop gets a look. */
const ROUNDS = 8;

/** What `find` returns instead of a record. */
const FIND_FAULT: u32 = 0;
const FIND_DECODE: u32 = 1;

// @ts-ignore: decorator
@inline
function jumpCacheEntry(rip: i64): u32 {
  const low = <u32>rip;
  return JUMP_CACHE + (((low ^ (low >>> 12)) & (JUMP_CACHE_ENTRIES - 1)) << 5);
}

// @ts-ignore: decorator
@inline
function setCodePage(record: u32, rip: i64): void {
  store<i64>(CODE_PAGE, rip - <i64>load<u16>(record, RECORD_OFFSET));
}

/** The block at `rip` that the jump cache knows, 0 when it knows none. Sets CODE_PAGE. */
// @ts-ignore: decorator
@inline
function cached(rip: i64): u32 {
  const entry = jumpCacheEntry(rip);
  if (load<i64>(entry) != rip || load<i64>(entry, 8) != load<i64>(CODE_CONTEXT)) return 0;
  const record = load<u32>(entry, 16);
  setCodePage(record, rip);
  return record;
}

function protectionFault(): u32 {
  store<i32>(FAULT_VECTOR, VECTOR_GP);
  store<i32>(FAULT_CODE, 0);
  return FIND_FAULT;
}

/** The linear address of RIP. */
// @ts-ignore: decorator
@inline
function codeLinear(rip: i64, mode: u32): u64 {
  if ((mode & MODE_CODE_MASK) == MODE_CODE_64) return rip;
  return (rip + load<i64>(SEGMENT_CS + SEGMENT_BASE)) & 0xffffffff;
}

/** The page after that of a linear address. Only 64-bit code goes beyond 4 GiB. */
// @ts-ignore: decorator
@inline
function nextPageLinear(linear: u64, mode: u32): u64 {
  const next = (linear & 0xfffffffffffff000) + FRAME_SIZE;
  return (mode & MODE_CODE_MASK) == MODE_CODE_64 ? next : next & 0xffffffff;
}

/** Translates the page behind RIP's for a fetch: its first byte's machine address, or 0 with a fault in FAULT_*. */
function fetchSecond(linear: u64, mode: u32): u32 {
  const next = nextPageLinear(linear, mode);
  if ((mode & MODE_CODE_MASK) == MODE_CODE_64 && !isCanonical(next)) return protectionFault();
  return translateFetch(next);
}

/**
 * Finds the block at `rip` that was decoded for `mode` (MODE, with or without MODE_STEP). Returns its first record and
 * sets CODE_PAGE; or FIND_DECODE with DECODE_ADDRESS and DECODE_MODE set; or FIND_FAULT with FAULT_* set.
 */
function find(rip: i64, mode: u32): u32 {
  store<i64>(COUNT_BLOCK_LOOKUPS, load<i64>(COUNT_BLOCK_LOOKUPS) + 1);
  const checksLimit = (mode & MODE_CODE_UNCHECKED) == 0;
  const linear = codeLinear(rip, mode);
  if ((mode & MODE_CODE_MASK) == MODE_CODE_64) {
    if (!isCanonical(linear)) return protectionFault();
  } else if (checksLimit && <u32>rip > load<u32>(SEGMENT_CS + SEGMENT_LIMIT)) {
    return protectionFault();
  }
  const machine = translateFetch(linear);
  if (machine == 0) return FIND_FAULT;
  let second: u32 = 0;
  for (let block = firstBlock(machine, mode); block != 0; block = nextBlock(block)) {
    const blockSecond = load<u32>(block, BLOCK_SECOND);
    if (blockSecond != 0) {
      if (second == 0) {
        second = fetchSecond(linear, mode);
        if (second == 0) return FIND_FAULT;
      }
      if ((blockSecond & ~OFFSET_MASK) != (second & ~OFFSET_MASK)) continue;
    }
    if (
      checksLimit &&
      <u64>(<u32>rip) + load<u32>(block, BLOCK_BYTES) - 1 > <u64>load<u32>(SEGMENT_CS + SEGMENT_LIMIT)
    ) {
      // The block runs into the end of the segment: its instructions go one by one until one of them does.
      return mode & MODE_STEP ? protectionFault() : find(rip, mode | MODE_STEP);
    }
    const record = block + BLOCK_HEADER;
    setCodePage(record, rip);
    if ((mode & MODE_STEP) == 0) remember(record, rip, linear, second != 0);
    return record;
  }
  store<u32>(DECODE_ADDRESS, machine);
  store<u32>(DECODE_MODE, mode);
  return FIND_DECODE;
}

/** Puts a block into the jump cache. */
function remember(record: u32, rip: i64, linear: u64, crosses: bool): void {
  const entry = jumpCacheEntry(rip);
  store<i64>(entry, rip);
  store<i64>(entry, load<i64>(CODE_CONTEXT), 8);
  store<u32>(entry, record, 16);
  const slot = load<u32>(ADDRESS_SPACE_SLOT);
  noteJumpTarget(slot, linear);
  if (crosses) noteJumpTarget(slot, linear + FRAME_SIZE);
}

/**
 * Machine address of the first byte of the page behind RIP's, which the decoder asks for when an instruction crosses
 * into it; 0 when fetching there faults. FAULT_* is set then: if the
 * instruction needs the byte, the decoder calls `deliverHere`.
 */
export function nextCodePage(): u32 {
  const mode = load<u32>(MODE);
  return fetchSecond(codeLinear(load<i64>(RIP), mode), mode);
}

// @ts-ignore: decorator
@inline
function exit(reason: u32): i32 {
  store<u32>(EXIT_REASON, reason);
  return 0;
}

/** False when `boundary` would find nothing to do. */
// @ts-ignore: decorator
@inline
function mayBeDue(): bool {
  // Code breakpoints and single steps come with MODE_STEP.
  const waiting =
    load<u32>(INTERRUPT_PENDING) |
    load<u32>(INTERRUPT_SHADOW) |
    load<u32>(NMI_PENDING) |
    load<u32>(PENDING_DEBUG) |
    load<u32>(STEP_ARMED) |
    load<u32>(SHADOW_STEP);
  return (waiting | (load<u32>(RFLAGS) & FLAG_RF) | (load<u32>(MODE) & MODE_STEP)) != 0;
}

// What `boundary` consumes and `exitBoundary` gives back.
let shadowBefore: u32 = 0;
let resumeBefore: u32 = 0;
let eventsBefore: i64 = 0;

/**
 * Leaves a boundary without an instruction having run. The next call finds the same boundary, so what held for the
 * instruction to come still has to hold: the interrupt shadow and RF, unless an event has led elsewhere.
 */
function exitBoundary(reason: u32): i32 {
  store<u32>(STEP_ARMED, 0);
  if (load<i64>(COUNT_INTERRUPTS) + load<i64>(COUNT_EXCEPTIONS) == eventsBefore) {
    store<u32>(INTERRUPT_SHADOW, shadowBefore);
    store<u32>(RFLAGS, load<u32>(RFLAGS) | resumeBefore);
  }
  return exit(reason);
}

/**
 * An instruction boundary, with RIP valid: takes the debug traps and interrupts that are due, then finds the block at
 * RIP. Returns its first record, or 0 with EXIT_REASON set: EXIT_BUDGET when the slice is used up, EXIT_DECODE when
 * there is no block yet, EXIT_SHUTDOWN, or EXIT_RESUME when exceptions keep hitting handlers that cannot be fetched.
 * A fault while an interrupt is delivered leaves through `raise`.
 */
export function currentBlock(): i32 {
  if (load<i32>(BUDGET) + load<i32>(SLICE_LEFT) <= 0) return exit(EXIT_BUDGET);
  for (let round = 0; round < ROUNDS; round++) {
    if (mayBeDue()) {
      shadowBefore = load<u32>(INTERRUPT_SHADOW);
      resumeBefore = load<u32>(RFLAGS) & FLAG_RF;
      eventsBefore = load<i64>(COUNT_INTERRUPTS) + load<i64>(COUNT_EXCEPTIONS);
      boundary();
    } else {
      shadowBefore = 0;
      resumeBefore = 0;
    }
    const left = load<i32>(BUDGET) + load<i32>(SLICE_LEFT);
    store<i32>(BUDGET, left);
    store<i32>(SLICE_LEFT, 0);
    if (left <= 0) return exitBoundary(EXIT_BUDGET);
    const mode = load<u32>(MODE);
    const rip = load<i64>(RIP);
    let record = cached(rip);
    if (record == 0) record = find(rip, mode);
    if (record > FIND_DECODE && <i32>load<u32>(record - BLOCK_HEADER, BLOCK_COUNT) > left) {
      // The slice ends before the block does. It ends here, unless it has not even begun.
      if (left != load<i32>(SLICE)) return exitBoundary(EXIT_BUDGET);
      record = find(rip, mode | MODE_STEP);
    }
    if (record > FIND_DECODE) return record;
    if (record == FIND_DECODE) return exitBoundary(EXIT_DECODE);
    if (!deliverHere()) return 0;
  }
  return exit(EXIT_RESUME);
}

/**
 * The block at `rip`, which a near jump, call or return goes to: as `currentBlock`, but interrupts are not looked at.
 * Returns its first record, or 0 with EXIT_REASON and RIP set.
 */
export function jumpTo(rip: i64): i32 {
  const record = cached(rip);
  return record != 0 ? record : findJump(rip);
}

function findJump(rip: i64): i32 {
  const mode = load<u32>(MODE);
  if ((mode & MODE_STEP) == 0) {
    const record = find(rip, mode);
    if (record > FIND_DECODE) return record;
    store<i64>(RIP, rip);
    if (record == FIND_DECODE) return exit(EXIT_DECODE);
    if (!deliverHere()) return 0;
  } else {
    store<i64>(RIP, rip);
  }
  return currentBlock();
}

/**
 * The target of the direct jump at `ip` (`taken` 1) or the instruction after it (0), whose link is empty. Fills the link
 * when both lie in one page, so that the next time nobody asks. Returns what `jumpTo` does.
 */
export function followLink(ip: i32, taken: i32): i32 {
  const page = load<i64>(CODE_PAGE);
  const offset = taken
    ? load<i64>(ip, RECORD_IMMEDIATE)
    : <i64>load<u16>(ip, RECORD_OFFSET) + <i64>load<u8>(ip, RECORD_LENGTH);
  const rip = maskToCode(page + offset);
  const record = jumpTo(rip);
  // With a limit to check, or one instruction at a time, every jump is looked at.
  const mode = load<u32>(MODE);
  if (
    record == 0 ||
    <u64>offset >= <u64>FRAME_SIZE ||
    (mode & (MODE_CODE_UNCHECKED | MODE_STEP)) != MODE_CODE_UNCHECKED
  ) {
    return record;
  }
  // A fault may have led elsewhere, and the page may have come to lie in another frame: a link must join blocks of one
  // frame and one mode, because they are dropped together.
  if (load<i64>(CODE_PAGE) != page || <i64>load<u16>(record, RECORD_OFFSET) != offset) return record;
  link(ip, record, taken);
  return record;
}

function link(ip: i32, record: u32, taken: i32): void {
  const target = record - BLOCK_HEADER;
  // The second page of a crossing block depends on the mapping, so it is looked up each time.
  if (load<u32>(target, BLOCK_SECOND) != 0) return;
  const source = blockOfRecord(load<u32>(target, BLOCK_ADDRESS), ip);
  if (source == 0 || load<u32>(source, BLOCK_MODE) != load<u32>(target, BLOCK_MODE)) return;
  store<u32>(ip + (taken ? RECORD_LINK_TAKEN : RECORD_LINK_NEXT), record);
}

/** Leaves a block after the instruction at `ip`, whose effects have happened. Returns what `currentBlock` does. */
export function leaveAfter(ip: i32): i32 {
  store<i64>(
    RIP,
    maskToCode(load<i64>(CODE_PAGE) + <i64>load<u16>(ip, RECORD_OFFSET) + <i64>load<u8>(ip, RECORD_LENGTH)),
  );
  store<i32>(BUDGET, load<i32>(BUDGET) + <i32>load<u8>(ip, RECORD_REMAINING) - 1);
  return currentBlock();
}

/** Leaves a block before the instruction at `ip`, which goes on later: a REP instruction between two iterations. */
export function suspend(ip: i32): i32 {
  store<i64>(RIP, ripOf(ip));
  store<i32>(BUDGET, load<i32>(BUDGET) + <i32>load<u8>(ip, RECORD_REMAINING));
  return currentBlock();
}

/** An external interrupt waits: the running block is the last before `currentBlock` looks. */
export function requestInterrupt(): void {
  store<u32>(INTERRUPT_PENDING, 1);
  requestBoundary();
}

/** Makes the running block the last before `currentBlock` looks at what is due. */
export function requestBoundary(): void {
  const budget = load<i32>(BUDGET);
  if (budget <= 0) return;
  store<i32>(SLICE_LEFT, load<i32>(SLICE_LEFT) + budget);
  store<i32>(BUDGET, 0);
}

/** Ends the slice with the running block: EXIT_BUDGET follows. What was not used of the slice is taken off SLICE. */
export function endSlice(): void {
  store<i32>(SLICE, load<i32>(SLICE) - load<i32>(BUDGET) - load<i32>(SLICE_LEFT));
  store<i32>(BUDGET, 0);
  store<i32>(SLICE_LEFT, 0);
}

/** The block whose first record is at `ip`, which was about to be entered, has more instructions than BUDGET. Returns what `currentBlock` does. */
export function blockBoundary(ip: i32): i32 {
  store<i64>(RIP, ripOf(ip));
  return currentBlock();
}
