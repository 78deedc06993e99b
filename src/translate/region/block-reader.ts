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
import { coreRoutines, type CoreRoutine } from '../../isa/core-routines.ts';
import { allVariants, HANDLER_FALL_THROUGH, HANDLER_RAISE } from '../handler-table.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import type { Node } from '../ir.ts';
import { buildSpecific, flagEffects, hasSmallImmediate, type FlagEffects } from './region-ir.ts';

const PAGE = 4096;

/** A record whose instruction regions can contain. */
export interface TranslatableRecord {
  readonly ip: number;
  readonly variant: HandlerVariant;
  readonly nodes: readonly Node[];
}

/** Where a block may lead that is known before it runs. */
export interface Successor {
  /** Address of the first record there; 0: not known, or not decoded. */
  readonly ip: number;
  /** Distance of its page from the page of the block that leads there, bytes. */
  readonly page: number;
}

export interface BlockContent {
  readonly records: readonly TranslatableRecord[];
  /** The record after those where the interpreter goes on; 0: the last one is a jump. */
  readonly rest: number;
  /** `rest` is the record that only falls through to the next block. */
  readonly fallsThrough: boolean;
  readonly ends: 'branch' | 'jump' | 'call' | 'return' | 'fallThrough' | 'indirect' | 'rest';
  /** For a branch the target and the next block, for a direct jump or call the target, behind a block's end the next block. */
  readonly successors: readonly Successor[];
  /** Its last record, which may be a jump. */
  readonly last: number;
  /** Behind a call: where the return leads, and the page offset of that address from the block's page. */
  readonly continuation: Successor | null;
  readonly nextOffset: number;
}

/** What is wanted of one instruction, twice: with and without its effect on the flags. */
interface InstructionNodes {
  readonly nodes: readonly Node[];
  readonly flagless: readonly Node[];
  readonly effects: FlagEffects;
  readonly flaglessEffects: FlagEffects;
}

const isPureRoutine = (routine: string): boolean => coreRoutines[routine as CoreRoutine].pure === true;
const isJump = (nodes: readonly Node[]): boolean => nodes.at(-1)?.operation.op.startsWith('jump') === true;

export class BlockReader {
  readonly #view: DataView;
  readonly #decodedBlock: (machine: number, mode: number) => number;
  readonly #handlerOf: (ip: number) => number;
  readonly #variants: HandlerVariant[] = [];
  readonly #nodes = new Map<number, InstructionNodes | null>();

  /**
   * @param decodedBlock the core's
   * @param handlerOf the handler that the decoder chose for the record at an address
   */
  constructor(
    view: DataView,
    decodedBlock: (machine: number, mode: number) => number,
    handlerOf: (ip: number) => number,
  ) {
    this.#view = view;
    this.#decodedBlock = decodedBlock;
    this.#handlerOf = handlerOf;
    for (const { index, variant } of allVariants()) this.#variants[index] = variant;
  }

  // ---- Headers, by the address of the first record. ----
  mode(first: number): number {
    return this.#view.getUint32(first - BLOCK_HEADER + BLOCK_MODE, true);
  }
  /** Machine address of the block's first byte; 0 when it was dropped. */
  machine(first: number): number {
    return this.#view.getUint32(first - BLOCK_HEADER + BLOCK_ADDRESS, true);
  }
  /** Machine address of the second page that its instruction crosses into, or 0. */
  second(first: number): number {
    return this.#view.getUint32(first - BLOCK_HEADER + BLOCK_SECOND, true);
  }
  count(first: number): number {
    return this.#view.getUint32(first - BLOCK_HEADER + BLOCK_COUNT, true);
  }
  /** Page offset of its first byte. */
  offset(first: number): number {
    return this.#view.getUint16(first + RECORD_OFFSET, true);
  }
  executions(first: number): number {
    return this.#view.getUint32(first - BLOCK_HEADER + BLOCK_EXECUTIONS, true);
  }

  read(first: number): BlockContent {
    const view = this.#view;
    const found: { ip: number; variant: HandlerVariant; instruction: InstructionNodes }[] = [];
    const count = this.count(first);
    let rest = 0;
    let ends: BlockContent['ends'] = 'rest';
    let isCall = false;
    for (let index = 0; index <= count; index++) {
      const ip = first + index * RECORD_SIZE;
      const handler = this.#handlerOf(ip);
      if (handler === HANDLER_FALL_THROUGH) {
        rest = ip;
        ends = 'fallThrough';
        break;
      }
      const instruction = this.#instruction(handler, ip);
      if (instruction === null) {
        rest = ip;
        break;
      }
      const variant = this.#variants[handler]!;
      found.push({ ip, variant, instruction });
      if (!isJump(instruction.nodes)) continue;
      const { mnemonic } = variant.form.instruction;
      const { op } = instruction.nodes.at(-1)!.operation;
      isCall = mnemonic === 'call';
      if (op === 'jumpIf') ends = 'branch';
      else if (op === 'jumpTo') ends = isCall ? 'call' : 'jump';
      else ends = mnemonic === 'ret' ? 'return' : 'indirect';
      break;
    }
    const last = rest === 0 ? found.at(-1)!.ip : rest;
    const nextOffset = view.getUint16(last + RECORD_OFFSET, true) + view.getUint8(last + RECORD_LENGTH);
    const taken = (): Successor =>
      this.#successor(first, last, RECORD_LINK_TAKEN, RECORD_HINT_TAKEN, targetOf(view, last));
    const next = (): Successor => this.#successor(first, last, RECORD_LINK_NEXT, RECORD_HINT_NEXT, nextOffset);
    return {
      records: withoutDeadFlags(found),
      rest,
      fallsThrough: ends === 'fallThrough',
      ends,
      successors:
        ends === 'branch'
          ? [taken(), next()]
          : ends === 'jump' || ends === 'call'
            ? [taken()]
            : ends === 'fallThrough'
              ? [next()]
              : [],
      last,
      continuation: isCall ? this.#samePage(first, nextOffset) : null,
      nextOffset,
    };
  }

  #successor(first: number, record: number, link: number, hint: number, offset: number): Successor {
    const inPage = this.#samePage(first, offset);
    if (inPage.ip !== 0) return inPage;
    const page = offset - (((offset % PAGE) + PAGE) % PAGE);
    let ip = this.#view.getUint32(record + hint, true);
    // A block that crosses a page lies in this one, but is not to be found by its address alone.
    if (page === 0 && ip === 0) ip = this.#view.getUint32(record + link, true);
    const isThere =
      ip !== 0 &&
      this.machine(ip) !== 0 &&
      this.mode(ip) === this.mode(first) &&
      this.#view.getUint16(ip + RECORD_OFFSET, true) === offset - page;
    return { ip: isThere ? ip : 0, page };
  }

  /** The block at a page offset of a block's own page. */
  #samePage(first: number, offset: number): Successor {
    if (offset < 0 || offset >= PAGE) return { ip: 0, page: 0 };
    const machine = this.machine(first);
    return { ip: this.#decodedBlock(machine - (machine % PAGE) + offset, this.mode(first)) >>> 0, page: 0 };
  }

  /** The nodes of the instruction at a record, or null when a region cannot contain it. */
  #instruction(handler: number, ip: number): InstructionNodes | null {
    const variant = this.#variants[handler];
    if (handler === HANDLER_RAISE || variant === undefined) return null;
    const immediate = hasSmallImmediate(variant) ? this.#view.getInt32(ip + RECORD_IMMEDIATE, true) & 0xff : 0;
    const key = handler * 256 + immediate;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const signed = hasSmallImmediate(variant) ? this.#view.getInt32(ip + RECORD_IMMEDIATE, true) : 0;
    const instruction = build(variant, signed);
    this.#nodes.set(key, instruction);
    return instruction;
  }
}

/** Page offset of a direct jump's target, from the page of the jump; negative before it. */
function targetOf(view: DataView, ip: number): number {
  return view.getInt32(ip + RECORD_IMMEDIATE + 4, true) * 2 ** 32 + view.getUint32(ip + RECORD_IMMEDIATE, true);
}

function build(variant: HandlerVariant, immediate: number): InstructionNodes | null {
  if (variant.environment === 'segmented') return null;
  const { attributes } = variant.form;
  if (attributes.has('transfers') || attributes.has('exits')) return null;
  const nodes = buildSpecific(variant, immediate, false);
  if (attributes.has('ends') && !isJump(nodes)) return null;
  const flagless = buildSpecific(variant, immediate, true);
  return {
    nodes,
    flagless,
    effects: flagEffects(nodes, isPureRoutine),
    flaglessEffects: flagEffects(flagless, isPureRoutine),
  };
}

/** Leaves out flags that a later instruction of the block sets anew before anybody can have seen them. */
function withoutDeadFlags(
  found: readonly { ip: number; variant: HandlerVariant; instruction: InstructionNodes }[],
): TranslatableRecord[] {
  const records: TranslatableRecord[] = [];
  let live: boolean = true;
  for (let index = found.length - 1; index >= 0; index--) {
    const { ip, variant, instruction } = found[index]!;
    const isDead: boolean = !live && !instruction.effects.looks;
    records.push({ ip, variant, nodes: isDead ? instruction.flagless : instruction.nodes });
    const { effects } = instruction;
    const needs: boolean = (isDead ? instruction.flaglessEffects : effects).needs;
    live = needs || effects.looks || (live && !effects.setsAll);
  }
  return records.toReversed();
}

/** The handler that a record names. */
export function handlerAt(view: DataView, ip: number): number {
  return view.getUint32(ip + RECORD_HANDLER, true);
}
