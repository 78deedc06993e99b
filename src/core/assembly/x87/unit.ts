// What every x87 instruction begins and ends with, and the register stack. SDM volume 1 chapter 8. Where the manual
// leaves a condition bit undefined, it is as AMD's processors leave it.

import {
  CODE_PAGE,
  CURRENT,
  FPU_CONTROL,
  FPU_DP,
  FPU_DP_SELECTOR,
  FPU_IP,
  FPU_IP_SELECTOR,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_STATUS_ES,
  FPU_TAG,
  FPU_TOP,
  RECORD_A,
  RECORD_ADDRESSING,
  RECORD_OFFSET,
  RECORD_SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_ES,
  SEGMENT_SELECTOR,
  VECTOR_MF,
} from '../../layout.ts';
import { maskToCode, raise } from '../exceptions.ts';
import { f80Blocked, f80Set } from '../float/f80-format.ts';
import { C1, IE, floatCondition, floatFlags } from '../float/flags.ts';

/** Stack fault, in the status word next to the exception flags. */
const SF: u32 = 0x40;
/** With busy, which always has the same value. */
const ES_AND_BUSY: u32 = 0x8080;
const EXCEPTIONS: u32 = 0x3f;

/** The control word, from `begin` on. */
export let control: u32 = 0;
/** A value of the extended format that is in no register. */
export const scratch: usize = memory.data(16);

/** Raises #MF while an unmasked exception is pending, as all but the non-waiting instructions do first. */
export function waitX87(): void {
  // With CR0.NE clear a PC routes FERR# through IRQ 13; there is no such line here, and #MF stands for it.
  if (<u32>load<u16>(FPU_STATUS) & FPU_STATUS_ES) raise(VECTOR_MF, -1);
}

/** Begins an instruction: a pending exception is raised, and the flags of the last one are forgotten. */
export function begin(): void {
  waitX87();
  floatFlags = 0;
  floatCondition = 0;
  control = load<u16>(FPU_CONTROL);
}

/**
 * Ends an instruction: what it raised goes into the status word, and those of C0 to C3 that are set in `conditions`. It
 * becomes the last instruction that the unit saw.
 */
export function finish(conditions: u32): void {
  let status = (<u32>load<u16>(FPU_STATUS) & ~conditions) | (floatCondition & conditions) | floatFlags;
  if (floatFlags & ~control & EXCEPTIONS) status |= ES_AND_BUSY;
  store<u16>(FPU_STATUS, <u16>status);
  const ip = load<i32>(CURRENT);
  store<i64>(FPU_IP, maskToCode(load<i64>(CODE_PAGE) + <i64>load<u16>(ip + RECORD_OFFSET)));
  store<u16>(FPU_IP_SELECTOR, load<u16>(SEGMENT_CS + SEGMENT_SELECTOR));
  store<u16>(FPU_OPCODE, load<u16>(ip + RECORD_A));
}

/** As `finish`, of an instruction with a memory operand at `linear`, which the data pointer then points to. */
export function finishMemory(conditions: u32, linear: i64): void {
  finish(conditions);
  const ip = load<i32>(CURRENT);
  const segment = SEGMENT_ES + ((<i32>load<u8>(ip + RECORD_ADDRESSING) >> 2) & 7) * 32;
  store<i64>(FPU_DP, maskToCode(linear - load<i64>(load<u16>(ip + RECORD_SEGMENT_BASE))));
  store<u16>(FPU_DP_SELECTOR, load<u16>(segment + SEGMENT_SELECTOR));
}

/** The bit of ST(i) in FPU_TAG. */
// @ts-ignore: decorator
@inline
function tagBit(i: u32): u32 {
  return 1 << ((load<u32>(FPU_TOP) + i) & 7);
}

/** Whether ST(i) holds something. */
// @ts-ignore: decorator
@inline
export function isPresent(i: u32): bool {
  return (<u32>load<u8>(FPU_TAG) & tagBit(i)) != 0;
}

/** Whether ST(i) holds something; a stack underflow is raised when not. */
export function has(i: u32): bool {
  if (isPresent(i)) return true;
  floatFlags |= IE | SF;
  return false;
}

/** Whether a push finds an empty register; a stack overflow is raised when not, of which C1 tells. */
export function hasRoom(): bool {
  if (!isPresent(7)) return true;
  floatFlags |= IE | SF;
  floatCondition = C1;
  return false;
}

/** Whether a stack overflow or underflow was raised. */
export function stackFault(): bool {
  return (floatFlags & SF) != 0;
}

/** Whether an unmasked exception found before the operation keeps it from happening. */
export function isBlocked(): bool {
  return f80Blocked(control);
}

/** Stores the default NaN, which masked stack faults give. */
export function setDefaultNan(dst: usize): void {
  f80Set(dst, 0xffff, 0xc000000000000000);
}

/** Marks ST(i) as not empty. */
export function occupy(i: u32): void {
  store<u8>(FPU_TAG, <u8>(<u32>load<u8>(FPU_TAG) | tagBit(i)));
}

/** Marks ST(i) as empty. */
export function vacate(i: u32): void {
  store<u8>(FPU_TAG, <u8>(<u32>load<u8>(FPU_TAG) & ~tagBit(i)));
}

/** Turns the stack by `distance` registers; what is ST(`distance`) becomes ST(0). */
export function turn(distance: u32): void {
  store<u32>(FPU_TOP, (load<u32>(FPU_TOP) + distance) & 7);
}

/** Makes what was stored in ST(7) the new ST(0). */
export function push(): void {
  turn(7);
  occupy(0);
}

/** Empties ST(0) and makes ST(1) the new ST(0). */
export function pop(): void {
  vacate(0);
  turn(1);
}
