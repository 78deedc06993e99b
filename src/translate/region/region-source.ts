// Reads the decoded blocks that a region is grown from: over the links that running them has made.

import {
  BLOCK_HEADER,
  BLOCK_MODE,
  MODE_STEP,
  RECORD_INDEX,
  RECORD_BASE,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_SIZE,
  GPR,
} from '../../core/layout.ts';
import { allVariants, HANDLER_FALL_THROUGH, HANDLER_RAISE } from '../handler-table.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import { IrBuilder } from '../ir-builder.ts';
import type { Node } from '../ir.ts';
import { isGeneral, registerAddress } from './region-access.ts';
import { planRegion, type PlannedBlock, type RegionBlock } from './region-plan.ts';
import { blockCount, handlerOf, type RegionCode } from './region-emitter.ts';

const MOST_BLOCKS = 24;
const MOST_INSTRUCTIONS = 300;

/** A record whose instruction regions can contain. */
export interface TranslatableRecord {
  readonly ip: number;
  readonly variant: HandlerVariant;
  readonly nodes: readonly Node[];
}

export interface RegionSource {
  readonly entry: RegionBlock;
  readonly parts: readonly RegionCode[];
  /** General registers that the region's instructions name, and those among them that they write. */
  readonly used: ReadonlySet<number>;
  readonly written: ReadonlySet<number>;
  /** Core routines that its instructions call. */
  readonly routines: ReadonlySet<string>;
  readonly instructions: number;
}

interface BlockParts {
  readonly records: TranslatableRecord[];
  readonly rest: number;
  readonly restHandler: number;
  readonly fallsThrough: boolean;
  readonly taken: number;
  readonly next: number;
}

export class RegionReader {
  readonly #view: DataView;
  readonly #variants: HandlerVariant[] = [];
  readonly #nodes = new Map<number, readonly Node[] | null>();
  /** The handlers that regions replaced, by address of the record. */
  readonly #replaced: ReadonlyMap<number, number>;

  constructor(view: DataView, replaced: ReadonlyMap<number, number>) {
    this.#view = view;
    this.#replaced = replaced;
    for (const { index, variant } of allVariants()) this.#variants[index] = variant;
  }

  /** The region whose entry is the block with its first record at `ip`, or null when its first instruction cannot be in one. */
  read(ip: number): RegionSource | null {
    if (this.#view.getUint32(ip - BLOCK_HEADER + BLOCK_MODE, true) & MODE_STEP) return null;
    const blocks = new Map<number, BlockParts>();
    let instructions = 0;
    const queue = [ip];
    while (queue.length > 0 && blocks.size < MOST_BLOCKS && instructions < MOST_INSTRUCTIONS) {
      const at = queue.shift()!;
      if (at === 0 || blocks.has(at)) continue;
      const parts = this.#block(at);
      if (parts.records.length === 0) continue;
      blocks.set(at, parts);
      instructions += parts.records.length;
      queue.push(parts.taken, parts.next);
    }
    if (!blocks.has(ip)) return null;
    const planned: PlannedBlock[] = [...blocks].map(([at, { taken, next }]) => ({
      ip: at,
      count: blockCount(this.#view, at),
      taken,
      next,
    }));
    const ordered = planRegion(planned);
    const parts = ordered.map((block): RegionCode => ({ block, ...blocks.get(block.ip)! }));
    const used = new Set<number>();
    const written = new Set<number>();
    const routines = new Set<string>();
    for (const { records } of parts) for (const record of records) this.#survey(record, used, written, routines);
    return { entry: ordered[0]!, parts, used, written, routines, instructions };
  }

  #block(first: number): BlockParts {
    const view = this.#view;
    const records: TranslatableRecord[] = [];
    const count = blockCount(view, first);
    for (let index = 0; index <= count; index++) {
      const ip = first + index * RECORD_SIZE;
      const handler = this.#replaced.get(ip) ?? handlerOf(view, ip);
      if (handler === HANDLER_FALL_THROUGH) {
        const next = view.getUint32(ip + RECORD_LINK_NEXT, true);
        return { records, rest: ip, restHandler: handler, fallsThrough: true, taken: 0, next };
      }
      const nodes = this.#translatable(handler);
      if (nodes === null) return { records, rest: ip, restHandler: handler, fallsThrough: false, taken: 0, next: 0 };
      const variant = this.#variants[handler]!;
      records.push({ ip, variant, nodes });
      const last = nodes.at(-1)?.operation.op;
      if (last === 'jump' || last === 'jumpTo' || last === 'jumpIf') {
        const taken = last === 'jump' ? 0 : view.getUint32(ip + RECORD_LINK_TAKEN, true);
        const next = last === 'jumpIf' ? view.getUint32(ip + RECORD_LINK_NEXT, true) : 0;
        return { records, rest: 0, restHandler: 0, fallsThrough: false, taken, next };
      }
    }
    throw new Error('A block has no end.');
  }

  /** The IR of a handler whose instruction a region can contain, or null. */
  #translatable(handler: number): readonly Node[] | null {
    const known = this.#nodes.get(handler);
    if (known !== undefined) return known;
    const nodes = this.#build(handler);
    this.#nodes.set(handler, nodes);
    return nodes;
  }

  #build(handler: number): readonly Node[] | null {
    const variant = this.#variants[handler];
    if (handler === HANDLER_RAISE || variant === undefined || variant.environment === 'segmented') return null;
    if (variant.repetition !== 'none') return null;
    const { attributes } = variant.form;
    if (attributes.has('transfers') || attributes.has('exits')) return null;
    const nodes = IrBuilder.build(variant);
    const last = nodes.at(-1)?.operation.op;
    const jumps = last === 'jump' || last === 'jumpTo' || last === 'jumpIf';
    return attributes.has('ends') && !jumps ? null : nodes;
  }

  /** Notes what the instruction names. */
  #survey(record: TranslatableRecord, used: Set<number>, written: Set<number>, routines: Set<string>): void {
    const view = this.#view;
    const note = (address: number, writes: boolean): void => {
      if (!isGeneral(address)) return;
      used.add((address - GPR) >> 3);
      if (writes) written.add((address - GPR) >> 3);
    };
    const visit = (nodes: readonly Node[]): void => {
      for (const { operation } of nodes) {
        if (operation.op === 'readRegister' || operation.op === 'writeRegister') {
          note(registerAddress(view, record.ip, operation.place), operation.op === 'writeRegister');
        } else if (operation.op === 'stackOffset' || operation.op === 'adjustStack') {
          note(GPR + 32, operation.op === 'adjustStack');
        } else if (operation.op === 'offset' && !operation.absolute) {
          note(view.getUint16(record.ip + RECORD_BASE, true), false);
          note(view.getUint16(record.ip + RECORD_INDEX, true), false);
        } else if (operation.op === 'core') {
          routines.add(operation.routine);
        } else if (operation.op === 'if') {
          visit(operation.then);
          visit(operation.otherwise);
        }
      }
    };
    visit(record.nodes);
  }
}
