// The TLB tables in memory: one for each address-space slot and context. See TLB in layout.ts for an entry's layout; the
// word that layout.ts leaves unused says here what flushing must know of the page.

import {
  TLB,
  TLB_ADDEND,
  TLB_CONTEXT_CHECKED,
  TLB_CONTEXTS,
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_EXECUTE_TAG,
  TLB_READ_TAG,
  TLB_SIZE,
  TLB_SLOTS,
  TLB_WRITE_TAG,
  WRITE_LINES,
} from '../layout.ts';

export const NO_TAG: u64 = 0xffffffffffffffff;
export const PAGE_MASK: u64 = 0xfffffffffffff000;
/** Offset of the word with log2 of the page's size (bits 0-7) and the bits below. */
export const ENTRY_FLAGS = 28;
/** The page is global: it stays in flushes that spare such pages. */
export const ENTRY_GLOBAL: u32 = 0x100;
/** Writes are allowed and the page is dirty: there is a write tag unless the frame holds decoded code. */
export const ENTRY_WRITABLE: u32 = 0x200;

/** Bytes of a group: a table is divided into 64 groups of entries. */
const GROUP_SIZE: u32 = TLB_SIZE / 64;
/** For each table, which groups may hold entries of global pages, and which entries of others: a u64 with a bit each. */
const globalGroups = memory.data(TLB_SLOTS * TLB_CONTEXTS * 8);
const localGroups = memory.data(TLB_SLOTS * TLB_CONTEXTS * 8);
/** In WRITE_LINES: more lines than fit may write the frame. */
const MANY_LINES: u32 = 0xffffffff;

/** The table of a slot and context. */
// @ts-ignore: decorator
@inline
export function tableOf(slot: u32, context: u32): u32 {
  return TLB + (slot * TLB_CONTEXTS + context) * TLB_SIZE;
}

/** The entry of a table that a linear address falls on. */
// @ts-ignore: decorator
@inline
export function entryOf(table: u32, linear: u64): u32 {
  return table + ((<u32>linear >>> 12) & (TLB_ENTRIES - 1)) * TLB_ENTRY_SIZE;
}

/** Where `groups` has the bits of a table. */
// @ts-ignore: decorator
@inline
function groupsOf(groups: usize, table: u32): usize {
  return groups + (((table - TLB) / TLB_SIZE) << 3);
}

/** Notes that an entry of a table is about to be filled. */
// @ts-ignore: decorator
@inline
export function markUsed(table: u32, entry: u32, global: bool): void {
  const at = groupsOf(global ? globalGroups : localGroups, table);
  store<u64>(at, load<u64>(at) | ((<u64>1) << ((entry - table) / GROUP_SIZE)));
}

// @ts-ignore: decorator
@inline
function isUsed(table: u32): bool {
  return (load<u64>(groupsOf(globalGroups, table)) | load<u64>(groupsOf(localGroups, table))) != 0;
}

/** Makes an entry match nothing. */
// @ts-ignore: decorator
@inline
export function clearEntry(entry: u32): void {
  store<u64>(entry, NO_TAG, TLB_READ_TAG);
  store<u64>(entry, NO_TAG, TLB_WRITE_TAG);
  store<u64>(entry, NO_TAG, TLB_EXECUTE_TAG);
}

/** The page an entry translates, NO_TAG when it is empty. Every entry in use has a read or an execute tag. */
// @ts-ignore: decorator
@inline
function pageOf(entry: u32): u64 {
  const page = load<u64>(entry, TLB_READ_TAG);
  return page != NO_TAG ? page : load<u64>(entry, TLB_EXECUTE_TAG);
}

/** Empties every table, whatever is noted about it. */
export function resetTables(): void {
  memory.fill(TLB, 0xff, TLB_SLOTS * TLB_CONTEXTS * TLB_SIZE);
  memory.fill(globalGroups, 0, TLB_SLOTS * TLB_CONTEXTS * 8);
  memory.fill(localGroups, 0, TLB_SLOTS * TLB_CONTEXTS * 8);
}

/** Empties the tables of a slot; with `keepGlobal` global entries stay. */
export function flushSlotTables(slot: u32, keepGlobal: bool): void {
  for (let context: u32 = 0; context < <u32>TLB_CONTEXT_CHECKED; context++) {
    const table = tableOf(slot, context);
    const local = groupsOf(localGroups, table);
    const global = groupsOf(globalGroups, table);
    for (let groups = load<u64>(local) | (keepGlobal ? 0 : load<u64>(global)); groups != 0; groups &= groups - 1) {
      const group = table + <u32>ctz(groups) * GROUP_SIZE;
      if (keepGlobal) flushLocal(group);
      else memory.fill(group, 0xff, GROUP_SIZE);
    }
    store<u64>(local, 0);
    if (!keepGlobal) store<u64>(global, 0);
  }
}

/** Drops the entries of a group that are not of global pages. */
function flushLocal(group: u32): void {
  for (let entry = group; entry < group + GROUP_SIZE; entry += TLB_ENTRY_SIZE) {
    if ((load<u32>(entry, ENTRY_FLAGS) & ENTRY_GLOBAL) == 0) clearEntry(entry);
  }
}

/** Drops the entries of a slot that translate the 4 KiB page of `linear`. */
export function flushPageTables(slot: u32, linear: u64): void {
  const page = linear & PAGE_MASK;
  for (let context: u32 = 0; context < <u32>TLB_CONTEXT_CHECKED; context++) {
    const entry = entryOf(tableOf(slot, context), linear);
    if (pageOf(entry) == page) clearEntry(entry);
  }
}

/** Drops the entries of a slot that came from a large page which holds `linear`. */
export function flushLargePageTables(slot: u32, linear: u64): void {
  for (let context: u32 = 0; context < <u32>TLB_CONTEXT_CHECKED; context++) {
    const table = tableOf(slot, context);
    if (!isUsed(table)) continue;
    for (let entry = table; entry < table + TLB_SIZE; entry += TLB_ENTRY_SIZE) {
      const shift = <u64>(load<u32>(entry, ENTRY_FLAGS) & 63);
      if (shift > 12 && (pageOf(entry) ^ linear) >> shift == 0) clearEntry(entry);
    }
  }
}

/** Notes that an entry on `linear`'s line has a write tag for a frame, so that the tag can be found again. */
export function noteWritable(frame: u32, linear: u64): void {
  const line = ((<u32>linear >>> 12) & (TLB_ENTRIES - 1)) + 1;
  const at = load<u32>(WRITE_LINES) + ((frame >>> 12) << 2);
  const lines = load<u32>(at);
  if ((lines & 0xffff) == line || lines >>> 16 == line || lines == MANY_LINES) return;
  if ((lines & 0xffff) == 0) store<u32>(at, lines | line);
  else if (lines >>> 16 == 0) store<u32>(at, lines | (line << 16));
  else store<u32>(at, MANY_LINES);
}

/** Takes the write tags of a frame out of every table: the next store to it takes the slow path. */
export function scrubWritable(frame: u32): void {
  const at = load<u32>(WRITE_LINES) + ((frame >>> 12) << 2);
  const lines = load<u32>(at);
  if (lines == 0) return;
  store<u32>(at, 0);
  for (let number: u32 = 0; number < <u32>(TLB_SLOTS * TLB_CONTEXTS); number++) {
    const table = TLB + number * TLB_SIZE;
    if (!isUsed(table)) continue;
    if (lines == MANY_LINES) {
      for (let entry = table; entry < table + TLB_SIZE; entry += TLB_ENTRY_SIZE) scrubEntry(entry, frame);
      continue;
    }
    scrubEntry(table + ((lines & 0xffff) - 1) * TLB_ENTRY_SIZE, frame);
    if (lines >>> 16) scrubEntry(table + ((lines >>> 16) - 1) * TLB_ENTRY_SIZE, frame);
  }
}

// @ts-ignore: decorator
@inline
function scrubEntry(entry: u32, frame: u32): void {
  const page = load<u64>(entry, TLB_WRITE_TAG);
  if (page != NO_TAG && <u32>page + load<u32>(entry, TLB_ADDEND) == frame) store<u64>(entry, NO_TAG, TLB_WRITE_TAG);
}
