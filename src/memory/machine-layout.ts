import { PAGE_SIZE } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import { GIB, MIB } from '../base/units.ts';
import { DYNAMIC } from '../core/layout.ts';

/** Where a cell's tables and frames lie in machine memory: byte offsets, all on page boundaries. */
export interface MachineLayout {
  readonly frameFlags: number;
  readonly codeMaps: number;
  readonly frameBlocks: number;
  readonly writeLines: number;
  readonly p2m: number;
  /** First frame. */
  readonly frames: number;
  /** End of machine memory. */
  readonly end: number;
}

const FRAME_FLAGS_BYTES = 1;
const CODE_MAP_BYTES = 8;
const FRAME_BLOCKS_BYTES = 4;
const WRITE_LINES_BYTES = 4;
const TABLE_BYTES = FRAME_FLAGS_BYTES + CODE_MAP_BYTES + FRAME_BLOCKS_BYTES + WRITE_LINES_BYTES;
const P2M_BYTES = 4;
/** Frames of the cell itself: of zeros and of ones. */
const OWN_FRAMES = 2;
export const WASM_PAGE = 65536;
const LARGEST = 4 * GIB;
/** What fits beside the tables for it, in MiB and with a little to spare. */
const LARGEST_GUEST_MIB = 3900;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/**
 * Lays out machine memory for `guestFrames` frames of guest memory under a p2m of `p2mEntries` entries. Nothing is
 * written: what the guest does not touch, the host does not have to find.
 *
 * @throws UserError when that does not fit the 4 GiB that a cell addresses.
 */
export function layOutMachine(guestFrames: number, p2mEntries: number): MachineLayout {
  const tables = (frames: number): number => roundUp(frames * TABLE_BYTES, PAGE_SIZE) + 4 * PAGE_SIZE;
  const p2mBytes = roundUp(p2mEntries * P2M_BYTES, PAGE_SIZE);
  const fixed = DYNAMIC + p2mBytes + (guestFrames + OWN_FRAMES) * PAGE_SIZE;
  // The tables have an entry for every frame of machine memory, those that hold the tables included.
  let end = fixed;
  let needed = fixed + tables(end / PAGE_SIZE);
  while (needed > end) {
    end = roundUp(needed, WASM_PAGE);
    needed = fixed + tables(end / PAGE_SIZE);
  }
  if (end > LARGEST) {
    throw new UserError(
      `A guest of ${Math.ceil((guestFrames * PAGE_SIZE) / MIB)} MiB does not fit the 4 GiB of machine memory that a cell has; give it at most ${LARGEST_GUEST_MIB} MiB with --memory.`,
    );
  }
  const count = end / PAGE_SIZE;
  const frameFlags = DYNAMIC;
  const codeMaps = frameFlags + roundUp(count * FRAME_FLAGS_BYTES, PAGE_SIZE);
  const frameBlocks = codeMaps + roundUp(count * CODE_MAP_BYTES, PAGE_SIZE);
  const writeLines = frameBlocks + roundUp(count * FRAME_BLOCKS_BYTES, PAGE_SIZE);
  const p2m = writeLines + roundUp(count * WRITE_LINES_BYTES, PAGE_SIZE);
  return { frameFlags, codeMaps, frameBlocks, writeLines, p2m, frames: p2m + p2mBytes, end };
}
