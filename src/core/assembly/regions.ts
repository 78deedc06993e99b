// What regions of translated code ask for: whether the pages they were made from are still where they were, and memory that
// their probe missed.

import {
  ADDRESS_SPACE_SLOT,
  BLOCK_ADDRESS,
  BLOCK_HEADER,
  BLOCK_SECOND,
  CODE_CONTEXT,
  CODE_PAGE,
  CURRENT,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  REGION_ENTRY_PAGE,
  REGION_PAGE_BLOCK,
  REGION_PAGE_COUNT,
  REGION_PAGE_DISTANCE,
  REGION_PAGE_FRAME,
  REGION_PAGE_SIZE,
  REGION_PAGES,
  SEGMENT_BASE,
  SEGMENT_CS,
} from '../layout.ts';
import { noteJumpTarget } from './address-space.ts';
import { firstBlock } from './blocks.ts';
import { OFFSET_MASK } from './frames.ts';
import { ACCESS_PLAIN, loadMiss, storeMiss, updateMiss, windowMiss } from './memory-misses.ts';
import { KIND_READ, KIND_WRITE } from './page-fault.ts';
import { fetchable, fetchedGlobal } from './tlb.ts';

/**
 * Looks whether the pages of a region are where they were when it was made, and none of its code was dropped. CODE_PAGE is
 * that of its entry. Returns 1 and notes the generation in the descriptor when they are. Where the TLB does not know a page,
 * it has to have been accessed: the program may go another way, and must not find accessed bits set for what it did not do.
 */
export function checkRegion(descriptor: i32): i32 {
  const isLong = (load<u32>(MODE) & MODE_CODE_MASK) == MODE_CODE_64;
  if (!isLong && load<u64>(SEGMENT_CS + SEGMENT_BASE) != 0) return 0;
  const slot = load<u32>(ADDRESS_SPACE_SLOT);
  const entry = load<i64>(CODE_PAGE);
  const end = descriptor + REGION_PAGES + load<i32>(descriptor, REGION_PAGE_COUNT) * REGION_PAGE_SIZE;
  for (let page = descriptor + REGION_PAGES; page < end; page += REGION_PAGE_SIZE) {
    if (load<u32>(load<u32>(page, REGION_PAGE_BLOCK), BLOCK_ADDRESS) == 0) return 0;
    const distant = entry + load<i64>(page, REGION_PAGE_DISTANCE);
    const linear = isLong ? distant : distant & 0xffffffff;
    const machine = fetchable(linear);
    if (machine == 0 || (machine & ~OFFSET_MASK) != load<u32>(page, REGION_PAGE_FRAME)) return 0;
    // Whatever changes the mapping of this page has to renew the generation from now on.
    noteJumpTarget(slot, linear, fetchedGlobal);
  }
  // The same code may be mapped at several addresses: what was found for one says nothing of another.
  if (load<i64>(descriptor, REGION_ENTRY_PAGE) != entry) {
    memory.fill(descriptor, 0, REGION_PAGE_COUNT);
    store<i64>(descriptor, entry, REGION_ENTRY_PAGE);
  }
  store<u32>(descriptor + (slot << 2), load<u32>(CODE_CONTEXT, 4));
  return 1;
}

/** The first record of the block that was decoded from a machine address for a mode, inside one page; 0 when there is none. */
export function decodedBlock(machine: i32, mode: i32): i32 {
  const block = firstBlock(machine, mode);
  return block == 0 || load<u32>(block, BLOCK_SECOND) != 0 ? 0 : block + BLOCK_HEADER;
}

/** The `access` argument of the miss routines, for `bytes` bytes and a record's address whose bit 0 says that the segment is SS. */
// @ts-ignore: decorator
@inline
function accessOf(bytes: i32, ip: i32): i32 {
  store<i32>(CURRENT, ip & ~1);
  return bytes | ((ip & 1) << 8) | ACCESS_PLAIN;
}

/** As `loadMiss`, for the instruction at `ip`, with 1 added where the segment is SS. 0 with FAULT_INTERPRET: a device is there. */
export function regionLoad(linear: i64, bytes: i32, ip: i32): i32 {
  return loadMiss(linear, accessOf(bytes, ip));
}

/** As `storeMiss`. */
export function regionStore(linear: i64, bytes: i32, ip: i32): i32 {
  return storeMiss(linear, accessOf(bytes, ip));
}

/** As `updateMiss`. */
export function regionUpdate(linear: i64, bytes: i32, ip: i32): i32 {
  return updateMiss(linear, accessOf(bytes, ip));
}

/** As `windowMiss`, with `bytes` in bits 0 to 15 of `window` and `before` above, for the instruction at `ip`, with 1 added where it stores. */
export function regionWindow(linear: i64, window: u32, ip: i32): i32 {
  store<i32>(CURRENT, ip & ~1);
  return windowMiss(linear, window >>> 16, window & 0xffff, ip & 1 ? KIND_WRITE : KIND_READ);
}
