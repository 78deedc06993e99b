// Page walks: from a linear address to a guest-physical page and its rights, in every paging mode. SDM volume 3A
// chapter 4. Accessed and dirty bits are set when, and only when, the whole walk allows the access.

import { CR0, CR3, CR4, MSR_EFER, PDPTE0 } from '../layout.ts';
import { CR0_PG, CR4_LA57, CR4_PAE, CR4_PSE, EFER_LMA, EFER_NXE } from './mode.ts';
import { setTableBits, tableMachine } from './p2m.ts';
import { KIND_WRITE, notAllowed, notPresent, reservedBit } from './page-fault.ts';
import {
  mayAccess,
  mayExecute,
  PAGE_ACCESSED,
  PAGE_DIRTY,
  PAGE_GLOBAL,
  PAGE_PRESENT,
  PAGE_SHIFT_POSITION,
  PAGE_USER,
  PAGE_WRITABLE,
} from './page-rights.ts';

/** MAXPHYADDR is 40: bits 12 to 39 of an entry are the address, bits 40 to 51 are reserved. */
const ADDRESS: u64 = 0x000000fffffff000;
const RESERVED_ADDRESS: u64 = 0x000fff0000000000;
const NO_EXECUTE: u64 = 1 << 63;
const PAGE_SIZE_BIT: u64 = 0x80;
const RIGHTS_MASK: u32 = PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER;
const ALL_RIGHTS: u32 = RIGHTS_MASK | (12 << PAGE_SHIFT_POSITION);

/** Guest-physical address of the 4 KiB page that holds the linear address of the last successful `walk`. */
export let pagePhysical: u64 = 0;

/**
 * Translates `linear` for an access of KIND_ `kind` in a TLB_CONTEXT_ `context`. Returns the page's rights as the
 * PAGE_ bits and sets `pagePhysical`, or returns 0 with a page fault in FAULT_VECTOR, FAULT_CODE and CR2.
 */
export function walk(linear: u64, kind: i32, context: i32): u32 {
  if ((load<u32>(CR0) & CR0_PG) == 0) {
    pagePhysical = linear & 0xfffff000;
    return ALL_RIGHTS | PAGE_DIRTY;
  }
  const control = load<u32>(CR4);
  if ((control & CR4_PAE) == 0) return walk32(linear, kind, context, control);
  const efer = load<u32>(MSR_EFER);
  const reserved = efer & EFER_NXE ? RESERVED_ADDRESS : RESERVED_ADDRESS | NO_EXECUTE;
  if ((efer & EFER_LMA) == 0) {
    // PAE: the four pointers sit in registers, have no rights and no accessed bit, and address bits up to 62 are reserved.
    const pointer = load<u64>(PDPTE0 + ((<u32>linear >> 30) << 3));
    if ((pointer & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
    return walkDirectory(linear, kind, context, pointer & ADDRESS, ALL_RIGHTS, reserved | 0x7ff0000000000000);
  }
  return walkLong(linear, kind, context, control, reserved);
}

/** The rights that an entry of 8 bytes adds to those of the levels above it. */
// @ts-ignore: decorator
@inline
function combine(rights: u32, entry: u64): u32 {
  return (rights & (<u32>entry | ~RIGHTS_MASK)) | ((<u32>(entry >> 63)) << 9);
}

/** Sets the accessed bit where the walk went by and it was clear. */
// @ts-ignore: decorator
@inline
function touch(entry: u64, physical: u64): void {
  if ((<u32>entry & PAGE_ACCESSED) == 0) setTableBits(physical, PAGE_ACCESSED);
}

/** The three lower-level outcomes of a walk meet here: checks the rights, sets A and D of the leaf at `physical`. */
// @ts-ignore: decorator
@inline
function finish(linear: u64, kind: i32, context: i32, rights: u32, entry: u32, physical: u64): u32 {
  if (!mayAccess(rights, kind, context)) return notAllowed(linear, kind, context);
  const wanted = kind == KIND_WRITE ? PAGE_ACCESSED | PAGE_DIRTY : PAGE_ACCESSED;
  if ((entry & wanted) != wanted) setTableBits(physical, wanted);
  return rights | ((entry | wanted) & PAGE_DIRTY) | (entry & PAGE_GLOBAL);
}

/** 4-level and 5-level paging, down to the page directory. */
function walkLong(linear: u64, kind: i32, context: i32, control: u32, reserved: u64): u32 {
  let rights = ALL_RIGHTS;
  let physical5: u64 = 0;
  let entry5: u64 = PAGE_ACCESSED;
  let table = load<u64>(CR3) & ADDRESS;
  if (control & CR4_LA57) {
    physical5 = table | (((linear >> 48) & 511) << 3);
    entry5 = load<u64>(tableMachine(physical5));
    if ((entry5 & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
    if (entry5 & (reserved | PAGE_SIZE_BIT)) return reservedBit(linear, kind, context);
    rights = combine(rights, entry5);
    table = entry5 & ADDRESS;
  }
  const physical4 = table | (((linear >> 39) & 511) << 3);
  const entry4 = load<u64>(tableMachine(physical4));
  if ((entry4 & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
  if (entry4 & (reserved | PAGE_SIZE_BIT)) return reservedBit(linear, kind, context);
  rights = combine(rights, entry4);
  const physical3 = (entry4 & ADDRESS) | (((linear >> 30) & 511) << 3);
  const entry3 = load<u64>(tableMachine(physical3));
  if ((entry3 & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
  let result: u32;
  if (entry3 & PAGE_SIZE_BIT) {
    if (entry3 & (reserved | 0x3fffe000)) return reservedBit(linear, kind, context);
    rights = withShift(combine(rights, entry3), 30);
    result = finish(linear, kind, context, rights, <u32>entry3, physical3);
    pagePhysical = (entry3 & 0x000000ffc0000000) | (linear & 0x3ffff000);
  } else {
    if (entry3 & reserved) return reservedBit(linear, kind, context);
    rights = combine(rights, entry3);
    result = walkDirectory(linear, kind, context, entry3 & ADDRESS, rights, reserved);
    if (result != 0) touch(entry3, physical3);
  }
  if (result != 0) {
    touch(entry4, physical4);
    touch(entry5, physical5);
  }
  return result;
}

// @ts-ignore: decorator
@inline
function withShift(rights: u32, shift: u32): u32 {
  return (rights & 0xff00ffff) | (shift << PAGE_SHIFT_POSITION);
}

/** The two lowest levels with entries of 8 bytes: PAE and long mode share them. */
// @ts-ignore: decorator
@inline
function walkDirectory(linear: u64, kind: i32, context: i32, directory: u64, above: u32, reserved: u64): u32 {
  const physical2 = directory | (((linear >> 21) & 511) << 3);
  const entry2 = load<u64>(tableMachine(physical2));
  if ((entry2 & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
  if (entry2 & PAGE_SIZE_BIT) {
    if (entry2 & (reserved | 0x1fe000)) return reservedBit(linear, kind, context);
    const rights = withShift(combine(above, entry2), 21);
    pagePhysical = (entry2 & 0x000000ffffe00000) | (linear & 0x1ff000);
    return finish(linear, kind, context, rights, <u32>entry2, physical2);
  }
  if (entry2 & reserved) return reservedBit(linear, kind, context);
  const physical1 = (entry2 & ADDRESS) | (((linear >> 12) & 511) << 3);
  const entry1 = load<u64>(tableMachine(physical1));
  if ((entry1 & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
  if (entry1 & reserved) return reservedBit(linear, kind, context);
  const rights = combine(combine(above, entry2), entry1);
  pagePhysical = entry1 & ADDRESS;
  const result = finish(linear, kind, context, rights, <u32>entry1, physical1);
  if (result != 0) touch(entry2, physical2);
  return result;
}

/** 32-bit paging: two levels, entries of 4 bytes, 4 MiB pages with CR4.PSE whose addresses have 40 bits (PSE-36). */
function walk32(linear: u64, kind: i32, context: i32, control: u32): u32 {
  const address = <u32>linear;
  const physical2 = (load<u64>(CR3) & 0xfffff000) | <u64>((address >> 22) << 2);
  const entry2 = load<u32>(tableMachine(physical2));
  if ((entry2 & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
  if ((entry2 & 0x80) != 0 && (control & CR4_PSE) != 0) {
    if (entry2 & 0x200000) return reservedBit(linear, kind, context);
    const rights = withShift(ALL_RIGHTS & (entry2 | ~RIGHTS_MASK), 22);
    pagePhysical = <u64>((entry2 & 0xffc00000) | (address & 0x3ff000)) | ((<u64>((entry2 >> 13) & 0xff)) << 32);
    return finish(linear, kind, context, rights, entry2, physical2);
  }
  const physical1 = <u64>((entry2 & 0xfffff000) | (((address >> 12) & 0x3ff) << 2));
  const entry1 = load<u32>(tableMachine(physical1));
  if ((entry1 & PAGE_PRESENT) == 0) return notPresent(linear, kind, context);
  const rights = ALL_RIGHTS & (entry2 | ~RIGHTS_MASK) & (entry1 | ~RIGHTS_MASK);
  pagePhysical = <u64>(entry1 & 0xfffff000);
  const result = finish(linear, kind, context, rights, entry1, physical1);
  if (result != 0 && (entry2 & PAGE_ACCESSED) == 0) setTableBits(physical2, PAGE_ACCESSED);
  return result;
}

/**
 * What `walk` would find for a fetch, where it would change nothing: in long mode, if every entry on the way has its
 * accessed bit and the fetch is allowed. Else 0, without a fault.
 */
export function peek(linear: u64, context: i32): u32 {
  const efer = load<u32>(MSR_EFER);
  if ((efer & EFER_LMA) == 0) return 0;
  const reserved = efer & EFER_NXE ? RESERVED_ADDRESS : RESERVED_ADDRESS | NO_EXECUTE;
  let rights = ALL_RIGHTS;
  let table = load<u64>(CR3) & ADDRESS;
  for (let shift: u64 = load<u32>(CR4) & CR4_LA57 ? 48 : 39; ; shift -= 9) {
    const entry = load<u64>(tableMachine(table | (((linear >> shift) & 511) << 3)));
    if ((~(<u32>entry) & (PAGE_PRESENT | PAGE_ACCESSED)) != 0 || (entry & reserved) != 0) return 0;
    rights = combine(rights, entry);
    table = entry & ADDRESS;
    if (shift > 12 && (entry & PAGE_SIZE_BIT) == 0) continue;
    const inside = ((<u64>1) << shift) - 1;
    if (shift > 30 || (entry & inside & 0x3fffe000) != 0 || !mayExecute(rights, context)) return 0;
    pagePhysical = (table & ~inside) | (linear & inside & ADDRESS);
    return withShift(rights, <u32>shift) | (<u32>entry & PAGE_GLOBAL);
  }
}

/**
 * Loads PDPTE0…3 from the table that `cr3` names, in PAE mode (SDM volume 3A section 4.4.1). False when a present one
 * has reserved bits set: nothing has changed then, and the caller raises #GP(0).
 */
export function loadPageDirectoryPointers(cr3: u64): bool {
  const table = cr3 & 0xffffffe0;
  for (let i: u32 = 0; i < 4; i++) {
    const entry = load<u64>(tableMachine(table + i * 8));
    if ((entry & PAGE_PRESENT) != 0 && (entry & 0xffffff00000001e6) != 0) return false;
  }
  for (let i: u32 = 0; i < 4; i++) store<u64>(PDPTE0 + i * 8, load<u64>(tableMachine(table + i * 8)));
  return true;
}
