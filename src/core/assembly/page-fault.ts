// What a page walk was for and what it found, and the page fault when it found nothing. SDM volume 3A section 4.7.

import {
  COUNT_PAGE_FAULTS,
  CR2,
  CR4,
  FAULT_CODE,
  FAULT_VECTOR,
  MSR_EFER,
  TLB_CONTEXT_USER,
  VECTOR_PF,
} from '../layout.ts';
import { CR4_PAE, CR4_SMEP, EFER_NXE } from './mode.ts';

// Kinds of access, each the index of its tag in a TLB entry.
export const KIND_READ = 0;
export const KIND_WRITE = 1;
export const KIND_EXECUTE = 2;

// Bits of a page-fault error code.
const ERROR_PRESENT: i32 = 1;
const ERROR_WRITE: i32 = 2;
const ERROR_USER: i32 = 4;
const ERROR_RESERVED: i32 = 8;
const ERROR_FETCH: i32 = 16;

/**
 * Leaves a page fault for `linear` in FAULT_VECTOR, FAULT_CODE and CR2 and returns 0. `error` holds the bits that the
 * kind of access and the context do not tell. The user bit is about the access: implicit supervisor accesses clear it
 * whatever the CPL is.
 */
function pageFault(linear: u64, kind: i32, context: i32, error: i32): u32 {
  let code = error;
  if (kind == KIND_WRITE) code |= ERROR_WRITE;
  if (context == TLB_CONTEXT_USER) code |= ERROR_USER;
  if (kind == KIND_EXECUTE) {
    const control = load<u32>(CR4);
    const noExecute = (control & CR4_PAE) != 0 && (load<u32>(MSR_EFER) & EFER_NXE) != 0;
    if (noExecute || (control & CR4_SMEP) != 0) code |= ERROR_FETCH;
  }
  store<u64>(CR2, linear);
  store<i32>(FAULT_VECTOR, VECTOR_PF);
  store<i32>(FAULT_CODE, code);
  store<i64>(COUNT_PAGE_FAULTS, load<i64>(COUNT_PAGE_FAULTS) + 1);
  return 0;
}

/** No translation: an entry on the way is not present. */
export function notPresent(linear: u64, kind: i32, context: i32): u32 {
  return pageFault(linear, kind, context, 0);
}

/** An entry on the way has a reserved bit set. */
export function reservedBit(linear: u64, kind: i32, context: i32): u32 {
  return pageFault(linear, kind, context, ERROR_PRESENT | ERROR_RESERVED);
}

/** There is a translation but it does not allow the access. */
export function notAllowed(linear: u64, kind: i32, context: i32): u32 {
  return pageFault(linear, kind, context, ERROR_PRESENT);
}
