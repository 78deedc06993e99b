// The instructions of a region as WebAssembly: nodes are emitted as for a handler, but what is read is taken from where it
// is when it is used, and only if it is.

import { BOUNCE, BUDGET, GPR, TLB_ADDEND, TLB_BASE } from '../../core/layout.ts';
import { coreRoutines } from '../../isa/core-routines.ts';
import type { Code } from '../../wasm/code.ts';
import type { ValueType } from '../../wasm/value-type.ts';
import { emitLinear, emitOffset, emitStackOffset } from '../emit-address.ts';
import { ACCESS_STACK, type OperationOf } from '../emit-context.ts';
import { NodeEmitter } from '../emit-node.ts';
import { emitTagCompare } from '../emit-probe.ts';
import { emitStore, wasmType } from '../emit-pure.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import { isPure, type Node } from '../ir.ts';
import { FLAGS_UNKNOWN } from './region-flags.ts';
import { REST, RegionFrame, type RegionImports } from './region-frame.ts';
import { RegionState, localRegister, type RegisterUse } from './region-state.ts';

/** Operations whose value is taken where it is used. */
const lateReads: ReadonlySet<string> = new Set(['readRegister', 'condition', 'offset', 'segmentAddress', 'stackOffset']);

const STACK_POINTER = GPR + 32;
/** A register that may be any. */
const ANY = -1;

const REGION_ROUTINES = { read: 'regionLoad', write: 'regionStore', update: 'regionUpdate' } as const;

export abstract class RegionInstructions extends NodeEmitter {
  override variant: HandlerVariant;
  readonly machine: RegionState;
  protected readonly frame: RegionFrame;
  /** Local with the instructions left, as BUDGET has them elsewhere. */
  protected readonly budget: number;
  /** Local with TLB_BASE: whatever changes it ends a region. */
  readonly #tlb: number;
  /** Reads whose value has not been used as often as it will be. */
  readonly #pending = new Map<Node, number>();
  /** Locals that instructions use, by type, and those of the instruction at hand. */
  readonly #free = new Map<ValueType, number[]>();
  readonly #taken: [ValueType, number][] = [];
  readonly #entryRecord: number;
  /** Ifs and loops inside the instruction at hand. */
  #depth = 0;
  /** The instruction at hand has a store that may drop decoded code. */
  protected stores = false;

  constructor(
    code: Code,
    view: DataView,
    imports: RegionImports,
    handlerType: number,
    use: RegisterUse,
    first: HandlerVariant,
    isLong: boolean,
    entryRecord: number,
  ) {
    super(code, first, imports);
    this.#entryRecord = entryRecord;
    this.variant = first;
    this.leave = code.addLocal('i32');
    this.budget = code.addLocal('i32');
    this.#tlb = code.addLocal('i32');
    this.frame = new RegionFrame(code, imports, handlerType, () => this.#writeBack());
    this.machine = new RegionState(this, view, this.frame, use, isLong);
    code.i32Const(0);
    code.i32Load(TLB_BASE);
    code.localSet(this.#tlb);
    this.loadBudget();
    this.machine.load();
  }

  protected loadBudget(): void {
    this.code.i32Const(0);
    this.code.i32Load(BUDGET);
    this.code.localSet(this.budget);
  }

  protected storeBudget(): void {
    this.code.i32Const(0);
    this.code.localGet(this.budget);
    this.code.i32Store(BUDGET);
  }

  /** Leaves the CPU state as it has to be outside of the region, whatever way led here. */
  #writeBack(): void {
    const { flags } = this.machine;
    const { known } = flags;
    flags.known = FLAGS_UNKNOWN;
    this.machine.spill();
    flags.settle();
    this.storeBudget();
    flags.known = known;
  }

  // ---- Locals. ----
  override local(type: ValueType): number {
    const local = this.#free.get(type)?.pop() ?? this.code.addLocal(type);
    this.#taken.push([type, local]);
    return local;
  }

  /** Emits the nodes of an instruction. */
  protected instruction(nodes: readonly Node[]): void {
    // Not behind the one before: that may not have ended, for what it leads to is emitted inside it.
    this.#release();
    this.stores = contains(nodes, 'storeMachine');
    this.statements(nodes);
  }

  /** Forgets the values of the instruction before, whose locals may serve again. */
  #release(): void {
    this.forgetValues();
    this.#pending.clear();
    for (const [type, local] of this.#taken) {
      const free = this.#free.get(type);
      if (free) free.push(local);
      else this.#free.set(type, [local]);
    }
    this.#taken.length = 0;
  }

  // ---- Values. ----
  protected override statements(nodes: readonly Node[]): void {
    this.floats.survey(nodes);
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index]!;
      const { op } = node.operation;
      if (node.operation.op === 'readRegister' && this.machine.isVector(node.operation.place)) {
        this.floats.ordinary.read(node, this.machine.addressOf(node.operation.place));
      }
      if (isPure(node)) {
        if (node.uses > 1 && op !== 'constant') this.asLocal(node);
      } else if (lateReads.has(op) && this.#mayBeLate(node)) {
        this.#pending.set(node, node.uses);
        if (node.uses > 1 && op !== 'readRegister') this.asLocal(node);
      } else if (op === 'writeRegister' && nodes[index + 1]?.operation.op.startsWith('writeFlags')) {
        // Flags take the operands as they were.
        this.effect(nodes[index + 1]!);
        this.effect(node);
        index++;
      } else {
        index += this.#withNext(node, nodes, index);
      }
    }
  }

  /** A segment's checks happen where they stand, and a floating-point number is read into a local of its own. */
  #mayBeLate(node: Node): boolean {
    if (this.floats.wants(node)) return false;
    return node.operation.op !== 'segmentAddress' || this.variant.environment !== 'segmented';
  }

  /** Emits an effect, with the nodes behind it where they make one piece; gives how many those are. */
  #withNext(node: Node, nodes: readonly Node[], index: number): number {
    const { operation } = node;
    if (operation.op === 'probe') {
      const next = nodes[index + 1];
      if (operation.kind === 'read' && node.uses === 1 && next?.operation.op === 'loadMachine' && next.inputs[0] === node) {
        this.#load(operation, node, next);
        return 1;
      }
      if (operation.kind === 'write' && node.uses === 1 && next?.operation.op === 'storeMachine' && next.inputs[0] === node) {
        this.#storeAtOnce(operation, node, next.inputs[1]!);
        return 1;
      }
    }
    this.effect(node);
    return 0;
  }

  override push(node: Node): void {
    const left = this.#pending.get(node);
    if (left === undefined || this.isBound(node)) return super.push(node);
    if (left > 1) this.#pending.set(node, left - 1);
    else this.#pending.delete(node);
    this.#late(node);
  }

  override asLocal(node: Node): number {
    const isLate = this.#pending.has(node) && !this.isBound(node);
    // A branch must not be where a value is kept that is used behind it too.
    if (!isLate || this.#depth === 0 || node.uses === 1) return super.asLocal(node);
    const local = this.local(wasmType(node.bits));
    this.push(node);
    this.code.localSet(local);
    return local;
  }

  /** Pushes the value of a read. */
  #late(node: Node): void {
    const { operation, inputs } = node;
    switch (operation.op) {
      case 'readRegister':
        return this.machine.readRegister(operation.place, node.bits);
      case 'condition':
        return this.machine.flags.condition(operation.code);
      case 'offset':
        return emitOffset(this, operation.absolute, inputs[0]);
      case 'segmentAddress':
        return emitLinear(this, operation.segment, inputs[0]!);
      case 'stackOffset':
        return emitStackOffset(this, inputs[0]!);
      default:
        throw new Error(`${operation.op} is not read late`);
    }
  }

  /** Takes the values of reads that come before a write to a register: one in a local (its address), any other (0), or ANY. */
  #readBefore(register: number): void {
    for (const node of [...this.#pending.keys()]) {
      const { operation } = node;
      if (this.isBound(node)) continue;
      if (
        operation.op === 'readRegister' &&
        register !== ANY &&
        localRegister(this.machine.addressOf(operation.place)) !== register
      )
        continue;
      this.#keepLate(node);
    }
  }

  #keepLate(node: Node): void {
    const local = this.local(wasmType(node.bits));
    this.#late(node);
    this.code.localSet(local);
    this.bind(node, local);
  }

  protected override effect(node: Node): void {
    const { operation } = node;
    switch (operation.op) {
      case 'writeRegister': {
        const value = node.inputs[0]!;
        const isFloat = this.floats.has(value);
        const push = (): void => {
          if (isFloat) this.floats.push(value);
          else this.push(value);
          this.#readBefore(localRegister(this.machine.addressOf(operation.place)));
        };
        this.machine.writeRegister(operation.place, operation.kind, value.bits, push, isFloat);
        if (!this.machine.isVector(operation.place)) return;
        // Inside a branch it may not happen.
        const known = this.#depth === 0 ? value : null;
        return this.floats.ordinary.write(this.machine.addressOf(operation.place), value.bits, known);
      }
      case 'adjustStack':
        this.#readBefore(STACK_POINTER);
        return super.effect(node);
      case 'if': {
        const { flags } = this.machine;
        if (writes(node)) this.#readBefore(ANY);
        // The condition first, for it may be a read of flags itself.
        this.push(node.inputs[0]!);
        this.code.if(undefined);
        this.#depth++;
        const before = flags.known;
        this.statements(operation.then);
        const after = flags.known;
        flags.known = before;
        if (operation.otherwise.length > 0) {
          this.code.else();
          this.statements(operation.otherwise);
        }
        if (flags.known !== after) flags.known = FLAGS_UNKNOWN;
        this.#depth--;
        return this.code.end();
      }
      case 'core':
        if (coreRoutines[operation.routine].registers) this.#readBefore(ANY);
        return super.effect(node);
      default:
        return super.effect(node);
    }
  }

  // ---- Memory. ----
  /** With the tag's comparison on the stack: the machine address, from the TLB or else from the core. */
  #machineAddress(operation: OperationOf<'probe'>, address: number, machine: number): void {
    const { code } = this;
    code.expect(true);
    code.if('i32');
    this.#hit(address);
    code.else();
    this.#miss(operation, address, machine);
    code.localGet(machine);
    code.end();
  }

  #hit(address: number): void {
    const { code } = this;
    code.localGet(address);
    code.i32WrapI64();
    code.localGet(this.entry());
    code.i32Load(TLB_ADDEND);
    code.i32Add();
  }

  #miss({ kind, bytes, segment }: OperationOf<'probe'>, address: number, machine: number): void {
    const { code } = this;
    const isStack = segment === 'SS' || (segment === 'operand' && this.machine.segment === 2);
    code.localGet(address);
    code.i32Const(bytes | (isStack ? ACCESS_STACK : 0));
    code.i32Const(this.machine.ip);
    code.localGet(this.budget);
    code.call(this.imports.core(REGION_ROUTINES[kind]));
    code.localTee(machine);
    code.i32Eqz();
    this.frame.faultIf();
    this.loadBudget();
  }

  #compareTag(operation: OperationOf<'probe'>, address: number): void {
    emitTagCompare(this.code, operation, address, this.entry(), () => this.code.localGet(this.#tlb));
  }

  protected override probe(operation: OperationOf<'probe'>, node: Node, linear: Node): void {
    const address = this.asLocal(linear);
    const machine = this.local('i32');
    this.#compareTag(operation, address);
    this.#machineAddress(operation, address, machine);
    this.code.localSet(machine);
    this.bind(node, machine);
  }

  #load(operation: OperationOf<'probe'>, probe: Node, load: Node): void {
    const address = this.asLocal(probe.inputs[0]!);
    const machine = this.local('i32');
    this.#compareTag(operation, address);
    this.#machineAddress(operation, address, machine);
    this.floats.load(load);
  }

  /** A probe and its store: only a miss has to ask whether the bytes have to be carried on. */
  #storeAtOnce(operation: OperationOf<'probe'>, probe: Node, value: Node): void {
    const { code } = this;
    const address = this.asLocal(probe.inputs[0]!);
    const machine = this.local('i32');
    const isRegister = value.operation.op === 'readRegister' && this.#pending.has(value) && !this.isBound(value);
    const isFloat = this.floats.has(value);
    const isCheap = isFloat || isRegister || value.operation.op === 'constant' || value.operation.op === 'immediate';
    const stored = isCheap ? -1 : this.asLocal(value);
    const store = (): void => {
      if (isFloat) return this.floats.store(value);
      if (isRegister) this.#late(value);
      else if (isCheap) this.push(value);
      else code.localGet(stored);
      emitStore(code, value.bits, 0, 0);
    };
    this.#compareTag(operation, address);
    code.expect(true);
    code.if(undefined);
    this.#hit(address);
    store();
    code.else();
    this.#miss(operation, address, machine);
    code.localGet(machine);
    store();
    this.#commit(machine);
    code.end();
    if (isRegister && value.uses === 1) this.#pending.delete(value);
  }

  #commit(machine: number): void {
    const { code } = this;
    code.localGet(machine);
    code.i32Const(BOUNCE);
    code.i32Eq();
    code.expect(false);
    code.if(undefined);
    // A device may look at the clock.
    this.storeBudget();
    code.call(this.imports.core('storeCommit'));
    code.localGet(this.leave);
    code.i32Or();
    code.localSet(this.leave);
    this.loadBudget();
    code.end();
  }

  protected override store(probe: Node, value: Node): void {
    const { code } = this;
    const machine = this.asLocal(probe);
    code.localGet(machine);
    this.floats.store(value);
    this.#commit(machine);
  }

  // ---- Core routines. ----
  /** The handler of the entry's first record is the region itself. */
  override get leaveForHandler(): (() => void) | null {
    const { ip } = this.machine;
    return ip === this.#entryRecord ? null : () => this.frame.leave(REST, ip);
  }

  protected beforeCore(): void {
    this.machine.spill();
    this.machine.flags.settle();
    this.storeBudget();
    this.machine.noteCurrent();
  }

  protected afterCore(registers: boolean): void {
    this.loadBudget();
    this.machine.noteMxcsr();
    if (!registers) return;
    this.machine.load();
    this.floats.ordinary.registers = new Map();
  }

  /** Emits the nodes of a loop's body, which may run any number of times. */
  protected looping(body: () => void): void {
    const { flags } = this.machine;
    const { known } = flags;
    flags.known = FLAGS_UNKNOWN;
    this.#depth++;
    body();
    this.#depth--;
    if (flags.known !== known) flags.known = FLAGS_UNKNOWN;
  }
}

/** True when a node of the operation is among the nodes, or inside one of them. */
function contains(nodes: readonly Node[], op: string): boolean {
  return nodes.some(
    ({ operation }) =>
      operation.op === op ||
      (operation.op === 'if' && (contains(operation.then, op) || contains(operation.otherwise, op))) ||
      (operation.op === 'repeat' && contains(operation.body, op)),
  );
}

function writes({ operation }: Node): boolean {
  if (operation.op !== 'if') return false;
  return [operation.then, operation.otherwise].some(
    (nodes) => contains(nodes, 'writeRegister') || contains(nodes, 'adjustStack') || contains(nodes, 'core'),
  );
}
