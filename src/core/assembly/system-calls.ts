// SYSCALL, SYSRET, SYSENTER and SYSEXIT as AMD processors do them: APM volume 3 SYSCALL, SYSRET, SYSENTER, SYSEXIT;
// volume 2 section 6.1. Where Intel differs (SDM volume 2): it checks RCX of SYSRET for being canonical at privilege
// level 0, loads all of SS, and knows SYSENTER in long mode.

import {
  CPL,
  GPR,
  MSR_CSTAR,
  MSR_EFER,
  MSR_LSTAR,
  MSR_SFMASK,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  RFLAGS,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  VECTOR_GP,
  VECTOR_UD,
} from '../layout.ts';
import { nextRip, raise } from './exceptions.ts';
import { FLAG_IF, FLAG_RF, FLAG_TF, FLAG_VM, FLAGS_ALL, getFlags, setFlags } from './flags.ts';
import { EFER_SCE, inLong64, inLongMode, inProtectedMode, inRealMode, updateMode } from './mode.ts';
import { STEP_ARMED } from './system-state.ts';

const RCX = GPR + 8;
const RDX = GPR + 16;
const RSP = GPR + 32;
const R11 = GPR + 88;

/** Flat segments, present and accessed: readable code of 32 and 64 bits, writable data. */
const FLAT_CODE_32: u32 = 0xc09b00;
const FLAT_CODE_64: u32 = 0xa09b00;
const FLAT_DATA: u32 = 0xc09300;
const DPL_3: u32 = 0x6000;

function setFlat(segment: i32, selector: u32, attributes: u32): void {
  store<i64>(segment + SEGMENT_BASE, 0);
  store<u32>(segment + SEGMENT_LIMIT, 0xffffffff);
  store<u32>(segment + SEGMENT_ATTRIBUTES, attributes);
  store<u32>(segment + SEGMENT_SELECTOR, selector & 0xffff);
}

/** SYSCALL. #UD unless EFER.SCE. Sets RIP. */
export function syscall(): void {
  if ((load<u32>(MSR_EFER) & EFER_SCE) == 0) raise(VECTOR_UD, -1);
  const star = load<u64>(MSR_STAR);
  const selector = <u32>(star >> 32) & 0xfffc;
  const resume = nextRip();
  if (inLongMode()) {
    const flags = getFlags() & ~FLAG_RF;
    store<i64>(RIP, load<i64>(inLong64() ? MSR_LSTAR : MSR_CSTAR));
    store<i64>(RCX, resume);
    store<i64>(R11, <i64>flags);
    setFlat(SEGMENT_CS, selector, FLAT_CODE_64);
    setFlat(SEGMENT_SS, selector + 8, FLAT_DATA);
    store<u32>(CPL, 0);
    setFlags(0, load<u32>(MSR_SFMASK) | FLAG_RF | FLAG_VM);
  } else {
    store<i64>(RIP, <i64>(star & 0xffffffff));
    store<i64>(RCX, resume);
    setFlat(SEGMENT_CS, selector, FLAT_CODE_32);
    setFlat(SEGMENT_SS, selector + 8, FLAT_DATA);
    store<u32>(CPL, 0);
    setFlags(0, FLAG_IF | FLAG_RF | FLAG_VM);
  }
  updateMode();
  // The trap of a single step belongs to the flags that SYSCALL leaves, so that masking TF hides it.
  store<u32>(STEP_ARMED, u32((load<u32>(RFLAGS) & FLAG_TF) != 0 && load<u32>(STEP_ARMED) != 0));
}

/** SYSRET; `operandSize` 64 returns to 64-bit mode, 32 to compatibility or legacy mode. Sets RIP. */
export function sysret(operandSize: i32): void {
  if ((load<u32>(MSR_EFER) & EFER_SCE) == 0) raise(VECTOR_UD, -1);
  if (!inProtectedMode() || load<u32>(CPL) != 0) raise(VECTOR_GP, 0);
  const star = load<u64>(MSR_STAR);
  const selector = <u32>(star >> 48);
  const from64 = inLong64();
  if (from64 && operandSize == 64) {
    // A target that is not canonical faults at level 3, on the fetch.
    setFlat(SEGMENT_CS, (selector + 16) | 3, FLAT_CODE_64 | DPL_3);
    store<i64>(RIP, load<i64>(RCX));
  } else {
    setFlat(SEGMENT_CS, selector | 3, FLAT_CODE_32 | DPL_3);
    store<i64>(RIP, load<i64>(RCX) & 0xffffffff);
  }
  // Only the selector and the level of SS change; base, limit and type stay (APM volume 3, SYSRET).
  const stack = SEGMENT_SS;
  store<u32>(stack + SEGMENT_SELECTOR, ((selector + 8) | 3) & 0xffff);
  store<u32>(stack + SEGMENT_ATTRIBUTES, load<u32>(stack + SEGMENT_ATTRIBUTES) | DPL_3);
  store<u32>(CPL, 3);
  if (from64) setFlags(load<u32>(R11) & ~(FLAG_RF | FLAG_VM), FLAGS_ALL);
  else setFlags(FLAG_IF, FLAG_IF);
  updateMode();
}

/** SYSENTER: legacy protected mode only, #UD in long mode. Sets RIP. */
export function sysenter(): void {
  if (inLongMode()) raise(VECTOR_UD, -1);
  const selector = load<u32>(MSR_SYSENTER_CS) & 0xfffc;
  if (inRealMode() || selector == 0) raise(VECTOR_GP, 0);
  setFlat(SEGMENT_CS, selector, FLAT_CODE_32);
  setFlat(SEGMENT_SS, selector + 8, FLAT_DATA);
  store<u32>(CPL, 0);
  store<i64>(RSP, load<i64>(MSR_SYSENTER_ESP) & 0xffffffff);
  store<i64>(RIP, load<i64>(MSR_SYSENTER_EIP) & 0xffffffff);
  setFlags(0, FLAG_IF | FLAG_RF | FLAG_VM);
  updateMode();
}

/** SYSEXIT: legacy protected mode only, #UD in long mode. Sets RIP. */
export function sysexit(): void {
  if (inLongMode()) raise(VECTOR_UD, -1);
  const selector = load<u32>(MSR_SYSENTER_CS) & 0xfffc;
  if (!inProtectedMode() || load<u32>(CPL) != 0 || selector == 0) raise(VECTOR_GP, 0);
  setFlat(SEGMENT_CS, (selector + 16) | 3, FLAT_CODE_32 | DPL_3);
  setFlat(SEGMENT_SS, (selector + 24) | 3, FLAT_DATA | DPL_3);
  store<u32>(CPL, 3);
  store<i64>(RIP, load<i64>(RDX) & 0xffffffff);
  store<i64>(RSP, load<i64>(RCX) & 0xffffffff);
  updateMode();
}
