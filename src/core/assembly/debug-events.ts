// Breakpoint registers: which accesses DR0…DR3 watch, and what DR6 remembers. SDM volume 3B sections 17.2 and 17.3;
// APM volume 2 section 13.1.
//
// Code breakpoints are faults and looked for at the boundary before an instruction (MODE_STEP is set while any is
// enabled). Data breakpoints are traps: access-checks.ts notes them in PENDING_DEBUG, and the boundary after the
// instruction delivers them.

import { CR4, DR0, RIP, SEGMENT_BASE, SEGMENT_CS } from '../layout.ts';
import { CR4_DE, breakpointsEnabled, inLong64 } from './mode.ts';
import { PENDING_DEBUG } from './system-state.ts';

const DR6 = DR0 + 48;
const DR7 = DR0 + 56;

/** DR6: debug register access detected, single step, task switch. */
export const DR6_BD: u32 = 0x2000;
export const DR6_BS: u32 = 0x4000;
export const DR6_BT: u32 = 0x8000;
/** DR7: general detect enable. */
export const DR7_GD: u32 = 0x2000;

/** Bytes watched by a LEN field: 1, 2, 8, 4. */
function breakpointBytes(length: u32): u32 {
  return length == 2 ? 8 : length + 1;
}

/** DR6 bits of the enabled breakpoints of a kind in `kinds` (bits 1 << R/W) that `bytes` at `address` touch. */
function matches(address: u64, bytes: u32, kinds: u32): u32 {
  const control = load<u32>(DR7);
  let hits: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    if (((control >> (i * 2)) & 3) == 0) continue;
    if (((kinds >> ((control >> (16 + i * 4)) & 3)) & 1) == 0) continue;
    const size = <u64>breakpointBytes((control >> (18 + i * 4)) & 3);
    const first = load<u64>(DR0 + i * 8) & ~(size - 1);
    if (first < address + <u64>bytes && address < first + size) hits |= 1 << i;
  }
  return hits;
}

/** DR6 bits of the code breakpoints at RIP, which is at an instruction boundary. */
export function codeBreakpoints(): u32 {
  if (!breakpointsEnabled(1)) return 0;
  const rip = load<u64>(RIP);
  const linear = inLong64() ? rip : (rip + load<u64>(SEGMENT_BASE + SEGMENT_CS)) & 0xffffffff;
  return matches(linear, 1, 1);
}

/** Notes an access of the running instruction to the I/O ports `port` … `port + bytes - 1` (with CR4.DE only). */
export function notePortAccess(port: i32, bytes: i32): void {
  if ((load<u32>(CR4) & CR4_DE) == 0 || (load<u32>(DR7) & 0xff) == 0) return;
  const hits = matches(<u64>(<u32>port), bytes, 4);
  if (hits) store<u32>(PENDING_DEBUG, load<u32>(PENDING_DEBUG) | hits);
}

/** Records the causes of a #DB that is about to be delivered in DR6, and lets its handler use the debug registers. */
export function recordDebugCauses(causes: u32): void {
  store<u32>(DR6, load<u32>(DR6) | causes);
  store<u32>(DR7, load<u32>(DR7) & ~DR7_GD);
}
