// Generations: numbers in the high half of CODE_CONTEXT that jump cache entries carry, so that a change of what is at
// some RIP makes entries stale without visiting them.

import { JUMP_CACHE, JUMP_CACHE_ENTRIES, JUMP_CACHE_ENTRY_SIZE } from '../layout.ts';
import { renewGeneration, SUPERVISOR_CODE } from './address-space.ts';

// Code segments that do not start at 0 or end below 4 GiB have generations of their own: the jump cache goes by RIP, and
// what is at RIP depends on base and limit. An entry: base u64, limit u32, generation of the slot u32, generation u32.
const SEGMENT_ENTRIES: u32 = 16;
const SEGMENT_ENTRY_SIZE: u32 = 24;
const segments = memory.data(16 * 24);

let generations: u32 = 0;

/** A number no jump cache entry carries yet. */
export function nextGeneration(): u32 {
  generations++;
  if (generations == 0) {
    // After 2^32 flushes the numbers start over: whatever carries an old one must go.
    memory.fill(JUMP_CACHE, 0, JUMP_CACHE_ENTRIES * JUMP_CACHE_ENTRY_SIZE);
    memory.fill(segments, 0, SEGMENT_ENTRIES * SEGMENT_ENTRY_SIZE);
    generations = 1;
    for (let slot: u32 = 0; slot <= SUPERVISOR_CODE; slot++) renewGeneration(slot);
    generations++;
  }
  return generations;
}

/** The generation of a code segment in an address space of the given generation. */
export function segmentGeneration(base: u64, limit: u32, generation: u32): u32 {
  const page = <u32>base ^ (<u32>base >>> 8) ^ (<u32>base >>> 16);
  const line = (page ^ (page >>> 4)) & (SEGMENT_ENTRIES - 1);
  const at = segments + line * SEGMENT_ENTRY_SIZE;
  if (load<u64>(at) == base && load<u32>(at, 8) == limit && load<u32>(at, 12) == generation) return load<u32>(at, 16);
  const fresh = nextGeneration();
  store<u64>(at, base);
  store<u32>(at, limit, 8);
  store<u32>(at, generation, 12);
  store<u32>(at, fresh, 16);
  return fresh;
}
