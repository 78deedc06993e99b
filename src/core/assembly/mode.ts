// What the translation of code and the access checks depend on, recomputed whenever segments, control registers, the
// privilege level or the mode flags change: MODE, CPL in the modes that fix it, and through `updateTlbBase`
// CODE_CONTEXT and the TLB in use.

import {
  CPL,
  CR0,
  CR4,
  DR0,
  MODE,
  MODE_CODE_16,
  MODE_CODE_32,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MODE_CODE_UNCHECKED,
  MODE_EM,
  MODE_LONG,
  MODE_OSFXSR,
  MODE_OSXSAVE,
  MODE_PROTECTED,
  MODE_STACK_32,
  MODE_STEP,
  MODE_TS,
  MODE_UNCHECKED_ALL,
  MODE_UNCHECKED_ES,
  MODE_ZERO_BASES,
  MSR_EFER,
  RFLAGS,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_LIMIT,
  SEGMENT_SS,
} from '../layout.ts';
import { updateTlbBase } from './tlb.ts';
import { SHADOW_STEP } from './system-state.ts';

export const CR0_PE: u32 = 0x1;
export const CR0_MP: u32 = 0x2;
export const CR0_EM: u32 = 0x4;
export const CR0_TS: u32 = 0x8;
export const CR0_ET: u32 = 0x10;
export const CR0_NE: u32 = 0x20;
export const CR0_WP: u32 = 0x10000;
export const CR0_AM: u32 = 0x40000;
export const CR0_NW: u32 = 0x20000000;
export const CR0_CD: u32 = 0x40000000;
export const CR0_PG: u32 = 0x80000000;
export const CR4_VME: u32 = 0x1;
export const CR4_PVI: u32 = 0x2;
export const CR4_TSD: u32 = 0x4;
export const CR4_DE: u32 = 0x8;
export const CR4_PSE: u32 = 0x10;
export const CR4_PAE: u32 = 0x20;
export const CR4_PGE: u32 = 0x80;
export const CR4_PCE: u32 = 0x100;
export const CR4_OSFXSR: u32 = 0x200;
export const CR4_UMIP: u32 = 0x800;
export const CR4_LA57: u32 = 0x1000;
export const CR4_FSGSBASE: u32 = 0x10000;
export const CR4_PCIDE: u32 = 0x20000;
export const CR4_OSXSAVE: u32 = 0x40000;
export const CR4_SMEP: u32 = 0x100000;
export const CR4_SMAP: u32 = 0x200000;
export const EFER_SCE: u32 = 0x1;
export const EFER_LME: u32 = 0x100;
export const EFER_LMA: u32 = 0x400;
export const EFER_NXE: u32 = 0x800;

const FLAG_TF: u32 = 0x100;
const FLAG_VM: u32 = 0x20000;
/** Attributes of a segment that needs no check: present, data, writable, expand-up, usable. */
const FLAT_MASK: u32 = 0x9e01;
const FLAT_DATA: u32 = 0x9200;

/** True in 64-bit mode proper (not compatibility mode). */
export function inLong64(): bool {
  return (load<u32>(MODE) & MODE_CODE_MASK) == MODE_CODE_64;
}

/** True when linear addresses wrap at 4 GiB: everywhere but in 64-bit mode. */
export function wrapsAt32(): bool {
  return !inLong64();
}

/** True while long mode is active (EFER.LMA), compatibility mode included. */
export function inLongMode(): bool {
  return (load<u32>(MSR_EFER) & EFER_LMA) != 0;
}

/** True in virtual-8086 mode. */
export function inVirtual8086(): bool {
  return (load<u32>(RFLAGS) & FLAG_VM) != 0;
}

/** True in real mode (CR0.PE clear). */
export function inRealMode(): bool {
  return (load<u32>(CR0) & CR0_PE) == 0;
}

/** True in protected mode and long mode, false in real and virtual-8086 mode. */
export function inProtectedMode(): bool {
  return (load<u32>(MODE) & MODE_PROTECTED) != 0;
}

/** True when an address fits the width of linear addresses in use: 48 bits, or 57 with CR4.LA57 (SDM volume 1 section 3.3.7.1). */
export function isCanonical(address: i64): bool {
  const shift: i64 = load<u32>(CR4) & CR4_LA57 ? 7 : 16;
  return (address << shift) >> shift == address;
}

/** True when DR7 enables a breakpoint of which `kinds` holds the bit 1 << R/W field (0 execute, 1 write, 2 I/O, 3 read or write). */
export function breakpointsEnabled(kinds: u32): bool {
  const control = load<u32>(DR0 + 56);
  if ((control & 0xff) == 0) return false;
  for (let i: u32 = 0; i < 4; i++) {
    if (((control >> (i * 2)) & 3) != 0 && ((kinds >> ((control >> (16 + i * 4)) & 3)) & 1) != 0) return true;
  }
  return false;
}

/** Recomputes everything that derives from control registers, segments, CPL and the flags TF, VM and AC. */
export function updateMode(): void {
  const cr0 = load<u32>(CR0);
  const cr4 = load<u32>(CR4);
  const flags = load<u32>(RFLAGS);
  const long = (load<u32>(MSR_EFER) & EFER_LMA) != 0;
  const virtual = (flags & FLAG_VM) != 0;
  const protectedMode = (cr0 & CR0_PE) != 0 && !virtual;
  if (!protectedMode) store<u32>(CPL, virtual ? 3 : 0);
  const code = load<u32>(SEGMENT_CS + SEGMENT_ATTRIBUTES);
  let mode: u32;
  if (long && (code & 0x200000) != 0) {
    mode = MODE_CODE_64 | MODE_UNCHECKED_ALL | MODE_CODE_UNCHECKED;
  } else {
    mode = code & 0x400000 ? MODE_CODE_32 : MODE_CODE_16;
    if (load<u32>(SEGMENT_SS + SEGMENT_ATTRIBUTES) & 0x400000) mode |= MODE_STACK_32;
    for (let number = 0; number < 6; number++) {
      const segment = SEGMENT_ES + number * 32;
      if (load<u32>(segment + SEGMENT_LIMIT) != 0xffffffff) continue;
      const attributes = load<u32>(segment + SEGMENT_ATTRIBUTES);
      // Code segments may not be written, so CS is checked always: hardly anything accesses data through it.
      if ((attributes & FLAT_MASK) == FLAT_DATA) mode |= MODE_UNCHECKED_ES << number;
    }
    if (load<u32>(SEGMENT_CS + SEGMENT_LIMIT) == 0xffffffff) mode |= MODE_CODE_UNCHECKED;
    const bases = load<u64>(SEGMENT_ES + SEGMENT_BASE) | load<u64>(SEGMENT_SS + SEGMENT_BASE);
    if ((bases | load<u64>(SEGMENT_DS + SEGMENT_BASE)) == 0) mode |= MODE_ZERO_BASES;
  }
  if (protectedMode) mode |= MODE_PROTECTED;
  if (long) mode |= MODE_LONG;
  if (cr0 & CR0_EM) mode |= MODE_EM;
  if (cr0 & CR0_TS) mode |= MODE_TS;
  if (cr4 & CR4_OSFXSR) mode |= MODE_OSFXSR;
  if (cr4 & CR4_OSXSAVE) mode |= MODE_OSXSAVE;
  if ((flags & FLAG_TF) != 0 || load<u32>(SHADOW_STEP) != 0 || breakpointsEnabled(0b1111)) mode |= MODE_STEP;
  store<u32>(MODE, mode);
  updateTlbBase();
}
