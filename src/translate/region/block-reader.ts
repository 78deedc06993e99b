// Reads decoded blocks for regions: how much of them a region can contain, and where they lead.

import {
  BLOCK_ADDRESS,
  BLOCK_COUNT,
  BLOCK_EXECUTIONS,
  BLOCK_HANDLER,
  BLOCK_HEADER,
  BLOCK_MODE,
  BLOCK_SECOND,
  RECORD_HANDLER,
  RECORD_HINT_NEXT,
  RECORD_HINT_TAKEN,
  RECORD_IMMEDIATE,
  RECORD_LENGTH,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_OFFSET,
  RECORD_SIZE,
} from '../../core/layout.ts';
import { HANDLER_FALL_THROUGH, handlerVariants } from '../handler-table.ts';
import { flowOf, type Flow } from './instruction-nodes.ts';
import { MachineView } from './machine-view.ts';

const PAGE = 4096;

/** Where a block may lead that is known before it runs. */
export interface Successor {
  /** Address of the first record there; 0: not known, or not decoded. */
  readonly ip: number;
  /** Distance of its page from the page of the block that leads there, bytes. */
  readonly page: number;
}

/** What a block is, which stays as it is until all decoded code is dropped. */
export interface BlockOutline {
  /** So many of its records, from the first one on, a region can contain. */
  readonly length: number;
  /** The record after those where the interpreter goes on; 0: the last one is a jump. */
  readonly rest: number;
  /** `fallThrough`: `rest` is the record that only leads to the next block; `out`: it is an instruction. */
  readonly ends: Exclude<Flow, 'next'> | 'fallThrough';
  /** Its last record. */
  readonly last: number;
  /** Page offset of the address behind the block from the block's page: behind a call, where the return leads. */
  readonly nextOffset: number;
}

export class BlockReader {
  readonly #view: MachineView;
  readonly #decodedBlock: (machine: number, mode: number) => number;
  /** By handler. */
  readonly #flows: Flow[] = [];
  /** By the address of the first record. */
  readonly #outlines = new Map<number, BlockOutline>();

  /** @param decodedBlock the core's */
  constructor(memory: ArrayBuffer, decodedBlock: (machine: number, mode: number) => number) {
    this.#view = new MachineView(memory);
    this.#decodedBlock = decodedBlock;
  }

  // ---- Headers, by the address of the first record. ----
  mode(first: number): number {
    return this.#view.u32(first - BLOCK_HEADER + BLOCK_MODE);
  }
  /** Machine address of the block's first byte; 0 when it was dropped. */
  machine(first: number): number {
    return this.#view.u32(first - BLOCK_HEADER + BLOCK_ADDRESS);
  }
  /** Machine address of the second page that its instruction crosses into, or 0. */
  second(first: number): number {
    return this.#view.u32(first - BLOCK_HEADER + BLOCK_SECOND);
  }
  count(first: number): number {
    return this.#view.u32(first - BLOCK_HEADER + BLOCK_COUNT);
  }
  /** Page offset of its first byte. */
  offset(first: number): number {
    return this.#view.u16(first + RECORD_OFFSET);
  }
  executions(first: number): number {
    return this.#view.u32(first - BLOCK_HEADER + BLOCK_EXECUTIONS);
  }
  /** The handler of its first record, as the decoder chose it. */
  handler(first: number): number {
    return this.#view.u16(first - BLOCK_HEADER + BLOCK_HANDLER);
  }

  /** All decoded code is gone. */
  forget(): void {
    this.#outlines.clear();
  }

  read(first: number): BlockOutline {
    let outline = this.#outlines.get(first);
    if (!outline) this.#outlines.set(first, (outline = this.#read(first)));
    return outline;
  }

  #read(first: number): BlockOutline {
    const end = first + this.count(first) * RECORD_SIZE;
    let last = first;
    let handler = this.handler(first);
    let flow = this.#flow(handler);
    while (flow === 'next' && last < end) {
      last += RECORD_SIZE;
      handler = this.#view.u32(last + RECORD_HANDLER);
      flow = this.#flow(handler);
    }
    const ends = handler === HANDLER_FALL_THROUGH ? 'fallThrough' : flow === 'next' ? 'out' : flow;
    const isRest = ends === 'fallThrough' || ends === 'out';
    return {
      length: (last - first) / RECORD_SIZE + (isRest ? 0 : 1),
      rest: isRest ? last : 0,
      ends,
      last,
      nextOffset: this.#view.u16(last + RECORD_OFFSET) + this.#view.u8(last + RECORD_LENGTH),
    };
  }

  /** Where the block may lead that is known before it runs: for a branch the target and the next block, for a jump or call the target, behind a block's end the next block. */
  successors(first: number, { ends, last, nextOffset }: BlockOutline): readonly Successor[] {
    if (ends === 'fallThrough') return [this.#successor(first, last, RECORD_LINK_NEXT, RECORD_HINT_NEXT, nextOffset)];
    if (ends !== 'branch' && ends !== 'jump' && ends !== 'call') return [];
    const taken = this.#successor(first, last, RECORD_LINK_TAKEN, RECORD_HINT_TAKEN, targetOf(this.#view, last));
    if (ends !== 'branch') return [taken];
    return [taken, this.#successor(first, last, RECORD_LINK_NEXT, RECORD_HINT_NEXT, nextOffset)];
  }

  /** The first record of the block that the return from a call at the end of this one leads to, or 0. */
  continuation(first: number, { nextOffset }: BlockOutline): number {
    return this.#samePage(first, nextOffset);
  }

  #successor(first: number, record: number, link: number, hint: number, offset: number): Successor {
    const inPage = this.#samePage(first, offset);
    if (inPage !== 0) return { ip: inPage, page: 0 };
    const page = offset - (((offset % PAGE) + PAGE) % PAGE);
    let ip = this.#view.u32(record + hint);
    // A block that crosses a page lies in this one, but is not to be found by its address alone.
    if (page === 0 && ip === 0) ip = this.#view.u32(record + link);
    const isThere =
      ip !== 0 &&
      this.machine(ip) !== 0 &&
      this.mode(ip) === this.mode(first) &&
      this.#view.u16(ip + RECORD_OFFSET) === offset - page;
    return { ip: isThere ? ip : 0, page };
  }

  /** The first record of the block at a page offset of a block's own page, or 0. */
  #samePage(first: number, offset: number): number {
    if (offset < 0 || offset >= PAGE) return 0;
    const machine = this.machine(first);
    return this.#decodedBlock(machine - (machine % PAGE) + offset, this.mode(first)) >>> 0;
  }

  #flow(handler: number): Flow {
    return (this.#flows[handler] ??= flowOf(handlerVariants[handler]));
  }
}

/** Page offset of a direct jump's target, from the page of the jump; negative before it. */
function targetOf(view: MachineView, ip: number): number {
  return Number(view.i64(ip + RECORD_IMMEDIATE));
}
