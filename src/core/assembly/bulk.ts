// REP MOVS and REP STOS a page at a time.

import { GPR, TLB_ADDEND, TLB_BASE, TLB_READ_TAG, TLB_WRITE_TAG } from '../layout.ts';
import { FRAME_SIZE, OFFSET_MASK } from './frames.ts';
import { isCanonical } from './mode.ts';
import { frameMoves } from './p2m.ts';
import { KIND_READ } from './page-fault.ts';
import { accessContext, translate, TRANSLATE_SPECIAL } from './tlb.ts';
import { entryOf, PAGE_MASK } from './tlb-tables.ts';

/** Elements of 2^`shift` bytes from `linear` on that lie wholly inside its page. */
// @ts-ignore: decorator
@inline
function elementsInPage(linear: u64, shift: u32): u32 {
  return (FRAME_SIZE - (<u32>linear & OFFSET_MASK)) >>> shift;
}

/**
 * Moves up to `count` elements of 2^`shift` bytes (0…3) upwards from linear address `source` to `destination`, as far
 * as both stay in their pages. Returns how many were moved. 0 means that the ordinary way has to do the next one: a TLB
 * miss, an element across pages, a device, decoded code. Registers are the caller's business, and so is a count that
 * keeps (E)SI and (E)DI from wrapping.
 */
export function bulkMove(source: i64, destination: i64, count: i64, shift: i32): i32 {
  const base = load<u32>(TLB_BASE);
  const from = entryOf(base, source);
  const to = entryOf(base, destination);
  if (load<u64>(to, TLB_WRITE_TAG) != (<u64>destination & PAGE_MASK)) return 0;
  let elements = min(elementsInPage(source, shift), elementsInPage(destination, shift));
  if (<u64>count < <u64>elements) elements = <u32>count;
  if (elements == 0) return 0;
  const machineTo = <u32>destination + load<u32>(to, TLB_ADDEND);
  let machineFrom: u32;
  if (load<u64>(from, TLB_READ_TAG) == (<u64>source & PAGE_MASK))
    machineFrom = <u32>source + load<u32>(from, TLB_ADDEND);
  else {
    // Pages that share an entry are never in the TLB at the same time.
    if (from != to || !isCanonical(source)) return 0;
    const moves = frameMoves;
    machineFrom = translate(source, KIND_READ, accessContext);
    // The walk may have moved the very page that is written.
    if (machineFrom <= TRANSLATE_SPECIAL || moves != frameMoves) return 0;
  }
  const bytes = elements << shift;
  const distance = machineTo - machineFrom;
  if (distance >= bytes) {
    memory.copy(machineTo, machineFrom, bytes);
    return elements;
  }
  // The destination begins inside the source: the elements moved first are moved again, so the pattern repeats.
  if (distance >>> shift == 0) return 0;
  const whole = (distance >>> shift) << shift;
  let done: u32 = 0;
  while (done < bytes) {
    const piece = min(whole, bytes - done);
    memory.copy(machineTo + done, machineFrom + done, piece);
    done += piece;
  }
  return elements;
}

/**
 * Stores the low 2^`shift` bytes (`shift` 0…3) of RAX to up to `count` elements from linear address `destination` up,
 * as far as they stay in its page. Returns how many; 0 as for `bulkMove`.
 */
export function bulkFill(destination: i64, count: i64, shift: i32): i32 {
  const to = entryOf(load<u32>(TLB_BASE), destination);
  if (load<u64>(to, TLB_WRITE_TAG) != (<u64>destination & PAGE_MASK)) return 0;
  let elements = elementsInPage(destination, shift);
  if (<u64>count < <u64>elements) elements = <u32>count;
  if (elements == 0) return 0;
  const machine = <u32>destination + load<u32>(to, TLB_ADDEND);
  const bytes = elements << shift;
  const size: u32 = 1 << shift;
  // The first element, then copies of what is there already, twice as much each time.
  if (shift == 0) memory.fill(machine, load<u8>(GPR), bytes);
  else {
    memory.copy(machine, GPR, size);
    let done = size;
    while (done < bytes) {
      const piece = min(done, bytes - done);
      memory.copy(machine + done, machine, piece);
      done += piece;
    }
  }
  return elements;
}
