// CR0, CR2, CR3, CR4, CR8 and XCR0. SDM volume 3A section 2.5 and volume 2 MOV CR, LMSW, SMSW, CLTS, XSETBV, XGETBV;
// APM volume 2 sections 3.1 and 5.3. Entering and leaving long mode: SDM volume 3A section 9.8.5.

import {
  CR0,
  CR2,
  CR3,
  CR4,
  GPR,
  MSR_EFER,
  SEGMENT_ATTRIBUTES,
  SEGMENT_CS,
  VECTOR_GP,
  VECTOR_UD,
  XCR0,
} from '../layout.ts';
import { ATTRIBUTE_LONG } from './descriptors.ts';
import { raise } from './exceptions.ts';
import { cr8Read, cr8Write } from './imports.ts';
import {
  CR0_AM,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_FSGSBASE,
  CR4_LA57,
  CR4_OSFXSR,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PCE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PSE,
  CR4_PVI,
  CR4_SMAP,
  CR4_SMEP,
  CR4_TSD,
  CR4_UMIP,
  CR4_VME,
  EFER_LMA,
  EFER_LME,
  inLong64,
  inLongMode,
  updateMode,
} from './mode.ts';
import { loadPageDirectoryPointers } from './paging.ts';
import { requirePrivilege, requireUserModeInstructions } from './privilege.ts';
import { flushAll, loadAddressSpace } from './tlb.ts';

const CR0_DEFINED: u32 =
  CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
/** CR4.MCE and CR4.OSXMMEXCPT: kept, read by others. */
const CR4_MCE: u32 = 0x40;
const CR4_OSXMMEXCPT: u32 = 0x400;
const CR4_DEFINED: u32 =
  CR4_VME |
  CR4_PVI |
  CR4_TSD |
  CR4_DE |
  CR4_PSE |
  CR4_PAE |
  CR4_MCE |
  CR4_PGE |
  CR4_PCE |
  CR4_OSFXSR |
  CR4_OSXMMEXCPT |
  CR4_UMIP |
  CR4_LA57 |
  CR4_FSGSBASE |
  CR4_PCIDE |
  CR4_OSXSAVE |
  CR4_SMEP |
  CR4_SMAP;
/** Changing one of these makes every translation doubtful. */
const CR4_TRANSLATION: u32 = CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_LA57;
/** Bits of CR3 above the 40 bits of guest-physical addresses: reserved in long mode. */
const CR3_RESERVED: u64 = 0xffffff0000000000;
/** Extended states that exist: x87 and SSE. */
const XCR0_DEFINED: u64 = 0x3;

/** MOV from CR `number` (0, 2, 3, 4, 8). Raises #UD for others and #GP(0) above privilege level 0. */
export function movFromCr(number: i32): i64 {
  if (number != 0 && number != 2 && number != 3 && number != 4 && number != 8) raise(VECTOR_UD, -1);
  requirePrivilege();
  if (number == 8) return <i64>cr8Read();
  if (number == 0) return load<i64>(CR0);
  // CR2, CR3 and CR4 follow each other; CR1 does not exist.
  return load<i64>(CR2 + (number - 2) * 8);
}

/** MOV to CR `number` (0, 2, 3, 4, 8). The caller ends its block. */
export function movToCr(number: i32, value: i64): void {
  if (number != 0 && number != 2 && number != 3 && number != 4 && number != 8) raise(VECTOR_UD, -1);
  requirePrivilege();
  const full = inLong64() ? value : value & 0xffffffff;
  if (number == 0) writeCr0(full);
  else if (number == 2) store<i64>(CR2, full);
  else if (number == 3) writeCr3(full);
  else if (number == 4) writeCr4(full);
  else {
    if (<u64>full > 15) raise(VECTOR_GP, 0);
    cr8Write(<u32>full);
  }
}

/** True when the processor walks PAE tables outside long mode, whose top level is cached in PDPTE0…3. */
function usesPdptes(cr0: u32, cr4: u32, efer: u32): bool {
  return (cr0 & CR0_PG) != 0 && (cr4 & CR4_PAE) != 0 && (efer & EFER_LME) == 0;
}

function writeCr0(value: i64): void {
  if (<u64>value > 0xffffffff) raise(VECTOR_GP, 0);
  const old = load<u32>(CR0);
  const cr0 = (<u32>value & CR0_DEFINED) | CR0_ET;
  if ((cr0 & (CR0_PG | CR0_PE)) == CR0_PG || (cr0 & (CR0_NW | CR0_CD)) == CR0_NW) raise(VECTOR_GP, 0);
  const changed = old ^ cr0;
  const cr4 = load<u32>(CR4);
  let efer = load<u32>(MSR_EFER);
  if (changed & CR0_PG) {
    if (cr0 & CR0_PG) {
      if (efer & EFER_LME) {
        if ((cr4 & CR4_PAE) == 0 || (load<u32>(SEGMENT_CS + SEGMENT_ATTRIBUTES) & ATTRIBUTE_LONG) != 0)
          raise(VECTOR_GP, 0);
        efer |= EFER_LMA;
      }
    } else {
      if (inLong64() || (cr4 & CR4_PCIDE) != 0) raise(VECTOR_GP, 0);
      efer &= ~EFER_LMA;
    }
  }
  if ((changed & (CR0_PG | CR0_CD | CR0_NW)) != 0 && usesPdptes(cr0, cr4, efer)) {
    if (!loadPageDirectoryPointers(load<u64>(CR3))) raise(VECTOR_GP, 0);
  }
  store<i64>(CR0, <i64>cr0);
  store<i64>(MSR_EFER, <i64>efer);
  if (changed & (CR0_PG | CR0_WP)) flushAll();
  updateMode();
}

function writeCr3(value: i64): void {
  let keep = false;
  let cr3 = <u64>value;
  if (inLongMode()) {
    if ((load<u32>(CR4) & CR4_PCIDE) != 0 && value < 0) {
      keep = true;
      cr3 &= 0x7fffffffffffffff;
    }
    if (cr3 & CR3_RESERVED) raise(VECTOR_GP, 0);
  } else if (usesPdptes(load<u32>(CR0), load<u32>(CR4), load<u32>(MSR_EFER))) {
    if (!loadPageDirectoryPointers(cr3)) raise(VECTOR_GP, 0);
  }
  store<u64>(CR3, cr3);
  loadAddressSpace(keep);
}

/** The CR3 of a task that is switched to: loaded when paging is on. Raises #GP(0) for bad page-directory pointers. */
export function loadTaskCr3(value: u32): void {
  if ((load<u32>(CR0) & CR0_PG) != 0 && load<u64>(CR3) != <u64>value) writeCr3(<i64>value);
}

function writeCr4(value: i64): void {
  if (<u64>value & ~(<u64>CR4_DEFINED)) raise(VECTOR_GP, 0);
  const old = load<u32>(CR4);
  const cr4 = <u32>value;
  const changed = old ^ cr4;
  const long = inLongMode();
  if (long && ((cr4 & CR4_PAE) == 0 || (changed & CR4_LA57) != 0)) raise(VECTOR_GP, 0);
  if ((changed & cr4 & CR4_PCIDE) != 0 && (!long || (load<u32>(CR3) & 0xfff) != 0)) raise(VECTOR_GP, 0);
  if ((changed & (CR4_PAE | CR4_PGE | CR4_PSE)) != 0 && usesPdptes(load<u32>(CR0), cr4, load<u32>(MSR_EFER))) {
    if (!loadPageDirectoryPointers(load<u64>(CR3))) raise(VECTOR_GP, 0);
  }
  store<i64>(CR4, <i64>cr4);
  if (changed & CR4_TRANSLATION) flushAll();
  updateMode();
}

/** LMSW: the low four bits of CR0; PE can be set but not cleared. */
export function lmsw(value: i32): void {
  requirePrivilege();
  const cr0 = load<u32>(CR0);
  const low: u32 = <u32>value & 0xf;
  writeCr0(<i64>((cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) | low));
}

/** SMSW: CR0, of which the operand takes its width. */
export function smsw(): i64 {
  requireUserModeInstructions();
  return load<i64>(CR0);
}

/** CLTS. */
export function clts(): void {
  requirePrivilege();
  store<u32>(CR0, load<u32>(CR0) & ~CR0_TS);
  updateMode();
}

/** XGETBV: XCR[ECX] to EDX:EAX. Only XCR0 exists. */
export function xgetbv(): void {
  if ((load<u32>(CR4) & CR4_OSXSAVE) == 0) raise(VECTOR_UD, -1);
  if (load<u32>(GPR + 8) != 0) raise(VECTOR_GP, 0);
  const value = load<u64>(XCR0);
  store<u64>(GPR, value & 0xffffffff);
  store<u64>(GPR + 16, value >> 32);
}

/** XSETBV: EDX:EAX to XCR[ECX]. x87 state cannot be disabled. */
export function xsetbv(): void {
  if ((load<u32>(CR4) & CR4_OSXSAVE) == 0) raise(VECTOR_UD, -1);
  requirePrivilege();
  const value = ((<u64>load<u32>(GPR + 16)) << 32) | <u64>load<u32>(GPR);
  if (load<u32>(GPR + 8) != 0 || (value & ~XCR0_DEFINED) != 0 || (value & 1) == 0) raise(VECTOR_GP, 0);
  store<u64>(XCR0, value);
}
