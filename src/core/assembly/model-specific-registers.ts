// RDMSR and WRMSR of the registers the core acts on itself; all others are the host's (`msrRead`, `msrWrite`). Also the
// time-stamp counter and the FS and GS bases. SDM volume 4 chapter 2, volume 3B section 17.17; APM volume 2 appendix A.

import {
  CPL,
  CR0,
  CR4,
  GPR,
  MSR_CSTAR,
  MSR_EFER,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_PAT,
  MSR_SFMASK,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  MSR_TSC_ADJUST,
  MSR_TSC_AUX,
  RESULT,
  SEGMENT_BASE,
  SEGMENT_FS,
  SEGMENT_GS,
  TSC_OFFSET,
  VECTOR_GP,
  VECTOR_UD,
} from '../layout.ts';
import { raise } from './exceptions.ts';
import { msrRead, msrWrite, readTsc, timeStampChanged } from './imports.ts';
import {
  CR0_PG,
  CR4_FSGSBASE,
  CR4_PCE,
  CR4_TSD,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
  inLong64,
  isCanonical,
} from './mode.ts';
import { requirePrivilege } from './privilege.ts';
import { flushAll } from './tlb.ts';

const INDEX_TSC: u32 = 0x10;
const INDEX_TSC_ADJUST: u32 = 0x3b;
const INDEX_SYSENTER_CS: u32 = 0x174;
const INDEX_SYSENTER_ESP: u32 = 0x175;
const INDEX_SYSENTER_EIP: u32 = 0x176;
const INDEX_PAT: u32 = 0x277;
const INDEX_EFER: u32 = 0xc0000080;
const INDEX_STAR: u32 = 0xc0000081;
const INDEX_LSTAR: u32 = 0xc0000082;
const INDEX_CSTAR: u32 = 0xc0000083;
const INDEX_SFMASK: u32 = 0xc0000084;
const INDEX_FS_BASE: u32 = 0xc0000100;
const INDEX_GS_BASE: u32 = 0xc0000101;
const INDEX_KERNEL_GS_BASE: u32 = 0xc0000102;
const INDEX_TSC_AUX: u32 = 0xc0000103;
/** The first of the four performance counters that RDPMC reads (APM volume 2 section 13.2.1). */
const INDEX_PERFORMANCE_COUNTER: u32 = 0xc0010004;

/** Where the core keeps an MSR, or 0 when it does not. */
function cellOf(index: u32): i32 {
  switch (index) {
    case INDEX_SYSENTER_CS:
      return MSR_SYSENTER_CS;
    case INDEX_SYSENTER_ESP:
      return MSR_SYSENTER_ESP;
    case INDEX_SYSENTER_EIP:
      return MSR_SYSENTER_EIP;
    case INDEX_PAT:
      return MSR_PAT;
    case INDEX_EFER:
      return MSR_EFER;
    case INDEX_STAR:
      return MSR_STAR;
    case INDEX_LSTAR:
      return MSR_LSTAR;
    case INDEX_CSTAR:
      return MSR_CSTAR;
    case INDEX_SFMASK:
      return MSR_SFMASK;
    case INDEX_FS_BASE:
      return SEGMENT_FS + SEGMENT_BASE;
    case INDEX_GS_BASE:
      return SEGMENT_GS + SEGMENT_BASE;
    case INDEX_KERNEL_GS_BASE:
      return MSR_KERNEL_GS_BASE;
    case INDEX_TSC_AUX:
      return MSR_TSC_AUX;
    case INDEX_TSC_ADJUST:
      return MSR_TSC_ADJUST;
    default:
      return 0;
  }
}

/** The time-stamp counter as the guest sees it. */
export function timeStamp(): u64 {
  return <u64>readTsc() + load<u64>(TSC_OFFSET);
}

/** Writes EDX:EAX, zero-extending both registers. */
function setPair(value: u64): void {
  store<u64>(GPR, value & 0xffffffff);
  store<u64>(GPR + 16, value >> 32);
}

/** RDMSR: MSR[ECX] to EDX:EAX. */
export function readMsr(): void {
  requirePrivilege();
  const index = load<u32>(GPR + 8);
  const cell = cellOf(index);
  if (cell != 0) {
    setPair(load<u64>(cell));
  } else if (index == INDEX_TSC) {
    setPair(timeStamp());
  } else {
    if (!msrRead(index)) raise(VECTOR_GP, 0);
    setPair(load<u64>(RESULT));
  }
}

/** WRMSR: EDX:EAX to MSR[ECX]. The caller ends its block. */
export function writeMsr(): void {
  requirePrivilege();
  const index = load<u32>(GPR + 8);
  const value = ((<u64>load<u32>(GPR + 16)) << 32) | <u64>load<u32>(GPR);
  const cell = cellOf(index);
  if (index == INDEX_TSC) {
    writeTimeStamp(value);
  } else if (cell == 0) {
    store<u64>(RESULT, value);
    if (!msrWrite(index)) raise(VECTOR_GP, 0);
  } else {
    writeKept(index, cell, value);
  }
}

function writeKept(index: u32, cell: i32, value: u64): void {
  switch (index) {
    case INDEX_EFER:
      writeEfer(value);
      return;
    case INDEX_TSC_ADJUST:
      store<u64>(TSC_OFFSET, load<u64>(TSC_OFFSET) + (value - load<u64>(MSR_TSC_ADJUST)));
      timeStampChanged();
      break;
    case INDEX_PAT:
      if (!isPageAttributeTable(value)) raise(VECTOR_GP, 0);
      break;
    case INDEX_TSC_AUX:
    case INDEX_SFMASK:
      if (value >> 32) raise(VECTOR_GP, 0);
      break;
    case INDEX_STAR:
    case INDEX_SYSENTER_CS:
      break;
    default:
      // All the others hold linear addresses.
      if (!isCanonical(<i64>value)) raise(VECTOR_GP, 0);
  }
  store<u64>(cell, value);
}

/** Sets the counter; TSC_ADJUST moves along (SDM volume 3B section 17.17.3). */
function writeTimeStamp(value: u64): void {
  const change = value - timeStamp();
  store<u64>(TSC_OFFSET, load<u64>(TSC_OFFSET) + change);
  timeStampChanged();
  store<u64>(MSR_TSC_ADJUST, load<u64>(MSR_TSC_ADJUST) + change);
}

/** True when each byte is a memory type: UC, WC, WT, WP, WB or UC-. */
function isPageAttributeTable(value: u64): bool {
  for (let i: u64 = 0; i < 64; i += 8) {
    const type = (value >> i) & 0xff;
    if (type > 7 || type == 2 || type == 3) return false;
  }
  return true;
}

/** LMA is read-only, LME may not change while paging is on (SDM volume 3A section 2.2.1). */
function writeEfer(value: u64): void {
  const old = load<u64>(MSR_EFER);
  const known: u64 = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
  if (value & ~known) raise(VECTOR_GP, 0);
  const changed = old ^ value;
  if ((changed & EFER_LME) != 0 && (load<u32>(CR0) & CR0_PG) != 0) raise(VECTOR_GP, 0);
  store<u64>(MSR_EFER, (value & ~(<u64>EFER_LMA)) | (old & EFER_LMA));
  if (changed & EFER_NXE) flushAll();
}

function requireTimeStamp(): void {
  if (load<u32>(CPL) != 0 && (load<u32>(CR4) & CR4_TSD) != 0) raise(VECTOR_GP, 0);
}

/** RDTSC: the counter to EDX:EAX. */
export function rdtsc(): void {
  requireTimeStamp();
  setPair(timeStamp());
}

/** RDTSCP: as RDTSC, and TSC_AUX to ECX. */
export function rdtscp(): void {
  requireTimeStamp();
  setPair(timeStamp());
  store<i64>(GPR + 8, load<i64>(MSR_TSC_AUX) & 0xffffffff);
}

/** RDPID: TSC_AUX. */
export function rdpid(): i64 {
  return load<i64>(MSR_TSC_AUX) & 0xffffffff;
}

/** RDPMC: the performance counter ECX to EDX:EAX, when the host keeps one. */
export function rdpmc(): void {
  if (load<u32>(CPL) != 0 && (load<u32>(CR4) & CR4_PCE) == 0) raise(VECTOR_GP, 0);
  const counter = load<u32>(GPR + 8);
  if (counter > 3 || !msrRead(INDEX_PERFORMANCE_COUNTER + counter)) raise(VECTOR_GP, 0);
  setPair(load<u64>(RESULT));
}

/** SWAPGS (64-bit mode only; the form sees to that). */
export function swapgs(): void {
  requirePrivilege();
  const base = load<i64>(SEGMENT_GS + SEGMENT_BASE);
  store<i64>(SEGMENT_GS + SEGMENT_BASE, load<i64>(MSR_KERNEL_GS_BASE));
  store<i64>(MSR_KERNEL_GS_BASE, base);
}

function requireBaseInstructions(): void {
  if (!inLong64() || (load<u32>(CR4) & CR4_FSGSBASE) == 0) raise(VECTOR_UD, -1);
}

/** RDFSBASE (`number` 4) and RDGSBASE (5): the base, of which the operand takes its width. */
export function readSegmentBase(number: i32): i64 {
  requireBaseInstructions();
  return load<i64>(SEGMENT_FS + (number - 4) * 32 + SEGMENT_BASE);
}

/** WRFSBASE (`number` 4) and WRGSBASE (5), with the operand zero-extended. #GP(0) when it is not canonical. */
export function writeSegmentBase(number: i32, base: i64): void {
  requireBaseInstructions();
  if (!isCanonical(base)) raise(VECTOR_GP, 0);
  store<i64>(SEGMENT_FS + (number - 4) * 32 + SEGMENT_BASE, base);
}
