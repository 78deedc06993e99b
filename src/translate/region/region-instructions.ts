// The instructions of a region as WebAssembly: nodes are emitted as for a handler, but what is read is taken from where it
// is when it is used, and only if it is.

import { BUDGET, GPR, TLB_ADDEND, TLB_BASE } from '../../core/layout.ts';
import { coreRoutines } from '../../isa/core-routines.ts';
import type { Code } from '../../wasm/code.ts';
import type { ValueType } from '../../wasm/value-type.ts';
import { emitLinear, emitOffset, emitStackOffset } from '../emit-address.ts';
import type { OperationOf } from '../emit-context.ts';
import { NodeEmitter } from '../emit-node.ts';
import { emitTagCompare } from '../emit-probe.ts';
import { wasmType } from '../emit-pure.ts';
import type { HandlerVariant } from '../handler-variant.ts';
import { isPure, type Node, type ProbeKind, type ProbeSegment } from '../ir.ts';
import { RegionCount } from './region-count.ts';
import { FLAGS_UNKNOWN } from './region-flags.ts';
import { missRoutines, RegionHelpers, STORE_FAULTED } from './region-helpers.ts';
import { REST, RegionFrame, type RegionImports } from './region-frame.ts';
import { RegionState, localRegister, type RegisterUse } from './region-state.ts';

/** Operations whose value is taken where it is used. */
const lateReads: ReadonlySet<string> = new Set([
  'readRegister',
  'condition',
  'offset',
  'segmentAddress',
  'stackOffset',
]);

const STACK_POINTER = GPR + 32;
/** A register that may be any. */
const ANY = -1;

export abstract class RegionInstructions extends NodeEmitter {
  override variant: HandlerVariant;
  readonly machine: RegionState;
  protected readonly frame: RegionFrame;
  protected readonly helpers: RegionHelpers;
  /** Local with the instructions left, as BUDGET has them elsewhere. */
  protected readonly budget: number;
  /** Null when nobody asks how many instructions retire in regions. */
  protected readonly count: RegionCount | null;
  /** Reads whose value has not been used as often as it will be. */
  readonly #pending = new Map<Node, number>();
  /** Locals that instructions use, by type, and those of the instruction at hand. */
  readonly #free = new Map<ValueType, number[]>();
  readonly #taken: [ValueType, number][] = [];
  /** Ifs and loops inside the instruction at hand. */
  #depth = 0;
  /** The instruction at hand has a store that may drop decoded code. */
  protected stores = false;
  #storesOnce = false;
  /** What is being emitted is in a small loop, where the size of the code does not matter. */
  protected isBusy = false;

  constructor(
    code: Code,
    view: DataView,
    imports: RegionImports,
    helpers: RegionHelpers,
    handlerType: number,
    use: RegisterUse,
    first: HandlerVariant,
    isLong: boolean,
    counts: boolean,
  ) {
    super(code, first, imports);
    this.variant = first;
    this.helpers = helpers;
    this.leave = code.addLocal('i32');
    this.budget = code.addLocal('i32');
    this.count = counts ? new RegionCount(code, view, this.budget) : null;
    this.frame = new RegionFrame(code, imports, handlerType, {
      state: () => {
        this.machine.flags.known = FLAGS_UNKNOWN;
        this.machine.spill();
        this.storeBudget();
        this.count?.add(0);
      },
      uncount: (reason) => this.count?.uncount(reason),
      handOverFlags: () => this.machine.flags.handOver(),
      settleFlags: () => this.machine.flags.settle(),
    });
    this.machine = new RegionState(this, view, this.frame, use, isLong);
    this.loadBudget();
    this.machine.load();
    this.machine.flags.receive();
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
    this.#storesOnce = nodes.filter(({ operation }) => operation.op === 'storeMachine').length === 1;
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
      if (
        operation.kind === 'read' &&
        node.uses === 1 &&
        next?.operation.op === 'loadMachine' &&
        next.inputs[0] === node
      ) {
        this.#load(operation, node, next);
        return 1;
      }
      if (
        operation.kind === 'write' &&
        this.#storesOnce &&
        node.uses === 1 &&
        next?.operation.op === 'storeMachine' &&
        next.inputs[0] === node
      ) {
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
  /** The record at hand, with 1 added where the access is through SS. */
  #pushRecord(segment: ProbeSegment): void {
    const isStack = segment === 'SS' || this.machine.segment === 2;
    this.code.i32Const(this.machine.ip + (isStack ? 1 : 0));
  }

  /** Leaves a machine address in a local, which is given back; faults when there is none. */
  #machineAddress({ kind, bytes, segment }: OperationOf<'probe'>, linear: Node): number {
    const { code } = this;
    const machine = this.local('i32');
    if (this.isBusy) {
      const address = this.asLocal(linear);
      this.#compareTag(kind, bytes, address);
      code.if('i32');
      this.#pushHit(address);
      code.else();
      code.localGet(address);
      code.i32Const(bytes);
      this.#pushRecord(segment);
      code.call(this.imports.core(missRoutines[kind]));
      code.localTee(machine);
      code.i32Eqz();
      this.frame.faultIf();
      code.localGet(machine);
      code.end();
      code.localSet(machine);
      return machine;
    }
    this.push(linear);
    this.#pushRecord(segment);
    code.call(this.helpers.probe(kind, bytes));
    code.localTee(machine);
    code.i32Eqz();
    this.frame.faultIf();
    return machine;
  }

  /** Pushes whether the TLB has the address in a local, and expects that. */
  #compareTag(kind: ProbeKind, bytes: number, address: number): void {
    const { code } = this;
    emitTagCompare(code, { kind, bytes }, address, this.entry(), () => {
      code.i32Const(0);
      code.i32Load(TLB_BASE);
    });
    code.expect(true);
  }

  /** Pushes the machine address of a linear one in a local, when the TLB has it. */
  #pushHit(address: number): void {
    const { code } = this;
    code.localGet(address);
    code.i32WrapI64();
    code.localGet(this.entry());
    code.i32Load(TLB_ADDEND);
    code.i32Add();
  }

  protected override probe(operation: OperationOf<'probe'>, node: Node, linear: Node): void {
    this.bind(node, this.#machineAddress(operation, linear));
  }

  #load(operation: OperationOf<'probe'>, probe: Node, load: Node): void {
    this.code.localGet(this.#machineAddress(operation, probe.inputs[0]!));
    this.floats.load(load);
  }

  /** A probe and its store in one. */
  #storeAtOnce(operation: OperationOf<'probe'>, probe: Node, value: Node): void {
    const { code } = this;
    const linear = probe.inputs[0]!;
    if (!this.isBusy) {
      this.push(linear);
      this.push(value);
      return this.#callStore(operation.segment, value.bits);
    }
    const address = this.asLocal(linear);
    const isFloat = this.floats.has(value);
    if (!isFloat && value.operation.op !== 'constant') this.asLocal(value);
    this.#compareTag('write', value.bits / 8, address);
    code.if(undefined);
    this.#pushHit(address);
    this.floats.store(value);
    code.else();
    code.localGet(address);
    this.push(value);
    this.#callStore(operation.segment, value.bits);
    code.end();
  }

  /** With address and value on the stack. */
  #callStore(segment: ProbeSegment, bits: number): void {
    const { code } = this;
    this.#pushRecord(segment);
    code.call(this.helpers.store(bits));
    code.localTee(this.leave);
    code.i32Const(STORE_FAULTED);
    code.i32Eq();
    this.frame.faultIf();
  }

  protected override store(probe: Node, value: Node): void {
    const { code } = this;
    const machine = this.asLocal(probe);
    code.localGet(machine);
    this.floats.store(value);
    code.localGet(machine);
    code.call(this.helpers.commit());
    code.localGet(this.leave);
    code.i32Or();
    code.localSet(this.leave);
  }

  // ---- Core routines. ----
  override get leaveForHandler(): () => void {
    const { ip } = this.machine;
    return () => this.frame.leave(REST, ip);
  }

  protected beforeCore(): void {
    this.machine.spill();
    this.machine.flags.settle();
    this.storeBudget();
    this.machine.noteCurrent();
    // The routine may not come back.
    this.count?.addBefore(this.machine.ip);
  }

  protected afterCore(registers: boolean): void {
    this.loadBudget();
    this.count?.resumeAt(this.machine.ip);
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
