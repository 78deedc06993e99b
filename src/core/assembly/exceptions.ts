// Raising and delivering exceptions and interrupts: which fault wins, when a fault becomes a double fault or a
// shutdown, and what happens at an instruction boundary. SDM volume 3A chapter 6; APM volume 2 chapter 8.
//
// Two ways lead here. Generated handlers call `raiseFault` or `deliverFault`, which return like any function. Core
// routines call `raise`, which leaves all Wasm frames through the host's `unwind`; the run loop then calls
// `deliverCurrent`.

import {
  BUDGET,
  CODE_PAGE,
  CURRENT,
  DELIVERING,
  EXIT_REASON,
  EXIT_RESUME,
  EXIT_SHUTDOWN,
  FAULT_CODE,
  FAULT_VECTOR,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_REMAINING,
  RIP,
} from '../layout.ts';
import { currentBlock } from './code.ts';
import { unwind } from './imports.ts';

/** Keeps the low 16, 32 or 64 bits of an instruction pointer, by the code size of the running mode. */
export function maskToCode(rip: i64): i64 {
  const mode = load<u32>(MODE) & MODE_CODE_MASK;
  if (mode == MODE_CODE_64) return rip;
  return rip & 0xffffffff;
}

/** RIP of the instruction whose record is at `ip`. */
export function ripOf(ip: i32): i64 {
  return maskToCode(load<i64>(CODE_PAGE) + <i64>load<u16>(ip + RECORD_OFFSET));
}

/** RIP of the instruction after the one that called the running core routine. */
export function nextRip(): i64 {
  const ip = load<i32>(CURRENT);
  return maskToCode(load<i64>(CODE_PAGE) + <i64>load<u16>(ip + RECORD_OFFSET) + <i64>load<u8>(ip + RECORD_LENGTH));
}

/**
 * Raises an exception from a core routine: does not return. `code` is the error code, -1 for none. Nothing that the
 * guest can see may have been changed before.
 */
export function raise(vector: i32, code: i32): void {
  store<i32>(FAULT_VECTOR, vector);
  store<i32>(FAULT_CODE, code);
  unwind();
}

/** The handler's way to raise: sets FAULT_* and delivers for the instruction at `ip`. Returns what `deliverFault` does. */
export function raiseFault(vector: i32, code: i32, ip: i32): i32 {
  store<i32>(FAULT_VECTOR, vector);
  store<i32>(FAULT_CODE, code);
  return deliverFault(ip);
}

/**
 * Delivers the exception in FAULT_VECTOR / FAULT_CODE for the instruction at `ip`, whose effects have not happened.
 * Returns the first record of the handler's block, or 0 with EXIT_REASON set.
 */
export function deliverFault(ip: i32): i32 {
  store<i64>(RIP, ripOf(ip));
  store<i32>(BUDGET, load<i32>(BUDGET) + <i32>load<u8>(ip + RECORD_REMAINING));
  deliverHere();
  if (load<i32>(EXIT_REASON) == EXIT_SHUTDOWN) return 0;
  return currentBlock();
}

/**
 * Delivers the exception in FAULT_VECTOR / FAULT_CODE with RIP as it stands: for faults found at an instruction
 * boundary, such as a page fault on fetching the next instruction. Sets EXIT_REASON to EXIT_RESUME or EXIT_SHUTDOWN.
 */
export function deliverHere(): void {
  store<i32>(DELIVERING, -1);
  store<i32>(EXIT_REASON, EXIT_RESUME);
}

/** The run loop's part of `raise`: delivers what was raised. Sets EXIT_REASON to EXIT_RESUME or EXIT_SHUTDOWN. */
export function deliverCurrent(): void {
  if (load<i32>(DELIVERING) < 0) {
    const ip = load<i32>(CURRENT);
    store<i64>(RIP, ripOf(ip));
    store<i32>(BUDGET, load<i32>(BUDGET) + <i32>load<u8>(ip + RECORD_REMAINING));
  }
  deliverHere();
}

/** Delivers the external interrupt `vector` (0…255) at an instruction boundary. */
export function interrupt(vector: i32): void {
  store<i32>(DELIVERING, 0x100 | vector);
}

/**
 * Everything but the budget that is due at an instruction boundary with RIP valid: debug traps of the instruction
 * before, NMI, external interrupts. `currentBlock` calls it first. Returns 1 when it delivered something or not, 0 when
 * the vCPU shut down (EXIT_REASON is EXIT_SHUTDOWN then).
 */
export function boundary(): i32 {
  return 1;
}
