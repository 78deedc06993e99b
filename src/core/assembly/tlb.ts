// The TLB as the processor's instructions see it: filling, flushing, switching address spaces, and choosing the tables
// that the running vCPU uses. SDM volume 3A section 4.10.

import {
  CODE_CONTEXT,
  COUNT_TLB_FILLS,
  CPL,
  CR0,
  CR3,
  CR4,
  FRAME_CODE,
  ADDRESS_SPACE_SLOT,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MODE_CODE_UNCHECKED,
  OPEN_BUS_FRAME,
  P2M_RAM,
  P2M_READ_ONLY,
  P2M_ROM,
  P2M_UNPOPULATED,
  RFLAGS,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  TLB_ADDEND,
  TLB_BASE,
  TLB_CONTEXT_CHECKED,
  TLB_CONTEXT_SUPERVISOR,
  TLB_CONTEXT_SUPERVISOR_SMAP,
  TLB_CONTEXT_USER,
  TLB_EXECUTE_TAG,
  TLB_READ_TAG,
  TLB_SLOTS,
  TLB_WRITE_TAG,
} from '../layout.ts';
import {
  findSlot,
  flushAddress,
  flushSlot,
  noteLargePage,
  renewGeneration,
  resetSlots,
  slotGeneration,
  SUPERVISOR_CODE,
  takeSlot,
} from './address-space.ts';
import { segmentGeneration } from './code-generations.ts';
import { frameFlags, OFFSET_MASK } from './frames.ts';
import { breakpointsEnabled, CR0_AM, CR4_PCIDE, CR4_PGE, CR4_SMAP } from './mode.ts';
import { KIND_EXECUTE, KIND_WRITE } from './page-fault.ts';
import { mayExecute, mayRead, mayWrite, PAGE_DIRTY, PAGE_GLOBAL, PAGE_SHIFT_POSITION } from './page-rights.ts';
import { pagePhysical, peek, walk } from './paging.ts';
import { p2mEntry, populate, unshare } from './p2m.ts';
import {
  ENTRY_FLAGS,
  ENTRY_GLOBAL,
  ENTRY_WRITABLE,
  entryOf,
  markUsed,
  noteWritable,
  NO_TAG,
  PAGE_MASK,
  resetTables,
  tableOf,
} from './tlb-tables.ts';

const FLAG_AC: u32 = 0x40000;
const FRAME_MASK: u32 = 0xfffff000;
const ADDRESS_MASK: u64 = 0x000000fffffff000;

/** What `translate` returns instead of a machine address: a fault (FAULT_* and CR2 are set), or something that is not plain memory. */
export const TRANSLATE_FAULT: u32 = 0;
/** No memory there: `specialGfn` is for the MMIO bus. */
export const TRANSLATE_MMIO: u32 = 1;
/** A write to ROM, which changes nothing; `specialMachine` is the byte's machine address. */
export const TRANSLATE_ROM: u32 = 2;
/** Machine addresses are above this. */
export const TRANSLATE_SPECIAL: u32 = 2;
export let specialGfn: u32 = 0;
export let specialMachine: u32 = 0;

/** The context that accesses of the running program have, whether or not they are checked one by one. */
export let accessContext: u32 = 0;
/** The context of implicit supervisor accesses. RFLAGS.AC does not lift SMAP for them. */
export let systemContext: u32 = 1;
/** True while every access takes the slow path, because of alignment checks or data breakpoints. */
export let accessesChecked: bool = false;

/**
 * Machine address of `linear` for an access of KIND_ `kind` in a context, or a TRANSLATE_ value. What is found goes
 * into the table of that context.
 */
// @ts-ignore: decorator
@inline
export function translate(linear: u64, kind: i32, context: u32): u32 {
  const entry = entryOf(tableOf(load<u32>(ADDRESS_SPACE_SLOT), context), linear);
  if (load<u64>(entry + (kind << 3)) == (linear & PAGE_MASK)) return <u32>linear + load<u32>(entry, TLB_ADDEND);
  return fill(entry, linear, kind, context);
}

/** Whether the page that one of the following three found is known to be global. */
export let fetchedGlobal: bool = false;

/** As `translate`, but for a fetch, and where there is no memory a fetch sees ones. */
export function translateFetch(linear: u64): u32 {
  const machine = fetchedBefore(linear);
  if (machine != 0) return machine;
  const entry = entryOf(tableOf(load<u32>(ADDRESS_SPACE_SLOT), accessContext), linear);
  const filled = fill(entry, linear, KIND_EXECUTE, accessContext);
  fetchedBefore(linear);
  return filled;
}

/** Machine address of `linear` for a fetch if the TLB has it, else 0. */
export function fetchedBefore(linear: u64): u32 {
  const entry = entryOf(tableOf(load<u32>(ADDRESS_SPACE_SLOT), accessContext), linear);
  const isThere = load<u64>(entry, TLB_EXECUTE_TAG) == (linear & PAGE_MASK);
  fetchedGlobal = isThere && (load<u32>(entry, ENTRY_FLAGS) & ENTRY_GLOBAL) != 0;
  return isThere ? <u32>linear + load<u32>(entry, TLB_ADDEND) : 0;
}

/** The same if a fetch would find it without a trace in the page tables. */
export function fetchable(linear: u64): u32 {
  const machine = fetchedBefore(linear);
  if (machine != 0) return machine;
  const rights = peek(linear, accessContext);
  const mapping = rights == 0 ? 0 : p2mEntry(<u32>(pagePhysical >> 12));
  if ((mapping & P2M_RAM) == 0) return 0;
  fetchedGlobal = isGlobal(rights);
  // Whatever drops the page from a TLB that had it is to be noticed.
  const shift = shiftOf(rights);
  if (shift > 12) noteLargePage(load<u32>(ADDRESS_SPACE_SLOT), linear, shift);
  return (mapping & FRAME_MASK) | (<u32>linear & OFFSET_MASK);
}

// @ts-ignore: decorator
@inline
function isGlobal(rights: u32): bool {
  return (rights & PAGE_GLOBAL) != 0 && (load<u32>(CR4) & CR4_PGE) != 0;
}

// @ts-ignore: decorator
@inline
function shiftOf(rights: u32): u32 {
  return (rights >>> PAGE_SHIFT_POSITION) & 63;
}

/** Gives an entry that may be written its write tag, unless the frame holds decoded code. */
// @ts-ignore: decorator
@inline
function setWriteTag(entry: u32, frame: u32, linear: u64): void {
  const isCode = (frameFlags(frame) & FRAME_CODE) != 0;
  store<u64>(entry, isCode ? NO_TAG : linear & PAGE_MASK, TLB_WRITE_TAG);
  if (!isCode) noteWritable(frame, linear);
}

/** Walks the page tables and fills a TLB entry. */
function fill(entry: u32, linear: u64, kind: i32, context: u32): u32 {
  if (
    kind == KIND_WRITE &&
    load<u64>(entry, TLB_READ_TAG) == (linear & PAGE_MASK) &&
    (load<u32>(entry, ENTRY_FLAGS) & ENTRY_WRITABLE) != 0
  ) {
    // Only the write tag is missing: the frame holds decoded code, or did.
    const machine = <u32>linear + load<u32>(entry, TLB_ADDEND);
    setWriteTag(entry, machine & FRAME_MASK, linear);
    return machine;
  }
  const rights = walk(linear, kind, context);
  if (rights == 0) return TRANSLATE_FAULT;
  const gfn = <u32>(pagePhysical >> 12);
  const offset = <u32>linear & OFFSET_MASK;
  let mapping = p2mEntry(gfn);
  // A page that is only read gets its frame too: an untouched one costs no memory of the host, and nothing that maps
  // the frame of zeros need be found and changed when the page is written.
  if (mapping & P2M_UNPOPULATED) mapping = populate(gfn);
  if ((mapping & P2M_RAM) == 0) {
    if (kind == KIND_EXECUTE) return load<u32>(OPEN_BUS_FRAME) | offset;
    specialGfn = gfn;
    return TRANSLATE_MMIO;
  }
  if (kind == KIND_WRITE && (mapping & P2M_READ_ONLY) != 0) {
    if (mapping & P2M_ROM) {
      specialMachine = (mapping & FRAME_MASK) | offset;
      return TRANSLATE_ROM;
    }
    mapping = unshare(gfn);
  }
  const frame = mapping & FRAME_MASK;
  const page = linear & PAGE_MASK;
  const readable = mayRead(rights, context);
  const writable =
    readable && (rights & PAGE_DIRTY) != 0 && (mapping & P2M_READ_ONLY) == 0 && mayWrite(rights, context);
  const shift = shiftOf(rights);
  const slot = load<u32>(ADDRESS_SPACE_SLOT);
  if (shift > 12) noteLargePage(slot, linear, shift);
  const global: u32 = isGlobal(rights) ? ENTRY_GLOBAL : 0;
  markUsed(tableOf(slot, context), entry, global != 0);
  store<u64>(entry, readable ? page : NO_TAG, TLB_READ_TAG);
  store<u64>(entry, mayExecute(rights, context) ? page : NO_TAG, TLB_EXECUTE_TAG);
  store<u32>(entry, frame - <u32>page, TLB_ADDEND);
  store<u32>(entry, shift | global | (writable ? ENTRY_WRITABLE : 0), ENTRY_FLAGS);
  if (writable) setWriteTag(entry, frame, linear);
  else store<u64>(entry, NO_TAG, TLB_WRITE_TAG);
  store<i64>(COUNT_TLB_FILLS, load<i64>(COUNT_TLB_FILLS) + 1);
  return frame | offset;
}

/** The high half of CODE_CONTEXT: changes whenever what is at some RIP may have changed. */
function codeGeneration(mode: u32): u32 {
  const generation = slotGeneration(load<u32>(ADDRESS_SPACE_SLOT));
  if ((mode & MODE_CODE_MASK) == MODE_CODE_64) return generation;
  const base = load<u64>(SEGMENT_CS + SEGMENT_BASE);
  if (base == 0 && (mode & MODE_CODE_UNCHECKED) != 0) return generation;
  return segmentGeneration(base, load<u32>(SEGMENT_CS + SEGMENT_LIMIT), generation);
}

/**
 * Recomputes TLB_BASE and CODE_CONTEXT. To be called after any change of MODE, CPL, RFLAGS.AC, CR0.AM, CR4.SMAP, DR7 or
 * of CS's base or limit.
 */
export function updateTlbBase(): void {
  const mode = load<u32>(MODE);
  const user = load<u32>(CPL) == 3;
  const isAligning = (load<u32>(RFLAGS) & FLAG_AC) != 0;
  const hasSmap = (load<u32>(CR4) & CR4_SMAP) != 0;
  systemContext = hasSmap ? TLB_CONTEXT_SUPERVISOR_SMAP : TLB_CONTEXT_SUPERVISOR;
  accessContext = user
    ? TLB_CONTEXT_USER
    : hasSmap && !isAligning
      ? TLB_CONTEXT_SUPERVISOR_SMAP
      : TLB_CONTEXT_SUPERVISOR;
  // Data breakpoints have R/W = 1 (write) or 3 (read or write).
  accessesChecked = (user && isAligning && (load<u32>(CR0) & CR0_AM) != 0) || breakpointsEnabled(0b1010);
  const slot = load<u32>(ADDRESS_SPACE_SLOT);
  store<u32>(TLB_BASE, tableOf(slot, accessesChecked ? TLB_CONTEXT_CHECKED : accessContext));
  store<u32>(CODE_CONTEXT, mode | (user ? 0x80000000 : 0));
  store<u32>(CODE_CONTEXT + 4, codeGeneration(mode));
}

/** Makes every jump cache entry stale, because blocks went away. */
export function renewCodeContexts(): void {
  for (let slot: u32 = 0; slot <= SUPERVISOR_CODE; slot++) renewGeneration(slot);
  updateTlbBase();
}

// @ts-ignore: decorator
@inline
function currentPcid(): u32 {
  return load<u32>(CR4) & CR4_PCIDE ? load<u32>(CR3) & 0xfff : 0;
}

/** Sets up empty tables, before anything else of the memory half is used. */
export function resetTlb(): void {
  resetTables();
  store<u32>(ADDRESS_SPACE_SLOT, 0);
  flushAll();
}

/**
 * MOV CR3 and task switches, after CR3 was stored (without bit 63). `keep`: the source's bit 63 was set and CR4.PCIDE
 * is, so that what the TLB holds of the PCID stays. Global translations stay in any case.
 */
export function loadAddressSpace(keep: bool): void {
  store<u32>(ADDRESS_SPACE_SLOT, takeSlot(currentPcid(), load<u64>(CR3) & ADDRESS_MASK, keep));
  updateTlbBase();
}

/**
 * Drops every translation, global ones too: for changes of CR0.PG and WP, CR4.PGE, PSE, PAE, PCIDE, SMEP, SMAP and LA57,
 * EFER.NXE and LMA, and of the p2m.
 */
export function flushAll(): void {
  const slot = load<u32>(ADDRESS_SPACE_SLOT);
  resetSlots(slot, currentPcid(), load<u64>(CR3) & ADDRESS_MASK);
  updateTlbBase();
}

/** INVLPG: drops the page of `linear` in the current address space, and in all of them if it is global. */
export function flushPage(linear: i64): void {
  // A global page may have entries in every slot. Dropping others at the same address as well is always allowed.
  for (let slot: u32 = 0; slot < <u32>TLB_SLOTS; slot++) flushAddress(slot, linear);
  updateTlbBase();
}

/** INVPCID of `type` 0 (one address), 1 (one PCID), 2 (all), 3 (all but global), operands already checked. */
export function flushPcid(type: i32, pcid: u32, linear: i64): void {
  if (type == 2) {
    flushAll();
    return;
  }
  for (let slot: u32 = 0; slot < <u32>TLB_SLOTS; slot++) {
    if (type != 3 && slot != findSlot(pcid)) continue;
    if (type == 0) flushAddress(slot, linear);
    else flushSlot(slot, true);
  }
  updateTlbBase();
}
