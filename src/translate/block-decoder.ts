// Decodes a basic block of guest code into records of machine memory. A block starts at a jump target and ends after a
// transfer of control, at the end of its page, or when it is long enough. An instruction that crosses a page is a block
// of its own.

import {
  ARENA_END,
  ARENA_NEXT,
  BLOCK_ADDRESS,
  BLOCK_ALIGNMENT,
  BLOCK_BYTES,
  BLOCK_COUNT,
  BLOCK_EXECUTIONS,
  BLOCK_FRAME_NEXT,
  BLOCK_HANDLER,
  BLOCK_HEADER,
  BLOCK_MODE,
  BLOCK_NEXT,
  BLOCK_SECOND,
  MODE_CODE_32,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MODE_EM,
  MODE_OSFXSR,
  MODE_PROTECTED,
  MODE_STEP,
  MODE_TS,
  RECORD_HANDLER,
  RECORD_SIZE,
  VECTOR_GP,
  VECTOR_NM,
  VECTOR_UD,
} from '../core/layout.ts';
import { Decoder, decodeStatus, type CodeSize } from './decoder.ts';
import { RecordWriter } from './record-writer.ts';

const PAGE = 4096;
const LONGEST_BLOCK = 64;
const LONGEST_INSTRUCTION = 15;

/** What block decoding needs of the core. */
export interface CodeCache {
  /** Makes the block whose header is at `block` findable, and marks its frames as holding code. */
  noteCode(block: number): void;
  /** Forgets all decoded code and empties the arena. */
  dropAllCode(): void;
  /** Machine address of the page after the one that RIP is in, for execution, or 0 when fetching from it faults (the fault is noted). */
  nextCodePage(): number;
}

export class BlockDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #writer: RecordWriter;
  readonly #decoder = new Decoder();
  readonly #cache: CodeCache;
  /** The two parts of an instruction that crosses a page. */
  readonly #crossing = new Uint8Array(2 * LONGEST_INSTRUCTION);
  /** Blocks and instructions decoded so far. */
  blocks = 0;
  instructions = 0;

  constructor(buffer: ArrayBuffer, cache: CodeCache) {
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#writer = new RecordWriter(buffer);
    this.#cache = cache;
  }

  /**
   * Decodes the block whose first byte is at machine address `address`, for the given MODE bits.
   * @returns false when its first instruction crosses into a page that cannot be fetched: the fault is noted in the core
   */
  decode(address: number, mode: number): boolean {
    const view = this.#view;
    const needed = BLOCK_ALIGNMENT + 2 * BLOCK_HEADER + (LONGEST_BLOCK + 1) * RECORD_SIZE;
    if (view.getUint32(ARENA_NEXT, true) + needed > view.getUint32(ARENA_END, true)) this.#cache.dropAllCode();
    const block = Math.ceil(view.getUint32(ARENA_NEXT, true) / BLOCK_ALIGNMENT) * BLOCK_ALIGNMENT;
    const first = block + BLOCK_HEADER;
    const codeSize = codeSizeOf(mode);
    const isProtected = (mode & MODE_PROTECTED) !== 0;
    const page = address - (address % PAGE);
    const limit = mode & MODE_STEP ? 1 : LONGEST_BLOCK;
    let position = address;
    let count = 0;
    let second = 0;
    let open = true;
    let ends = false;
    while (open && !ends && count < limit) {
      const offset = position - page;
      if (offset >= PAGE) break;
      const record = first + count * RECORD_SIZE;
      let status = this.#decoder.decode(this.#bytes, position, page + PAGE, codeSize, isProtected);
      if (status === decodeStatus.truncated) {
        if (count > 0) break;
        second = this.#cache.nextCodePage();
        if (second === 0) return false;
        const head = page + PAGE - position;
        this.#crossing.set(this.#bytes.subarray(position, page + PAGE));
        this.#crossing.set(this.#bytes.subarray(second, second + LONGEST_INSTRUCTION), head);
        status = this.#decoder.decode(this.#crossing, 0, head + LONGEST_INSTRUCTION, codeSize, isProtected);
        open = false;
      }
      if (this.#write(record, status, offset, mode)) {
        position += this.#decoder.length;
        ends = this.#decoder.entry.ends;
      } else {
        // What made it raise may be in any of the bytes that were looked at: a store to them has to drop the block.
        position += Math.max(1, this.#decoder.length);
        ends = true;
      }
      count++;
    }
    // Nothing goes on behind what ends a block.
    const records = ends ? count : count + 1;
    if (!ends) this.#writer.writeFallThrough(first + count * RECORD_SIZE, position - page);
    for (let index = 0; index < count; index++) this.#writer.setRemaining(first + index * RECORD_SIZE, count - index);
    view.setUint32(block + BLOCK_NEXT, 0, true);
    view.setUint32(block + BLOCK_ADDRESS, address, true);
    view.setUint32(block + BLOCK_MODE, mode, true);
    view.setUint32(block + BLOCK_COUNT, count, true);
    view.setUint32(block + BLOCK_SECOND, second, true);
    view.setUint32(block + BLOCK_EXECUTIONS, 0, true);
    view.setUint32(block + BLOCK_FRAME_NEXT, 0, true);
    view.setUint16(block + BLOCK_BYTES, position - address, true);
    view.setUint16(block + BLOCK_HANDLER, view.getUint32(first + RECORD_HANDLER, true), true);
    view.setUint32(ARENA_NEXT, first + records * RECORD_SIZE, true);
    this.#cache.noteCode(block);
    this.blocks++;
    this.instructions += count;
    return true;
  }

  /** Writes the record, or one that raises what the instruction raises instead; false then. */
  #write(record: number, status: number, offset: number, mode: number): boolean {
    if (status === decodeStatus.ok) {
      const vector = unavailable(this.#decoder.entry.needs, mode);
      if (vector < 0) {
        if (this.#writer.write(record, this.#decoder, offset, mode)) return true;
      } else {
        this.#writer.writeRaise(record, offset, vector, -1);
        return false;
      }
    }
    if (status === decodeStatus.tooLong) this.#writer.writeRaise(record, offset, VECTOR_GP, 0);
    else this.#writer.writeRaise(record, offset, VECTOR_UD, -1);
    return false;
  }
}

/** The default code size of MODE bits. */
export function codeSizeOf(mode: number): CodeSize {
  const size = mode & MODE_CODE_MASK;
  return size === MODE_CODE_64 ? 64 : size === MODE_CODE_32 ? 32 : 16;
}

/** The exception that an instruction of the x87, MMX or SSE units raises while CR0 and CR4 disable them, or -1 (SDM vol. 3A section 2.5, table 14-1). */
function unavailable(needs: 'nothing' | 'x87' | 'mmx' | 'sse', mode: number): number {
  switch (needs) {
    case 'nothing':
      return -1;
    case 'x87':
      return mode & (MODE_EM | MODE_TS) ? VECTOR_NM : -1;
    case 'mmx':
      if (mode & MODE_EM) return VECTOR_UD;
      break;
    case 'sse':
      if (mode & MODE_EM || !(mode & MODE_OSFXSR)) return VECTOR_UD;
  }
  return mode & MODE_TS ? VECTOR_NM : -1;
}
