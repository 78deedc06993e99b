// Address-space slots: which TLB tables belong to which PCID, what flushing must know of each, and the generations that
// make jump cache entries of changed mappings stale. SDM volume 3A section 4.10.

import { CPL, TLB_SLOTS } from '../layout.ts';
import { nextGeneration } from './code-generations.ts';
import { flushLargePageTables, flushPageTables, flushSlotTables } from './tlb-tables.ts';

// A slot: PCID u32 (SLOT_FREE: none), generation u32, time of last use u64, CR3 base u64.
const SLOT_SIZE: u32 = 24;
const SLOT_GENERATION = 4;
const SLOT_USED = 8;
const SLOT_BASE = 16;
const SLOT_FREE: u32 = 0xffffffff;
const slots = memory.data((TLB_SLOTS + 1) * 24);

/**
 * Has the place of a slot after the others, for its generation and code filter alone: those of code that supervisors run.
 * Kernels have it on global pages, which hold in every address space (SDM volume 3A section 4.10.2.4), so that a switch
 * makes nothing of it stale.
 */
export const SUPERVISOR_CODE: u32 = TLB_SLOTS;
/** True when not all of it was found on global pages. */
let supervisorHasLocal: bool = false;

/** Bits in the filters of a slot: false positives cost a little time, there are no false negatives. */
const FILTER_BITS: u32 = 4096;
/** For each slot, which pieces of 2 MiB and 1 GiB have entries that came from a large page. */
const largeFilter = memory.data(TLB_SLOTS * 512);
/** For each slot, and for SUPERVISOR_CODE, which pages the jump cache may hold targets in. */
const codeFilter = memory.data((TLB_SLOTS + 1) * 512);
let uses: u64 = 0;

// @ts-ignore: decorator
@inline
function slotAt(slot: u32): usize {
  return slots + slot * SLOT_SIZE;
}

// @ts-ignore: decorator
@inline
function hashPage(number: u64): u32 {
  return <u32>(number ^ (number >> 12)) & (FILTER_BITS - 1);
}

// @ts-ignore: decorator
@inline
function filterByte(filter: usize, slot: u32, bit: u32): usize {
  return filter + slot * (FILTER_BITS / 8) + (bit >>> 3);
}

/** Whose generation jump cache entries of the running program carry, when it runs in a slot. */
// @ts-ignore: decorator
@inline
function codeSpace(slot: u32): u32 {
  return load<u32>(CPL) == 3 ? slot : SUPERVISOR_CODE;
}

/** The generation of the virtual-to-block map of a slot, for the running program. */
// @ts-ignore: decorator
@inline
export function slotGeneration(slot: u32): u32 {
  return load<u32>(slotAt(codeSpace(slot)), SLOT_GENERATION);
}

/** Makes every jump cache entry of a slot or of SUPERVISOR_CODE stale. */
export function renewGeneration(slot: u32): void {
  if (slot == SUPERVISOR_CODE) supervisorHasLocal = false;
  store<u32>(slotAt(slot), nextGeneration(), SLOT_GENERATION);
  memory.fill(filterByte(codeFilter, slot, 0), 0, FILTER_BITS / 8);
}

/** Notes that the jump cache gets a target in the page of `linear`, which may be global. */
export function noteJumpTarget(slot: u32, linear: u64, global: bool): void {
  const space = codeSpace(slot);
  if (space == SUPERVISOR_CODE && !global) supervisorHasLocal = true;
  const bit = hashPage(linear >> 12);
  const at = filterByte(codeFilter, space, bit);
  store<u8>(at, <u32>load<u8>(at) | (1 << (bit & 7)));
}

/** The bit of the piece of 2^`shift` bytes that holds `linear`. */
// @ts-ignore: decorator
@inline
function largeBit(linear: u64, shift: u64): u32 {
  return hashPage((linear >> shift) ^ (shift << 7));
}

/** Notes that a table of the slot gets an entry from a page of 2^`shift` bytes, `shift` > 12. */
export function noteLargePage(slot: u32, linear: u64, shift: u32): void {
  // A 4 MiB page is noted as its two halves as they are touched, and `mayBeLarge` asks for both.
  const bit = largeBit(linear, shift == 30 ? 30 : 21);
  const at = filterByte(largeFilter, slot, bit);
  store<u8>(at, <u32>load<u8>(at) | (1 << (bit & 7)));
}

// @ts-ignore: decorator
@inline
function hasBit(filter: usize, slot: u32, bit: u32): bool {
  return ((load<u8>(filterByte(filter, slot, bit)) >>> (bit & 7)) & 1) != 0;
}

function mayBeLarge(slot: u32, linear: u64): bool {
  return (
    hasBit(largeFilter, slot, largeBit(linear, 21)) ||
    hasBit(largeFilter, slot, largeBit(linear ^ 0x200000, 21)) ||
    hasBit(largeFilter, slot, largeBit(linear, 30))
  );
}

function mayBeJumpTarget(slot: u32, linear: u64): bool {
  return hasBit(codeFilter, slot, hashPage(linear >> 12));
}

/** Drops what a slot knows of the page, small or large, that holds `linear`. */
export function flushAddress(slot: u32, linear: u64): void {
  flushPageTables(slot, linear);
  const large = mayBeLarge(slot, linear) || mayBeLarge(slot, linear ^ 0x200000);
  if (large) flushLargePageTables(slot, linear);
  if (large || mayBeJumpTarget(slot, linear)) renewGeneration(slot);
  if (large || mayBeJumpTarget(SUPERVISOR_CODE, linear)) renewGeneration(SUPERVISOR_CODE);
}

/** Drops the translations of a slot; with `keepGlobal` only those that are not global. */
export function flushSlot(slot: u32, keepGlobal: bool): void {
  flushSlotTables(slot, keepGlobal);
  if (!keepGlobal) {
    memory.fill(filterByte(largeFilter, slot, 0), 0, FILTER_BITS / 8);
  }
  renewGeneration(slot);
  if (!keepGlobal || supervisorHasLocal) renewGeneration(SUPERVISOR_CODE);
}

/** Drops all translations and forgets which PCID has which slot; `slot` goes on as that of `pcid` and `base`. */
export function resetSlots(slot: u32, pcid: u32, base: u64): void {
  for (let i: u32 = 0; i < <u32>TLB_SLOTS; i++) {
    flushSlot(i, false);
    store<u32>(slotAt(i), SLOT_FREE);
    store<u64>(slotAt(i), 0, SLOT_USED);
  }
  store<u32>(slotAt(slot), pcid);
  store<u64>(slotAt(slot), base, SLOT_BASE);
}

/** The slot of a PCID, or TLB_SLOTS when it has none. */
export function findSlot(pcid: u32): u32 {
  for (let slot: u32 = 0; slot < <u32>TLB_SLOTS; slot++) {
    if (load<u32>(slotAt(slot)) == pcid) return slot;
  }
  return TLB_SLOTS;
}

/**
 * The slot for `pcid` with page tables at `base`: its own, or the one unused for longest, whose entries then go (global
 * ones stay: they hold in every address space). With `keep` the PCID's own entries stay.
 */
export function takeSlot(pcid: u32, base: u64, keep: bool): u32 {
  let slot = findSlot(pcid);
  if (slot == TLB_SLOTS) {
    slot = 0;
    for (let i: u32 = 1; i < <u32>TLB_SLOTS; i++) {
      if (load<u64>(slotAt(i), SLOT_USED) < load<u64>(slotAt(slot), SLOT_USED)) slot = i;
    }
    flushSlot(slot, true);
    store<u32>(slotAt(slot), pcid);
  } else if (!keep || load<u64>(slotAt(slot), SLOT_BASE) != base) {
    flushSlot(slot, true);
  }
  if (supervisorHasLocal) renewGeneration(SUPERVISOR_CODE);
  store<u64>(slotAt(slot), base, SLOT_BASE);
  uses++;
  store<u64>(slotAt(slot), uses, SLOT_USED);
  return slot;
}
