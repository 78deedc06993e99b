// Alignment checks and data breakpoints. While either is on, the TLB in use is the one that is never filled
// (TLB_CONTEXT_CHECKED), so that every access of the program comes by here.

import { CPL, CR0, DR0, FAULT_CODE, FAULT_VECTOR, RFLAGS, VECTOR_AC } from '../layout.ts';
import { CR0_AM } from './mode.ts';
import { PENDING_DEBUG } from './system-state.ts';

const FLAG_AC: u32 = 0x40000;
const DR7 = DR0 + 56;

/**
 * Called for a translated access of `size` bytes. False when it is misaligned and alignment is checked (#AC(0) in
 * FAULT_*; SDM volume 3A section 6.15, interrupt 17). Otherwise notes the data breakpoints it hits, for the trap after
 * the instruction (SDM volume 3B section 17.2).
 */
export function checkAccess(linear: u64, size: u32, isWrite: bool): bool {
  if (load<u32>(CPL) == 3 && (load<u32>(CR0) & CR0_AM) != 0 && (load<u32>(RFLAGS) & FLAG_AC) != 0) {
    // An 80-bit operand is aligned to 8 bytes. Wider ones have instructions of their own that check alignment always.
    const alignment: u64 = size == 10 ? 8 : size > 8 ? 1 : size;
    if (linear & (alignment - 1)) {
      store<i32>(FAULT_VECTOR, VECTOR_AC);
      store<i32>(FAULT_CODE, 0);
      return false;
    }
  }
  const control = load<u32>(DR7);
  if (control & 0xff) noteBreakpoints(linear, size, isWrite, control);
  return true;
}

function noteBreakpoints(linear: u64, size: u32, isWrite: bool, control: u32): void {
  let hits: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    if (((control >>> (i * 2)) & 3) == 0) continue;
    const kind = (control >>> (16 + i * 4)) & 3;
    // 1: data writes, 3: data reads and writes.
    if (kind != 3 && !(kind == 1 && isWrite)) continue;
    // The length field: 0, 1, 3 are so many bytes less one; 2 is 8 bytes.
    const field = (control >>> (18 + i * 4)) & 3;
    const length: u64 = field == 2 ? 8 : field + 1;
    const start = load<u64>(DR0 + i * 8) & ~(length - 1);
    if (linear < start + length && start < linear + size) hits |= 1 << i;
  }
  if (hits) store<u32>(PENDING_DEBUG, load<u32>(PENDING_DEBUG) | hits);
}
