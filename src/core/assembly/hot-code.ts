// Blocks that run often, for the translator.

import {
  CODE_PAGE,
  HOT_COUNT,
  HOT_QUEUE,
  HOT_QUEUE_ENTRIES,
  JUMP_COUNT,
  JUMP_QUEUE,
  JUMP_QUEUE_ENTRIES,
  JUMP_QUEUE_ENTRY_SIZE,
} from '../layout.ts';

/** Reports the block whose first record is at `ip` as hot. When the queue is full it is reported another time. */
export function noteHot(ip: i32): void {
  const count = load<u32>(HOT_COUNT);
  if (count >= <u32>HOT_QUEUE_ENTRIES) return;
  store<u32>(HOT_QUEUE + (count << 2), ip);
  store<u32>(HOT_COUNT, count + 1);
}

/**
 * Reports a block that a region often hands over to.
 * @param jump the record of the indirect jump that leads there; 0: it is another way
 * @param page CODE_PAGE before the jump
 */
export function noteBusy(ip: i32, jump: i32, page: i64): void {
  noteHot(ip);
  const count = load<u32>(JUMP_COUNT);
  if (jump == 0 || count >= <u32>JUMP_QUEUE_ENTRIES) return;
  const entry = JUMP_QUEUE + count * JUMP_QUEUE_ENTRY_SIZE;
  store<i32>(entry, jump);
  store<i32>(entry, ip, 4);
  store<i64>(entry, load<i64>(CODE_PAGE) - page, 8);
  store<u32>(JUMP_COUNT, count + 1);
}
