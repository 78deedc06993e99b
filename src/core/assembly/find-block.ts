// From RIP to the block that was decoded from the bytes there.

import {
  BLOCK_ADDRESS,
  BLOCK_BYTES,
  BLOCK_HEADER,
  BLOCK_SECOND,
  CODE_CONTEXT,
  CODE_PAGE,
  COUNT_BLOCK_LOOKUPS,
  DECODE_ADDRESS,
  DECODE_MODE,
  FAULT_CODE,
  FAULT_VECTOR,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MODE_CODE_UNCHECKED,
  MODE_STEP,
  RECORD_OFFSET,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  ADDRESS_SPACE_SLOT,
  VECTOR_GP,
} from '../layout.ts';
import { noteJumpTarget } from './address-space.ts';
import { firstBlock, nextBlock } from './blocks.ts';
import { FRAME_SIZE, OFFSET_MASK } from './frames.ts';
import { isCanonical } from './mode.ts';
import { fetchedBefore, fetchedGlobal, translateFetch } from './tlb.ts';

/** What `find` returns instead of a record. */
export const FIND_FAULT: u32 = 0;
export const FIND_DECODE: u32 = 1;

// @ts-ignore: decorator
@inline
function jumpCacheEntry(rip: i64): u32 {
  const low = <u32>rip;
  return JUMP_CACHE + (((low ^ (low >>> 12)) & (JUMP_CACHE_ENTRIES - 1)) << 5);
}

// @ts-ignore: decorator
@inline
function setCodePage(record: u32, rip: i64): void {
  store<i64>(CODE_PAGE, rip - <i64>load<u16>(record, RECORD_OFFSET));
}

/** The block at `rip` that the jump cache knows, 0 when it knows none. Sets CODE_PAGE. */
// @ts-ignore: decorator
@inline
export function cached(rip: i64): u32 {
  const entry = jumpCacheEntry(rip);
  if (load<i64>(entry) != rip) return 0;
  if (load<i64>(entry, 8) != load<i64>(CODE_CONTEXT) && !renew(entry, rip)) return 0;
  const record = load<u32>(entry, 16);
  setCodePage(record, rip);
  return record;
}

/**
 * An entry from another generation, or from another address space: gives it the present one if the TLB says that its block
 * is what lies at `rip` now. After a switch of address spaces that is so for all of a kernel.
 */
function renew(entry: u32, rip: i64): bool {
  const mode = load<u32>(MODE);
  if (load<u32>(entry, 8) != load<u32>(CODE_CONTEXT) || (mode & MODE_CODE_UNCHECKED) == 0) return false;
  const block = load<u32>(entry, 16) - BLOCK_HEADER;
  const linear = codeLinear(rip, mode);
  const machine = fetchedBefore(linear);
  // A block that was dropped has no address; and what follows a page may have changed without the page itself.
  if (machine == 0 || load<u32>(block, BLOCK_ADDRESS) != machine || load<u32>(block, BLOCK_SECOND) != 0) return false;
  store<i64>(entry, load<i64>(CODE_CONTEXT), 8);
  noteJumpTarget(load<u32>(ADDRESS_SPACE_SLOT), linear, fetchedGlobal);
  return true;
}

function protectionFault(): u32 {
  store<i32>(FAULT_VECTOR, VECTOR_GP);
  store<i32>(FAULT_CODE, 0);
  return FIND_FAULT;
}

/** The linear address of RIP. */
// @ts-ignore: decorator
@inline
function codeLinear(rip: i64, mode: u32): u64 {
  if ((mode & MODE_CODE_MASK) == MODE_CODE_64) return rip;
  return (rip + load<i64>(SEGMENT_CS + SEGMENT_BASE)) & 0xffffffff;
}

/** The page after that of a linear address. Only 64-bit code goes beyond 4 GiB. */
// @ts-ignore: decorator
@inline
function nextPageLinear(linear: u64, mode: u32): u64 {
  const next = (linear & 0xfffffffffffff000) + FRAME_SIZE;
  return (mode & MODE_CODE_MASK) == MODE_CODE_64 ? next : next & 0xffffffff;
}

/** Translates the page behind RIP's for a fetch: its first byte's machine address, or 0 with a fault in FAULT_*. */
function fetchSecond(linear: u64, mode: u32): u32 {
  const next = nextPageLinear(linear, mode);
  if ((mode & MODE_CODE_MASK) == MODE_CODE_64 && !isCanonical(next)) return protectionFault();
  return translateFetch(next);
}

/**
 * Finds the block at `rip` that was decoded for `mode` (MODE, with or without MODE_STEP). Returns its first record and
 * sets CODE_PAGE; or FIND_DECODE with DECODE_ADDRESS and DECODE_MODE set; or FIND_FAULT with FAULT_* set.
 */
export function find(rip: i64, mode: u32): u32 {
  store<i64>(COUNT_BLOCK_LOOKUPS, load<i64>(COUNT_BLOCK_LOOKUPS) + 1);
  const checksLimit = (mode & MODE_CODE_UNCHECKED) == 0;
  const linear = codeLinear(rip, mode);
  if ((mode & MODE_CODE_MASK) == MODE_CODE_64) {
    if (!isCanonical(linear)) return protectionFault();
  } else if (checksLimit && <u32>rip > load<u32>(SEGMENT_CS + SEGMENT_LIMIT)) {
    return protectionFault();
  }
  const machine = translateFetch(linear);
  if (machine == 0) return FIND_FAULT;
  const global = fetchedGlobal;
  let second: u32 = 0;
  for (let block = firstBlock(machine, mode); block != 0; block = nextBlock(block)) {
    const blockSecond = load<u32>(block, BLOCK_SECOND);
    if (blockSecond != 0) {
      if (second == 0) {
        second = fetchSecond(linear, mode);
        if (second == 0) return FIND_FAULT;
      }
      if ((blockSecond & ~OFFSET_MASK) != (second & ~OFFSET_MASK)) continue;
    }
    if (
      checksLimit &&
      <u64>(<u32>rip) + <u64>load<u16>(block, BLOCK_BYTES) - 1 > <u64>load<u32>(SEGMENT_CS + SEGMENT_LIMIT)
    ) {
      // The block runs into the end of the segment: its instructions go one by one until one of them does.
      return mode & MODE_STEP ? protectionFault() : find(rip, mode | MODE_STEP);
    }
    const record = block + BLOCK_HEADER;
    setCodePage(record, rip);
    if ((mode & MODE_STEP) == 0) remember(record, rip, linear, global, second != 0);
    return record;
  }
  store<u32>(DECODE_ADDRESS, machine);
  store<u32>(DECODE_MODE, mode);
  return FIND_DECODE;
}

/** Puts a block into the jump cache. */
function remember(record: u32, rip: i64, linear: u64, global: bool, crosses: bool): void {
  const entry = jumpCacheEntry(rip);
  store<i64>(entry, rip);
  store<i64>(entry, load<i64>(CODE_CONTEXT), 8);
  store<u32>(entry, record, 16);
  const slot = load<u32>(ADDRESS_SPACE_SLOT);
  noteJumpTarget(slot, linear, global);
  if (crosses) noteJumpTarget(slot, linear + FRAME_SIZE, fetchedGlobal);
}

/**
 * Machine address of the first byte of the page behind RIP's, which the decoder asks for when an instruction crosses
 * into it; 0 when fetching there faults. FAULT_* is set then: if the
 * instruction needs the byte, the decoder calls `deliverHere`.
 */
export function nextCodePage(): u32 {
  const mode = load<u32>(MODE);
  return fetchSecond(codeLinear(load<i64>(RIP), mode), mode);
}
