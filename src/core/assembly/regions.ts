// What regions of translated code ask for: whether the pages they were made from are still where they were, and memory that
// their inline probe missed. They keep the budget in a local, so it comes along.

import {
  ADDRESS_SPACE_SLOT,
  BLOCK_ADDRESS,
  BLOCK_HEADER,
  BLOCK_SECOND,
  BUDGET,
  CODE_CONTEXT,
  CODE_PAGE,
  CURRENT,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
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
import { loadMiss, storeMiss, updateMiss } from './memory-misses.ts';
import { fetchedBefore } from './tlb.ts';

/**
 * Looks whether the pages of a region are where they were when it was made, as far as the TLB knows, and none of its code
 * was dropped. CODE_PAGE is that of its entry. Returns 1 and notes the generation in the descriptor when they are. Walks no
 * page table: an access that the program does not make must not set accessed bits.
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
    const machine = fetchedBefore(linear);
    if (machine == 0 || (machine & ~OFFSET_MASK) != load<u32>(page, REGION_PAGE_FRAME)) return 0;
    // Whatever changes the mapping of this page has to renew the generation from now on.
    noteJumpTarget(slot, linear);
  }
  store<u32>(descriptor + (slot << 2), load<u32>(CODE_CONTEXT, 4));
  return 1;
}

/** The first record of the block that was decoded from a machine address for a mode, inside one page; 0 when there is none. */
export function decodedBlock(machine: i32, mode: i32): i32 {
  const block = firstBlock(machine, mode);
  return block == 0 || load<u32>(block, BLOCK_SECOND) != 0 ? 0 : block + BLOCK_HEADER;
}

// @ts-ignore: decorator
@inline
function leaveState(ip: i32, budget: i32): void {
  store<i32>(CURRENT, ip);
  store<i32>(BUDGET, budget);
}

/** As `loadMiss`, for the instruction at `ip`. A device may change BUDGET. */
export function regionLoad(linear: i64, access: i32, ip: i32, budget: i32): i32 {
  leaveState(ip, budget);
  return loadMiss(linear, access);
}

/** As `storeMiss`. */
export function regionStore(linear: i64, access: i32, ip: i32, budget: i32): i32 {
  leaveState(ip, budget);
  return storeMiss(linear, access);
}

/** As `updateMiss`. */
export function regionUpdate(linear: i64, access: i32, ip: i32, budget: i32): i32 {
  leaveState(ip, budget);
  return updateMiss(linear, access);
}
