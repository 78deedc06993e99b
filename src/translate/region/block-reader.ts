// Reads decoded blocks for regions: the nodes of their instructions, and where they lead.

import {
  BLOCK_ADDRESS,
  BLOCK_COUNT,
  BLOCK_EXECUTIONS,
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
import { allVariants, HANDLER_FALL_THROUGH } from '../handler-table.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import { buildInstruction, type Instruction, type InstructionNodes } from './instruction-nodes.ts';
import { hasSmallImmediate } from './region-ir.ts';
import { MachineView } from './machine-view.ts';
import { localRegister, registerAddress, RegisterSet } from './region-registers.ts';

const PAGE = 4096;
const NONE: readonly string[] = [];

/** Where a block may lead that is known before it runs. */
export interface Successor {
  /** Address of the first record there; 0: not known, or not decoded. */
  readonly ip: number;
  /** Distance of its page from the page of the block that leads there, bytes. */
  readonly page: number;
}

/** What a block is, which stays as it is until all decoded code is dropped. */
export interface BlockContent {
  /** Of its records one after the other, as far as regions can contain them. */
  readonly instructions: readonly InstructionNodes[];
  /** The record after those where the interpreter goes on; 0: the last one is a jump. */
  readonly rest: number;
  /** `rest` is the record that only falls through to the next block. */
  readonly fallsThrough: boolean;
  readonly ends: 'branch' | 'jump' | 'call' | 'return' | 'fallThrough' | 'indirect' | 'rest';
  /** It ends with a call, direct or not. */
  readonly isCall: boolean;
  /** Its last record. */
  readonly last: number;
  /** Page offset of the address behind the block from the block's page: behind a call, where the return leads. */
  readonly nextOffset: number;
  /** The registers that its instructions use, in the order of their first use, those that they write, and core routines that they call. */
  readonly used: RegisterSet;
  readonly written: RegisterSet;
  readonly routines: readonly string[];
  /** Whether an instruction asks how MXCSR rounds. */
  readonly asksSettled: boolean;
}

export class BlockReader {
  readonly #view: MachineView;
  readonly #decodedBlock: (machine: number, mode: number) => number;
  readonly #handlerOf: (ip: number) => number;
  readonly #variants: HandlerVariant[] = [];
  /** By handler; those of a variant that `hasSmallImmediate`, by handler and immediate, are in the map. */
  readonly #instructions: (Instruction | null | undefined)[] = [];
  readonly #immediates = new Map<number, Instruction | null>();
  /** By the address of the first record. */
  readonly #contents = new Map<number, BlockContent>();

  /**
   * @param decodedBlock the core's
   * @param handlerOf the handler that the decoder chose for the record at an address
   */
  constructor(
    view: DataView,
    decodedBlock: (machine: number, mode: number) => number,
    handlerOf: (ip: number) => number,
  ) {
    this.#view = new MachineView(view.buffer);
    this.#decodedBlock = decodedBlock;
    this.#handlerOf = handlerOf;
    for (const { index, variant } of allVariants()) this.#variants[index] = variant;
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

  /** All decoded code is gone. */
  forget(): void {
    this.#contents.clear();
  }

  read(first: number): BlockContent {
    let content = this.#contents.get(first);
    if (!content) this.#contents.set(first, (content = this.#read(first)));
    return content;
  }

  #read(first: number): BlockContent {
    const found: Instruction[] = [];
    const count = this.count(first);
    let rest = 0;
    let ends: BlockContent['ends'] = 'rest';
    let isCall = false;
    for (let index = 0; index <= count; index++) {
      const ip = first + index * RECORD_SIZE;
      const handler = this.#handlerOf(ip);
      if (handler === HANDLER_FALL_THROUGH) ends = 'fallThrough';
      const instruction = this.#instruction(handler, ip);
      if (instruction === null) {
        rest = ip;
        break;
      }
      found.push(instruction);
      const { jump } = instruction.whole;
      if (jump === null) continue;
      const { mnemonic } = instruction.whole.variant.form.instruction;
      isCall = mnemonic === 'call';
      if (jump === 'jumpIf') ends = 'branch';
      else if (jump === 'jumpTo') ends = isCall ? 'call' : 'jump';
      else ends = mnemonic === 'ret' ? 'return' : 'indirect';
      break;
    }
    const instructions = withoutDeadFlags(found);
    const last = rest === 0 ? first + (found.length - 1) * RECORD_SIZE : rest;
    return {
      instructions,
      rest,
      fallsThrough: ends === 'fallThrough',
      ends,
      isCall,
      last,
      nextOffset: this.#offsetBehind(last),
      ...this.#survey(first, instructions),
    };
  }

  #offsetBehind(ip: number): number {
    return this.#view.u16(ip + RECORD_OFFSET) + this.#view.u8(ip + RECORD_LENGTH);
  }

  #survey(
    first: number,
    instructions: readonly InstructionNodes[],
  ): Pick<BlockContent, 'used' | 'written' | 'routines' | 'asksSettled'> {
    const used = new RegisterSet();
    const written = new RegisterSet();
    let routines = NONE;
    let asksSettled = false;
    let ip = first;
    for (const instruction of instructions) {
      const { mentions } = instruction;
      for (let index = 0; index < mentions.length; index++) {
        const { register, writes } = mentions[index]!;
        const address = localRegister(registerAddress(this.#view, ip, register));
        if (address === 0) continue;
        used.add(address);
        if (writes) written.add(address);
      }
      if (instruction.routines.length > 0) routines = [...routines, ...instruction.routines];
      asksSettled ||= instruction.asksSettled;
      ip += RECORD_SIZE;
    }
    return { used, written, routines, asksSettled };
  }

  /** Where the block may lead that is known before it runs: for a branch the target and the next block, for a jump or call the target, behind a block's end the next block. */
  successors(first: number, { ends, last, nextOffset }: BlockContent): readonly Successor[] {
    if (ends === 'fallThrough') return [this.#successor(first, last, RECORD_LINK_NEXT, RECORD_HINT_NEXT, nextOffset)];
    if (ends !== 'branch' && ends !== 'jump' && ends !== 'call') return [];
    const taken = this.#successor(first, last, RECORD_LINK_TAKEN, RECORD_HINT_TAKEN, targetOf(this.#view, last));
    if (ends !== 'branch') return [taken];
    return [taken, this.#successor(first, last, RECORD_LINK_NEXT, RECORD_HINT_NEXT, nextOffset)];
  }

  /** The first record of the block that the return from a call at the end of this one leads to, or 0. */
  continuation(first: number, { nextOffset }: BlockContent): number {
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

  /** The instruction at a record, or null when a region cannot contain it. */
  #instruction(handler: number, ip: number): Instruction | null {
    let instruction = this.#instructions[handler];
    if (instruction !== undefined) return instruction;
    const variant = this.#variants[handler];
    if (variant !== undefined && hasSmallImmediate(variant)) {
      const immediate = this.#view.i32(ip + RECORD_IMMEDIATE);
      const key = handler * 256 + (immediate & 0xff);
      instruction = this.#immediates.get(key);
      if (instruction === undefined) this.#immediates.set(key, (instruction = buildInstruction(variant, immediate)));
      return instruction;
    }
    instruction = variant === undefined ? null : buildInstruction(variant, 0);
    this.#instructions[handler] = instruction;
    return instruction;
  }
}

/** Page offset of a direct jump's target, from the page of the jump; negative before it. */
function targetOf(view: MachineView, ip: number): number {
  return Number(view.i64(ip + RECORD_IMMEDIATE));
}

/** Leaves out flags that a later instruction of the block sets anew before anybody can have seen them. */
function withoutDeadFlags(instructions: readonly Instruction[]): InstructionNodes[] {
  const result: InstructionNodes[] = [];
  let live = true;
  for (let index = instructions.length - 1; index >= 0; index--) {
    const { whole } = instructions[index]!;
    const chosen: InstructionNodes = !live && !whole.flags.looks ? instructions[index]!.flagless : whole;
    result.push(chosen);
    live = chosen.flags.needs || whole.flags.looks || (live && !whole.flags.setsAll);
  }
  return result.toReversed();
}

/** The handler that a record names. */
export function handlerAt(view: DataView, ip: number): number {
  return view.getUint32(ip + RECORD_HANDLER, true);
}
