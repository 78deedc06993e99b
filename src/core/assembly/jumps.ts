// Jumps to blocks, and links between the blocks of a page.

import {
  BLOCK_ADDRESS,
  BLOCK_HEADER,
  BLOCK_MODE,
  BLOCK_SECOND,
  CODE_PAGE,
  EXIT_DECODE,
  MODE,
  MODE_CODE_UNCHECKED,
  MODE_STEP,
  RECORD_HINT_NEXT,
  RECORD_HINT_TAKEN,
  RECORD_IMMEDIATE,
  RECORD_LENGTH,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_OFFSET,
  RIP,
} from '../layout.ts';
import { blockOfRecord } from './blocks.ts';
import { currentBlock, exit } from './boundaries.ts';
import { deliverHere, maskToCode } from './exceptions.ts';
import { cached, find, FIND_DECODE } from './find-block.ts';
import { FRAME_SIZE } from './frames.ts';

/**
 * The block at `rip`, which a near jump, call or return goes to: as `currentBlock`, but interrupts are not looked at.
 * Returns its first record, or 0 with EXIT_REASON and RIP set.
 */
export function jumpTo(rip: i64): i32 {
  const record = cached(rip);
  return record != 0 ? record : findJump(rip);
}

function findJump(rip: i64): i32 {
  const mode = load<u32>(MODE);
  if ((mode & MODE_STEP) == 0) {
    const record = find(rip, mode);
    if (record > FIND_DECODE) return record;
    store<i64>(RIP, rip);
    if (record == FIND_DECODE) return exit(EXIT_DECODE);
    if (!deliverHere()) return 0;
  } else {
    store<i64>(RIP, rip);
  }
  return currentBlock();
}

/**
 * The target of the direct jump at `ip` (`taken` 1) or the instruction after it (0), whose link is empty. Fills the link
 * when both lie in one page, so that the next time nobody asks. Returns what `jumpTo` does.
 */
export function followLink(ip: i32, taken: i32): i32 {
  const page = load<i64>(CODE_PAGE);
  const offset = taken
    ? load<i64>(ip, RECORD_IMMEDIATE)
    : <i64>load<u16>(ip, RECORD_OFFSET) + <i64>load<u8>(ip, RECORD_LENGTH);
  const rip = maskToCode(page + offset);
  const record = jumpTo(rip);
  // With a limit to check, or one instruction at a time, every jump is looked at.
  const mode = load<u32>(MODE);
  if (record == 0 || (mode & (MODE_CODE_UNCHECKED | MODE_STEP)) != MODE_CODE_UNCHECKED) return record;
  if (<u64>offset >= <u64>FRAME_SIZE || load<u32>(record - BLOCK_HEADER, BLOCK_SECOND) != 0) {
    // Unless a fault led elsewhere.
    if (load<i64>(CODE_PAGE) + <i64>load<u16>(record, RECORD_OFFSET) == rip) {
      store<u32>(ip + (taken ? RECORD_HINT_TAKEN : RECORD_HINT_NEXT), record);
    }
    return record;
  }
  // A fault may have led elsewhere, and the page may have come to lie in another frame: a link must join blocks of one
  // frame and one mode, because they are dropped together.
  if (load<i64>(CODE_PAGE) != page || <i64>load<u16>(record, RECORD_OFFSET) != offset) return record;
  link(ip, record, taken);
  return record;
}

function link(ip: i32, record: u32, taken: i32): void {
  const target = record - BLOCK_HEADER;
  const source = blockOfRecord(load<u32>(target, BLOCK_ADDRESS), ip);
  if (source == 0 || load<u32>(source, BLOCK_MODE) != load<u32>(target, BLOCK_MODE)) return;
  store<u32>(ip + (taken ? RECORD_LINK_TAKEN : RECORD_LINK_NEXT), record);
}
