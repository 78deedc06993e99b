// Instruction boundaries: what is due there, the end of the slice, and the block to go on with.

import {
  BLOCK_COUNT,
  BLOCK_HEADER,
  BUDGET,
  CODE_PAGE,
  COUNT_EXCEPTIONS,
  COUNT_INTERRUPTS,
  EXIT_BUDGET,
  EXIT_DECODE,
  EXIT_REASON,
  EXIT_RESUME,
  INTERRUPT_PENDING,
  INTERRUPT_SHADOW,
  MODE,
  MODE_STEP,
  NMI_PENDING,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_REMAINING,
  RFLAGS,
  RIP,
  SLICE,
  SLICE_LEFT,
} from '../layout.ts';
import { boundary, deliverHere, maskToCode, ripOf } from './exceptions.ts';
import { cached, find, FIND_DECODE } from './find-block.ts';
import { FLAG_RF } from './flags.ts';
import { PENDING_DEBUG, SHADOW_STEP, STEP_ARMED } from './system-state.ts';

/** How many exceptions in a row `currentBlock` delivers, none of whose handlers can be fetched, before the run loop gets a look. */
const ROUNDS = 8;

// @ts-ignore: decorator
@inline
export function exit(reason: u32): i32 {
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
