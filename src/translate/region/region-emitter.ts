// WebAssembly for a region: blocks as one function (ip: i32) -> i32 that stands in for the handler of the entry block's
// first record.

import { CODE_PAGE, GPR, RECORD_SIZE } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import type { OperationOf } from '../emit-context.ts';
import type { Node } from '../ir.ts';
import type { MachineView } from './machine-view.ts';
import { FLAGS_UNKNOWN } from './region-flags.ts';
import { LEAVE_AFTER, REST, SUSPEND, type RegionImports } from './region-frame.ts';
import type { RegionHelpers } from './region-helpers.ts';
import { emitHashSwitch, hashDistances } from './hash-switch.ts';
import { RegionInstructions } from './region-instructions.ts';
import type { RegionBlock } from './region-plan.ts';
import type { RegionPart, RegionSource } from './region-source.ts';

/** So many targets of an indirect jump are compared with, before it takes a table. */
const MOST_COMPARISONS = 3;
const RCX = GPR + 8;
const RSI = GPR + 48;
const RDI = GPR + 56;

export interface EmitOptions {
  /** Whether the region counts the instructions that retire in it. */
  readonly counts?: boolean;
  /** Is told the record to which the code from an offset on belongs; 0: the code that all ways out share. */
  readonly note?: (ip: number, offset: number) => void;
}

export class RegionEmitter extends RegionInstructions {
  readonly #parts: ReadonlyMap<RegionBlock, RegionPart>;
  /** Labels of loops, and of places where several paths meet. */
  readonly #loops = new Map<RegionBlock, number>();
  readonly #merges = new Map<RegionBlock, number>();
  readonly #note: (ip: number, offset: number) => void;
  #at!: RegionPart;

  constructor(
    code: Code,
    view: MachineView,
    imports: RegionImports,
    helpers: RegionHelpers,
    handlerType: number,
    source: RegionSource,
    { counts = false, note = () => {} }: EmitOptions = {},
  ) {
    const first = source.parts[0]!.instructions[0]!.variant;
    super(code, view, imports, helpers, handlerType, source.use, first, source.form, counts);
    this.#note = note;
    this.#parts = new Map(source.parts.map((part) => [part.block, part]));
  }

  /** Emits the whole function. */
  emit(entry: RegionBlock): void {
    const { code } = this;
    // Whoever came here has charged the budget for the entry block, which every block does for itself.
    code.localGet(this.budget);
    code.i32Const(this.#parts.get(entry)!.count);
    code.i32Add();
    code.localSet(this.budget);
    this.count?.begin();
    this.frame.open();
    this.#tree(entry);
    this.#note(0, code.length);
    this.frame.close();
  }

  // ---- Control flow between blocks. ----
  #tree(block: RegionBlock): void {
    const { code } = this;
    const { flags } = this.machine;
    this.#note(block.ip, code.length);
    if (!block.isLoop) return this.#within(block, block.merges);
    flags.known = FLAGS_UNKNOWN;
    this.floats.ordinary.registers = new Map();
    code.loop(undefined);
    this.#loops.set(block, code.openBlocks);
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
    this.#merges.set(merge, code.openBlocks);
    this.#within(block, others);
    code.end();
    this.machine.flags.known = FLAGS_UNKNOWN;
    this.floats.ordinary.registers = new Map();
    this.#tree(merge);
  }

  #block(block: RegionBlock): void {
    const part = this.#parts.get(block)!;
    this.#charge(part);
    let { ip } = part;
    for (const [index, instruction] of part.instructions.entries()) {
      this.#goTo(part, ip);
      ip += RECORD_SIZE;
      this.variant = instruction.variant;
      this.inWindows = part.windows[index]!;
      this.hasWaited = false;
      this.instruction(instruction);
      if (instruction.jumps) return;
      this.#leaveWhenDropped();
    }
    this.#goTo(part, part.rest);
    if (part.ends === 'fallThrough') this.#edge(part, 0, 'next');
    else this.frame.leave(REST, part.rest);
  }

  #goTo(part: RegionPart, ip: number): void {
    this.#note(ip, this.code.length);
    this.#at = part;
    this.machine.goTo(part, ip);
  }

  /** Takes a block's instructions from the budget. */
  #charge({ count, ip }: RegionPart): void {
    const { code } = this;
    code.i32Const(ip);
    code.localSet(0);
    code.localGet(this.budget);
    code.i32Const(count);
    code.i32Sub();
    code.localTee(this.budget);
    code.i32Const(0);
    code.i32LtS();
    this.frame.boundaryIf();
  }

  /** Goes on where the edge of the block leads, which may be out of the region. */
  #edge(part: RegionPart, index: number, link: 'taken' | 'next'): void {
    const target = part.block.edges[index] ?? null;
    if (target === null) this.frame.follow(this.machine.ip, link);
    else this.#goOn(part, target);
  }

  #goOn(part: RegionPart, target: RegionBlock): void {
    const { code } = this;
    const { page } = this.#parts.get(target)!;
    if (page !== part.page) {
      code.i32Const(0);
      this.machine.address(page);
      code.i64Store(CODE_PAGE);
    }
    if (target.order <= part.block.order) return code.br(code.depthOf(this.#loops.get(target)!));
    if (target.isMerge) return code.br(code.depthOf(this.#merges.get(target)!));
    const { ip } = this.machine;
    const { variant, stores } = this;
    const { known } = this.machine.flags;
    const { registers } = this.floats.ordinary;
    this.#tree(target);
    this.#goTo(part, ip);
    this.variant = variant;
    this.stores = stores;
    this.machine.flags.known = known;
    this.floats.ordinary.registers = registers;
  }

  // ---- What instructions leave to the kind of code that they are part of. ----
  #leaveWhenDropped(reason = LEAVE_AFTER): void {
    const { code } = this;
    if (!this.stores) return;
    code.localGet(this.leave);
    code.expect(false);
    code.if(undefined);
    this.frame.leave(reason, this.machine.ip);
    code.end();
  }

  protected jump(target: Node): void {
    const { code } = this;
    const part = this.#at;
    const { ip } = this.machine;
    const jump = part.ends === 'indirect' ? ip : 0;
    const cases = part.block.edges.flatMap((block, index) =>
      block === null ? [] : [{ block, distance: part.addresses[index]! }],
    );
    // Those that differ by 4 GiB are one number to a switch.
    const inside = [...new Map(cases.map((one) => [one.distance | 0, one])).values()];
    if (inside.length === 0) {
      this.push(target);
      return this.frame.jump(jump);
    }
    const address = this.asLocal(target);
    /** Goes on at the block of a case if the address is its. */
    const tryCase = (index: number): void => {
      const { block, distance } = inside[index]!;
      code.localGet(address);
      this.machine.address(distance);
      code.i64Eq();
      code.if(undefined);
      this.#goOn(part, block);
      code.end();
    };
    if (inside.length <= MOST_COMPARISONS) for (const index of inside.keys()) tryCase(index);
    else {
      const hash = hashDistances(inside.map(({ distance }) => distance));
      emitHashSwitch(
        code,
        hash,
        () => {
          code.localGet(address);
          code.localGet(this.machine.codePage);
          code.i64Sub();
          code.i32WrapI64();
        },
        tryCase,
      );
    }
    code.localGet(address);
    this.frame.jump(jump);
  }

  protected followTaken(): void {
    const { code } = this;
    if (this.stores) {
      code.localGet(this.leave);
      code.if(undefined);
      this.machine.relativeTarget();
      this.frame.jump();
      code.end();
    }
    this.#edge(this.#at, 0, 'taken');
  }

  protected followNext(): void {
    this.#leaveWhenDropped();
    this.#edge(this.#at, 1, 'next');
  }

  /** A REP instruction: as in emit-repeat.ts, but for where registers are. */
  protected repeat({ body, until, bulk }: OperationOf<'repeat'>): void {
    const { code, machine } = this;
    const { addressSize } = this.variant;
    const isZero = (): void => {
      machine.readRegister({ address: RCX }, addressSize);
      if (addressSize === 64) code.i64Eqz();
      else code.i32Eqz();
    };
    this.looping(() => {
      code.block(undefined);
      code.loop(undefined);
      isZero();
      code.brIf(1);
      if (bulk) this.#repeatMany(bulk);
      this.statements(body);
      machine.beginWrite({ address: RCX }, addressSize);
      machine.readRegister({ address: RCX }, addressSize);
      if (addressSize === 64) {
        code.i64Const(1);
        code.i64Sub();
      } else {
        code.i32Const(1);
        code.i32Sub();
      }
      machine.endWrite({ address: RCX }, 'general', addressSize);
      if (until) {
        this.push(until);
        code.brIf(1);
      }
      this.#leaveWhenDropped(SUSPEND);
      code.localGet(this.budget);
      code.i32Const(1);
      code.i32Sub();
      code.localTee(this.budget);
      code.i32Const(0);
      code.i32GtS();
      code.brIf(0);
      isZero();
      code.brIf(1);
      this.frame.leave(SUSPEND, machine.ip);
      code.end();
      code.end();
    });
  }

  /** Has the core do many repetitions at once, and begins anew when it did. */
  #repeatMany(bulk: 'move' | 'fill'): void {
    const { code, machine } = this;
    const registers = bulk === 'move' ? [RCX, RSI, RDI] : [RCX, RDI];
    const done = this.local('i32');
    machine.registers.spill(bulk === 'move' ? registers : [GPR, ...registers]);
    this.storeBudget();
    machine.record();
    code.i32Const(Math.log2((this.variant.operandSize || 8) / 8));
    code.call(this.imports.core(bulk === 'move' ? 'repeatMove' : 'repeatFill'));
    code.localSet(done);
    machine.registers.load(registers);
    this.loadBudget();
    code.localGet(done);
    code.brIf(0);
  }
}
