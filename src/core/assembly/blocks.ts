// Decoded blocks: finding them by machine address and mode, and knowing which machine frames hold their bytes.

import {
  ARENA,
  ARENA_NEXT,
  BLOCK_ADDRESS,
  BLOCK_BYTES,
  BLOCK_COUNT,
  BLOCK_EXECUTIONS,
  BLOCK_FRAME_NEXT,
  BLOCK_HASH,
  BLOCK_HASH_ENTRIES,
  BLOCK_HEADER,
  BLOCK_MODE,
  BLOCK_NEXT,
  BLOCK_SECOND,
  CODE_MAPS,
  FRAME_BLOCKS,
  FRAME_CODE,
  FRAME_NEXT,
  DYNAMIC,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  JUMP_CACHE_ENTRY_SIZE,
} from '../layout.ts';
import { frameFlags, FRAME_SIZE, OFFSET_MASK, setFrameFlags } from './frames.ts';
import { renewCodeContexts } from './tlb.ts';
import { scrubWritable } from './tlb-tables.ts';

/** In a frame's chain, an entry for the second page of a block: BLOCK_COUNT is 0 and this is the address of the block. */
const ALIAS_OF = BLOCK_EXECUTIONS;

// @ts-ignore: decorator
@inline
function hashHead(machine: u32, mode: u32): u32 {
  const hash = machine ^ (machine >>> 13) ^ ((mode * 0x9e3779b1) >>> 7);
  return BLOCK_HASH + ((hash & (BLOCK_HASH_ENTRIES - 1)) << 2);
}

/** The chain of blocks of the frame that holds a machine address. */
// @ts-ignore: decorator
@inline
export function chainHead(machine: u32): u32 {
  return load<u32>(FRAME_BLOCKS) + ((machine >>> 12) << 2);
}

/** The first block for a machine address and mode (its header), 0 when there is none. */
// @ts-ignore: decorator
@inline
export function firstBlock(machine: u32, mode: u32): u32 {
  return matching(load<u32>(hashHead(machine, mode)), machine, mode);
}

/** The next block for the same machine address and mode: such blocks differ in their second page. */
export function nextBlock(block: u32): u32 {
  return matching(load<u32>(block, BLOCK_NEXT), load<u32>(block, BLOCK_ADDRESS), load<u32>(block, BLOCK_MODE));
}

// @ts-ignore: decorator
@inline
function matching(head: u32, machine: u32, mode: u32): u32 {
  let block = head;
  while (block != 0 && (load<u32>(block, BLOCK_ADDRESS) != machine || load<u32>(block, BLOCK_MODE) != mode)) {
    block = load<u32>(block, BLOCK_NEXT);
  }
  return block;
}

/** Bytes of a block, or of an alias, in the frame that holds its BLOCK_ADDRESS. */
function bytesInFrame(block: u32): u32 {
  return min(<u32>load<u16>(block, BLOCK_BYTES), FRAME_SIZE - (load<u32>(block, BLOCK_ADDRESS) & OFFSET_MASK));
}

// @ts-ignore: decorator
@inline
function codeMapOf(machine: u32): u32 {
  return load<u32>(CODE_MAPS) + ((machine >>> 12) << 3);
}

/** The bits of a code map for `bytes` (at least 1) at `offset` of a page, all inside it. */
// @ts-ignore: decorator
@inline
function mapBits(offset: u32, bytes: u32): u64 {
  const first = offset >>> 6;
  const last = (offset + bytes - 1) >>> 6;
  return (NO_BITS >> (63 - (last - first))) << first;
}
const NO_BITS: u64 = 0xffffffffffffffff;

function addToFrame(block: u32): void {
  const machine = load<u32>(block, BLOCK_ADDRESS);
  const head = chainHead(machine);
  store<u32>(block, load<u32>(head), BLOCK_FRAME_NEXT);
  store<u32>(head, block);
  const map = codeMapOf(machine);
  store<u64>(map, load<u64>(map) | mapBits(machine & OFFSET_MASK, bytesInFrame(block)));
  const flags = frameFlags(machine);
  if ((flags & FRAME_CODE) == 0) {
    setFrameFlags(machine, flags | FRAME_CODE);
    scrubWritable(machine & ~OFFSET_MASK);
  }
}

/**
 * Makes a block that the decoder has written at ARENA_NEXT known: `block` is the address of its header, all of which is
 * filled in but BLOCK_NEXT and BLOCK_FRAME_NEXT, and ARENA_NEXT is already behind its records. May itself take a header
 * there, so the decoder leaves that much below ARENA_END. Returns the address of the first record.
 */
export function noteCode(block: u32): u32 {
  const machine = load<u32>(block, BLOCK_ADDRESS);
  const head = hashHead(machine, load<u32>(block, BLOCK_MODE));
  store<u32>(block, load<u32>(head), BLOCK_NEXT);
  store<u32>(head, block);
  addToFrame(block);
  const second = load<u32>(block, BLOCK_SECOND);
  if (second != 0) {
    const alias = load<u32>(ARENA_NEXT);
    store<u32>(ARENA_NEXT, alias + BLOCK_HEADER);
    memory.fill(alias, 0, BLOCK_HEADER);
    store<u32>(alias, second & ~OFFSET_MASK, BLOCK_ADDRESS);
    store<u16>(alias, <u16>(<u32>load<u16>(block, BLOCK_BYTES) - bytesInFrame(block)), BLOCK_BYTES);
    store<u32>(alias, block, ALIAS_OF);
    addToFrame(alias);
  }
  return block + BLOCK_HEADER;
}

/** True when `bytes` at a machine address, within one frame, hold bytes of decoded code. */
export function holdsCode(machine: u32, bytes: u32): bool {
  if ((load<u64>(codeMapOf(machine)) & mapBits(machine & OFFSET_MASK, bytes)) == 0) return false;
  for (let block = load<u32>(chainHead(machine)); block != 0; block = load<u32>(block, BLOCK_FRAME_NEXT)) {
    const start = frameAddress(block);
    if (machine < start + bytesOf(block) && start < machine + bytes) return true;
  }
  return false;
}

// A dead block has lost its BLOCK_ADDRESS but stays in the chain of its frame; it covers nothing.
// @ts-ignore: decorator
@inline
function frameAddress(block: u32): u32 {
  return load<u32>(block, BLOCK_ADDRESS);
}

// @ts-ignore: decorator
@inline
function bytesOf(block: u32): u32 {
  return load<u32>(block, BLOCK_ADDRESS) == 0 ? 0 : bytesInFrame(block);
}

/** The live block of a frame whose records include the one at `ip`, 0 when there is none. */
export function blockOfRecord(machine: u32, ip: u32): u32 {
  for (let block = load<u32>(chainHead(machine)); block != 0; block = load<u32>(block, BLOCK_FRAME_NEXT)) {
    const records = block + BLOCK_HEADER;
    if (ip >= records && ip <= records + load<u32>(block, BLOCK_COUNT) * 32 && load<u32>(block, BLOCK_ADDRESS) != 0) {
      return block;
    }
  }
  return 0;
}

/** Takes a block out of the hash table. */
function kill(block: u32): void {
  const machine = load<u32>(block, BLOCK_ADDRESS);
  if (machine == 0) return;
  let link = hashHead(machine, load<u32>(block, BLOCK_MODE));
  // BLOCK_NEXT is the header's first word, so a header and a head of the table look the same from here.
  while (load<u32>(link) != 0 && load<u32>(link) != block) link = load<u32>(link) + BLOCK_NEXT;
  if (load<u32>(link) == block) store<u32>(link, load<u32>(block, BLOCK_NEXT));
  store<u32>(block, 0, BLOCK_ADDRESS);
}

/** Drops all blocks of the frame that holds a machine address. Their memory stays as it is until `dropAllCode`. */
export function dropFrame(machine: u32): void {
  const head = chainHead(machine);
  for (let block = load<u32>(head); block != 0; block = load<u32>(block, BLOCK_FRAME_NEXT)) {
    kill(load<u32>(block, BLOCK_COUNT) == 0 ? load<u32>(block, ALIAS_OF) : block);
  }
  store<u32>(head, 0);
  store<u64>(codeMapOf(machine), 0);
  setFrameFlags(machine, frameFlags(machine) & ~FRAME_CODE);
  renewCodeContexts();
}

/**
 * Forgets every block and empties the arena: when it is full. Only between blocks (the decoder runs there), for the
 * record that runs goes too.
 */
export function dropAllCode(): void {
  const first = DYNAMIC >>> 12;
  // FRAME_NEXT is 0 when all 4 GiB are in use.
  const end: u32 = load<u32>(FRAME_NEXT) == 0 ? 0x100000 : load<u32>(FRAME_NEXT) >>> 12;
  for (let number: u32 = first; number < end; number++) {
    const machine = number << 12;
    if ((frameFlags(machine) & FRAME_CODE) == 0) continue;
    setFrameFlags(machine, frameFlags(machine) & ~FRAME_CODE);
    store<u32>(chainHead(machine), 0);
    store<u64>(codeMapOf(machine), 0);
  }
  memory.fill(BLOCK_HASH, 0, BLOCK_HASH_ENTRIES * 4);
  // Its entries lead to records, and those of another generation may be looked at again.
  memory.fill(JUMP_CACHE, 0, JUMP_CACHE_ENTRIES * JUMP_CACHE_ENTRY_SIZE);
  store<u32>(ARENA_NEXT, ARENA);
  renewCodeContexts();
}
