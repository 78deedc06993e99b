// Whether the translation a walk found allows an access. SDM volume 3A section 4.6.

import { CR0, CR4, TLB_CONTEXT_SUPERVISOR_SMAP, TLB_CONTEXT_USER } from '../layout.ts';
import { CR0_WP, CR4_SMEP } from './mode.ts';
import { KIND_EXECUTE, KIND_READ } from './page-fault.ts';

/** What a walk returns: the bits of the paging-structure entries combined, in the places they have there. */
export const PAGE_PRESENT: u32 = 0x1;
export const PAGE_WRITABLE: u32 = 0x2;
export const PAGE_USER: u32 = 0x4;
export const PAGE_ACCESSED: u32 = 0x20;
export const PAGE_DIRTY: u32 = 0x40;
export const PAGE_GLOBAL: u32 = 0x100;
/** Execution is disabled (bit 63 of any entry on the way). */
export const PAGE_NO_EXECUTE: u32 = 0x200;
/** Bits 16-23: log2 of the page's size in bytes. */
export const PAGE_SHIFT_POSITION: u32 = 16;

/** True when a read through a page with these rights is allowed in a context. */
// @ts-ignore: decorator
@inline
export function mayRead(rights: u32, context: i32): bool {
  if (context == TLB_CONTEXT_USER) return (rights & PAGE_USER) != 0;
  return context != TLB_CONTEXT_SUPERVISOR_SMAP || (rights & PAGE_USER) == 0;
}

/** True when a write is, given that a read is. */
// @ts-ignore: decorator
@inline
export function mayWrite(rights: u32, context: i32): bool {
  return (rights & PAGE_WRITABLE) != 0 || (context != TLB_CONTEXT_USER && (load<u32>(CR0) & CR0_WP) == 0);
}

/** True when an instruction fetch is allowed. */
// @ts-ignore: decorator
@inline
export function mayExecute(rights: u32, context: i32): bool {
  if (rights & PAGE_NO_EXECUTE) return false;
  if (context == TLB_CONTEXT_USER) return (rights & PAGE_USER) != 0;
  return (rights & PAGE_USER) == 0 || (load<u32>(CR4) & CR4_SMEP) == 0;
}

/** True when an access of `kind` is allowed. */
// @ts-ignore: decorator
@inline
export function mayAccess(rights: u32, kind: i32, context: i32): bool {
  if (kind == KIND_EXECUTE) return mayExecute(rights, context);
  return mayRead(rights, context) && (kind == KIND_READ || mayWrite(rights, context));
}
