// WebAssembly for a region: some blocks of one page as one function (ip: i32) -> i32 that stands in for the handler of the
// entry block's first record. The budget was charged for the entry block by whoever came here; each edge inside charges for
// the block that it leads to.

import {
  BLOCK_COUNT,
  BLOCK_HEADER,
  BUDGET,
  CURRENT,
  RECORD_HANDLER,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
} from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import type { OperationOf } from '../emit-context.ts';
import { NodeEmitter } from '../emit-node.ts';
import { emitFollow, type HandlerImports } from '../emit-transfer.ts';
import { usualCaseOf } from '../float/usual-cases.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import type { Node } from '../ir.ts';
import { RegionAccess } from './region-access.ts';
import type { RegionBlock } from './region-plan.ts';
import type { TranslatableRecord } from './region-source.ts';

/** A block with what is emitted for it. */
export interface RegionCode {
  readonly block: RegionBlock;
  readonly records: readonly TranslatableRecord[];
  /** The record after those: a branch of the region has none; else the interpreter goes on there. 0: none. */
  readonly rest: number;
  /** Handler of the record at `rest`, as the decoder chose it. */
  readonly restHandler: number;
  /** `rest` is the record that only falls through to the next block. */
  readonly fallsThrough: boolean;
}

export class RegionEmitter extends NodeEmitter {
  override variant: HandlerVariant;
  readonly machine: RegionAccess;
  readonly #handlerType: number;
  readonly #code: ReadonlyMap<number, RegionCode>;
  readonly #labels = new Map<RegionBlock, number>();
  #boundaryLabel = 0;
  #at!: RegionCode;
  #stores = false;

  constructor(
    code: Code,
    view: DataView,
    imports: HandlerImports,
    handlerType: number,
    region: readonly RegionCode[],
    used: ReadonlySet<number>,
    written: ReadonlySet<number>,
  ) {
    const first = region[0]!.records[0]!.variant;
    super(code, first, imports);
    this.variant = first;
    this.#handlerType = handlerType;
    this.#code = new Map(region.map((part) => [part.block.ip, part]));
    const asksSettled = region.some(({ records }) => records.some(({ nodes }) => nodes.some(usualCaseOf)));
    this.machine = new RegionAccess(code, view, imports, used, written, asksSettled);
    this.leave = code.addLocal('i32');
  }

  /** Emits the whole function. */
  emit(entry: RegionBlock): void {
    const { code, imports, machine } = this;
    code.block(undefined);
    machine.faultLabel = code.openBlocks;
    code.block(undefined);
    this.#boundaryLabel = code.openBlocks;
    this.#tree(entry);
    code.unreachable();
    code.end();
    machine.spill();
    code.localGet(0);
    code.call(imports.core('blockBoundary'));
    code.returnCall(imports.proceed);
    code.end();
    machine.spill();
    code.localGet(0);
    code.call(imports.core('deliverFault'));
    code.returnCall(imports.proceed);
  }

  // ---- Control flow between blocks. ----
  #tree(block: RegionBlock): void {
    const { code } = this;
    if (!block.isLoop) return this.#within(block, block.merges);
    code.loop(undefined);
    this.#labels.set(block, code.openBlocks);
    this.#within(block, block.merges);
    code.end();
  }

  /** Emits the block inside one WebAssembly block for each place that several of its paths meet, then those places. */
  #within(block: RegionBlock, merges: readonly RegionBlock[]): void {
    const { code } = this;
    const [merge, ...others] = merges;
    if (merge === undefined) return this.#block(block);
    code.block(undefined);
    // A merge that is a loop too has its loop label only inside; forward edges use this one.
    const label = code.openBlocks;
    this.#mergeLabels.set(merge, label);
    this.#within(block, others);
    code.end();
    this.#tree(merge);
  }
  readonly #mergeLabels = new Map<RegionBlock, number>();

  #block(block: RegionBlock): void {
    const part = this.#code.get(block.ip)!;
    const { code } = this;
    for (const { ip, variant, nodes } of part.records) {
      this.#at = part;
      this.machine.ip = ip;
      this.variant = variant;
      this.forgetValues();
      this.#stores = contains(nodes, 'storeMachine');
      this.statements(nodes);
      const last = nodes.at(-1)?.operation.op;
      if (last === 'jump' || last === 'jumpTo' || last === 'jumpIf') return;
      this.#leaveWhenDropped();
    }
    this.#at = part;
    this.machine.ip = part.rest;
    if (part.fallsThrough) return this.#edge(block.next, RECORD_LINK_NEXT, 0);
    this.machine.spill();
    code.i32Const(part.rest);
    code.i32Const(part.restHandler);
    code.returnCallIndirect(this.#handlerType, 0);
  }

  /** Goes on at a block of the region, or leaves through the link of the record at hand. */
  #edge(target: number, link: number, taken: 0 | 1): void {
    const { code } = this;
    const part = target === 0 ? undefined : this.#code.get(target);
    if (part === undefined) {
      this.machine.spill();
      code.i32Const(this.machine.ip);
      code.localSet(0);
      return emitFollow(code, link, taken, this.#handlerType, this.imports);
    }
    const { block } = part;
    const left = this.entry();
    code.i32Const(0);
    code.i32Load(BUDGET);
    code.i32Const(block.count);
    code.i32Sub();
    code.localTee(left);
    code.i32Const(0);
    code.i32LtS();
    code.if(undefined);
    code.i32Const(block.ip);
    code.localSet(0);
    code.br(code.depthOf(this.#boundaryLabel));
    code.end();
    code.i32Const(0);
    code.localGet(left);
    code.i32Store(BUDGET);
    const source = this.#at.block;
    if (block.order <= source.order) return code.br(code.depthOf(this.#labels.get(block)!));
    if (block.isMerge) return code.br(code.depthOf(this.#mergeLabels.get(block)!));
    const { ip } = this.machine;
    const at = this.#at;
    const { variant } = this;
    const stores = this.#stores;
    this.#tree(block);
    this.machine.ip = ip;
    this.#at = at;
    this.variant = variant;
    this.#stores = stores;
  }

  // ---- What instructions leave to the kind of code that they are part of. ----
  #leaveWhenDropped(): void {
    const { code } = this;
    if (!this.#stores) return;
    code.localGet(this.leave);
    code.if(undefined);
    this.machine.spill();
    code.i32Const(this.machine.ip);
    code.call(this.imports.core('leaveAfter'));
    code.returnCall(this.imports.proceed);
    code.end();
  }

  protected beforeCore(): void {
    const { code } = this;
    this.machine.spill();
    code.i32Const(0);
    code.i32Const(this.machine.ip);
    code.i32Store(CURRENT);
  }

  protected afterCore(): void {
    this.machine.load();
  }

  protected repeat(_operation: OperationOf<'repeat'>): void {
    throw new Error('a repeated instruction is not part of a region');
  }

  protected jump(target: Node): void {
    this.machine.spill();
    this.push(target);
    this.code.call(this.imports.core('jumpTo'));
    this.code.returnCall(this.imports.proceed);
  }

  protected followTaken(): void {
    const { code } = this;
    if (this.#stores) {
      code.localGet(this.leave);
      code.if(undefined);
      this.machine.spill();
      this.machine.relativeTarget();
      if (this.variant.operandSize === 32) {
        code.i64Const(0xffffffffn);
        code.i64And();
      }
      code.call(this.imports.core('jumpTo'));
      code.returnCall(this.imports.proceed);
      code.end();
    }
    this.#edge(this.#at.block.taken, RECORD_LINK_TAKEN, 1);
  }

  protected followNext(): void {
    this.#leaveWhenDropped();
    this.#edge(this.#at.block.next, RECORD_LINK_NEXT, 0);
  }
}

/** True when a node of the operation is among the nodes, or inside one of them. */
function contains(nodes: readonly Node[], op: string): boolean {
  return nodes.some(
    ({ operation }) =>
      operation.op === op ||
      (operation.op === 'if' && (contains(operation.then, op) || contains(operation.otherwise, op))),
  );
}

/** Number of instructions in the block whose first record is at `ip`, and the handler that a record names. */
export function blockCount(view: DataView, ip: number): number {
  return view.getUint32(ip - BLOCK_HEADER + BLOCK_COUNT, true);
}
export function handlerOf(view: DataView, ip: number): number {
  return view.getUint32(ip + RECORD_HANDLER, true);
}
