// Raising and delivering exceptions and interrupts: which fault wins, when a fault becomes a double fault or a
// shutdown, and what happens at an instruction boundary. SDM volume 3A chapter 6; APM volume 2 chapter 8.
//
// Two ways lead here. Generated handlers call `raiseFault` or `deliverFault`, which return like any function. Core
// routines call `raise`, which leaves all Wasm frames through the host's `unwind`; the run loop then calls
// `deliverCurrent`.

import {
  BUDGET,
  CODE_PAGE,
  COUNT_EXCEPTIONS,
  COUNT_INTERRUPTS,
  CURRENT,
  DELIVERING,
  EXIT_REASON,
  EXIT_SHUTDOWN,
  FAULT_CODE,
  FAULT_VECTOR,
  INTERRUPT_PENDING,
  INTERRUPT_SHADOW,
  NMI_BLOCKED,
  NMI_PENDING,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_REMAINING,
  RFLAGS,
  RIP,
  VECTOR_AC,
  SLICE,
  VECTOR_DB,
  VECTOR_DE,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NMI,
  VECTOR_PF,
  VECTOR_TS,
} from '../layout.ts';
import { currentBlock } from './boundaries.ts';
import { codeBreakpoints, DR6_BS, recordDebugCauses } from './debug-events.ts';
import { setExternal } from './descriptors.ts';
import { FLAG_IF, FLAG_RF, FLAG_TF, getFlags } from './flags.ts';
import { acknowledgeInterrupt, unwind } from './imports.ts';
import { deliverEvent } from './interrupt-delivery.ts';
import { inLong64, inVirtual8086, updateMode } from './mode.ts';
import { PENDING_DEBUG, SHADOW_STACK, SHADOW_STEP, STEP_ARMED } from './system-state.ts';
import { interruptVirtual8086 } from './virtual-8086.ts';

/** Set in DELIVERING for what never makes a double fault: external interrupts and NMI. */
const DELIVERING_EXTERNAL: i32 = 0x100;

/** Keeps the 32 or 64 bits of an instruction pointer, by the code size of the running mode. */
export function maskToCode(rip: i64): i64 {
  return inLong64() ? rip : rip & 0xffffffff;
}

/** RIP of the instruction whose record is at `ip`. */
export function ripOf(ip: i32): i64 {
  return maskToCode(load<i64>(CODE_PAGE) + <i64>load<u16>(ip + RECORD_OFFSET));
}

/** RIP of the instruction that called the running core routine. */
export function currentRip(): i64 {
  return ripOf(load<i32>(CURRENT));
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

/**
 * The handler's way to raise: sets FAULT_VECTOR and FAULT_CODE (-1: none) and delivers for the instruction at `ip`.
 * Returns what `deliverFault` does.
 */
export function raiseFault(vector: i32, code: i32, ip: i32): i32 {
  store<i32>(FAULT_VECTOR, vector);
  store<i32>(FAULT_CODE, code);
  return deliverFault(ip);
}

/** RIP back to the instruction at `ip`, and the instructions of its block that did not happen back into the budget. */
function rewind(ip: i32): void {
  store<i64>(RIP, ripOf(ip));
  store<i32>(BUDGET, load<i32>(BUDGET) + <i32>load<u8>(ip + RECORD_REMAINING));
}

/**
 * Delivers the exception in FAULT_VECTOR / FAULT_CODE for the instruction at `ip`, whose effects have not happened.
 * Returns the first record of the handler's block, or 0 with EXIT_REASON set.
 */
export function deliverFault(ip: i32): i32 {
  rewind(ip);
  return deliverHere() ? currentBlock() : 0;
}

/** The run loop's part of `raise`: delivers what was raised. Returns 1, or 0 when the vCPU shut down. */
export function deliverCurrent(): i32 {
  // While something is under delivery RIP is already where it belongs: the instruction was rewound before.
  if (load<i32>(DELIVERING) < 0) rewind(load<i32>(CURRENT));
  return deliverHere();
}

/** #DE, #TS, #NP, #SS and #GP: two of them in a row make a double fault (SDM volume 3A table 6-4). */
function isContributory(vector: i32): bool {
  return vector == VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

/** True when exceptions of `vector` push an error code (SDM volume 3A table 6-1). */
function hasErrorCode(vector: i32): bool {
  return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) || vector == VECTOR_AC;
}

function count(counter: i32): void {
  store<i64>(counter, load<i64>(counter) + 1);
}

/**
 * Delivers the exception in FAULT_VECTOR / FAULT_CODE with RIP as it stands: for faults found at an instruction
 * boundary, such as a page fault on fetching the next instruction. Returns 1, or 0 when this was the fault that shuts
 * the vCPU down (EXIT_REASON is EXIT_SHUTDOWN then).
 */
export function deliverHere(): i32 {
  let vector = load<i32>(FAULT_VECTOR);
  let code = load<i32>(FAULT_CODE);
  const first = load<i32>(DELIVERING);
  // An alignment check on the stack of its own handler would go round for ever, which hardware indeed does.
  if (first == VECTOR_DF || (first == VECTOR_AC && vector == VECTOR_AC)) {
    store<i32>(DELIVERING, -1);
    setExternal(0);
    store<u32>(EXIT_REASON, EXIT_SHUTDOWN);
    return 0;
  }
  const second = isContributory(vector);
  if ((isContributory(first) && second) || (first == VECTOR_PF && (second || vector == VECTOR_PF))) {
    vector = VECTOR_DF;
    code = 0;
  }
  store<u32>(STEP_ARMED, 0);
  store<u32>(PENDING_DEBUG, 0);
  count(COUNT_EXCEPTIONS);
  deliver(vector, vector, hasErrorCode(vector) ? (code < 0 ? 0 : code) : -1, getFlags() | FLAG_RF);
  return 1;
}

/** Delivers an event that the program did not ask for. `delivering` is what DELIVERING says meanwhile. */
function deliver(vector: i32, delivering: i32, code: i32, flags: u32): void {
  store<i32>(DELIVERING, delivering);
  setExternal(1);
  deliverEvent(vector, code, false, flags, load<i64>(RIP));
  setExternal(0);
  store<i32>(DELIVERING, -1);
  // A delivery shortens the slice by one, so that a handler whose first instruction always faults gives way in the end.
  // It retires nothing: SLICE less BUDGET stays.
  store<i32>(BUDGET, load<i32>(BUDGET) - 1);
  store<i32>(SLICE, load<i32>(SLICE) - 1);
}

/** Delivers the external interrupt `vector` (0…255) at an instruction boundary. */
export function interrupt(vector: i32): void {
  count(COUNT_INTERRUPTS);
  deliver(vector, DELIVERING_EXTERNAL | vector, -1, getFlags());
}

/** INT n. Sets RIP. */
export function softwareInterrupt(vector: i32): void {
  const resume = nextRip();
  const flags = getFlags() & ~FLAG_RF;
  if (!inVirtual8086() || !interruptVirtual8086(vector, flags, resume)) deliverEvent(vector, -1, true, flags, resume);
  store<u32>(STEP_ARMED, 0);
}

/** INT3 (vector 3) and a taken INTO (vector 4): not sensitive to IOPL in virtual-8086 mode. Sets RIP. */
export function softwareException(vector: i32): void {
  deliverEvent(vector, -1, true, getFlags() & ~FLAG_RF, nextRip());
  store<u32>(STEP_ARMED, 0);
}

/** INT1: a #DB that leaves DR6 alone and checks no gate privilege (SDM volume 2, INT1). Sets RIP. */
export function debugInterrupt(): void {
  const resume = nextRip();
  setExternal(1);
  deliverEvent(VECTOR_DB, -1, false, getFlags() & ~FLAG_RF, resume);
  setExternal(0);
  store<u32>(STEP_ARMED, 0);
}

/** Takes an instruction boundary's debug traps: single step, and data, I/O or task-switch breakpoints. */
function takeDebugTraps(): void {
  const causes = load<u32>(PENDING_DEBUG) | (load<u32>(STEP_ARMED) ? DR6_BS : 0);
  store<u32>(PENDING_DEBUG, 0);
  store<u32>(STEP_ARMED, 0);
  if (causes == 0) return;
  recordDebugCauses(causes);
  count(COUNT_EXCEPTIONS);
  deliver(VECTOR_DB, VECTOR_DB, -1, getFlags());
}

/** Takes the external interrupt that waits, if the board still has one. */
function takeInterrupt(): void {
  const vector = acknowledgeInterrupt();
  if (vector >= 0) interrupt(vector);
  else store<u32>(INTERRUPT_PENDING, 0);
}

/**
 * Everything but the budget that is due at an instruction boundary with RIP valid: debug traps of the instruction
 * before, NMI, external interrupts, code breakpoints of the instruction to come (SDM volume 3A table 6-2).
 * `currentBlock` calls it first. It may raise (a fault while delivering), so DELIVERING and RIP are consistent always.
 */
export function boundary(): void {
  const shadow = load<u32>(INTERRUPT_SHADOW);
  store<u32>(INTERRUPT_SHADOW, 0);
  if (load<u32>(SHADOW_STEP)) {
    store<u32>(SHADOW_STEP, 0);
    updateMode();
  }
  if (shadow == SHADOW_STACK) {
    // The trap of a single step is lost behind MOV SS, a data breakpoint's is only put off (SDM volume 3A section 6.8.3).
    store<u32>(STEP_ARMED, 0);
  } else if (load<u32>(PENDING_DEBUG) | load<u32>(STEP_ARMED)) {
    takeDebugTraps();
  }
  if (load<u32>(NMI_PENDING) != 0 && load<u32>(NMI_BLOCKED) == 0 && shadow != SHADOW_STACK) {
    store<u32>(NMI_PENDING, 0);
    store<u32>(NMI_BLOCKED, 1);
    count(COUNT_INTERRUPTS);
    deliver(VECTOR_NMI, DELIVERING_EXTERNAL | VECTOR_NMI, -1, getFlags());
  }
  if (load<u32>(INTERRUPT_PENDING) != 0 && (load<u32>(RFLAGS) & FLAG_IF) != 0) {
    if (shadow == 0) {
      takeInterrupt();
    } else {
      // One instruction runs alone, so that the interrupt comes right after it and not at the end of its block.
      store<u32>(SHADOW_STEP, 1);
      updateMode();
    }
  }
  const flags = load<u32>(RFLAGS);
  if (flags & FLAG_RF) {
    // RF holds for one instruction. Clearing it here is early, but only code breakpoints look at it.
    store<u32>(RFLAGS, flags & ~FLAG_RF);
  } else if (shadow != SHADOW_STACK) {
    const hits = codeBreakpoints();
    if (hits) {
      recordDebugCauses(hits);
      count(COUNT_EXCEPTIONS);
      // Alone among faults this one leaves RF to its handler (SDM volume 3B section 17.3.1.1).
      deliver(VECTOR_DB, VECTOR_DB, -1, getFlags());
    }
  }
  store<u32>(STEP_ARMED, u32((load<u32>(RFLAGS) & FLAG_TF) != 0));
}
