// Blocks that run often, for the translator.

import { HOT_COUNT, HOT_QUEUE, HOT_QUEUE_ENTRIES } from '../layout.ts';

/** Reports the block whose first record is at `ip` as hot. When the queue is full it is reported another time. */
export function noteHot(ip: i32): void {
  const count = load<u32>(HOT_COUNT);
  if (count >= <u32>HOT_QUEUE_ENTRIES) return;
  store<u32>(HOT_QUEUE + (count << 2), ip);
  store<u32>(HOT_COUNT, count + 1);
}
