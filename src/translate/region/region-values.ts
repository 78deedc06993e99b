// Values of a region's instructions: what is read is taken from where it is when it is used, and only if it is.

import { GPR } from '../../core/layout.ts';
import { coreRoutines } from '../../isa/core-routines.ts';
import type { PlainType } from '../../wasm/value-type.ts';
import { emitLinear, emitOffset, emitStackOffset } from '../emit-address.ts';
import type { OperationOf } from '../emit-context.ts';
import { NodeEmitter } from '../emit-node.ts';
import { wasmType } from '../emit-pure.ts';
import { contains, isPure, READ, type Node } from '../ir.ts';
import { NodeNumbers } from '../node-numbers.ts';
import type { InstructionNodes } from './instruction-nodes.ts';
import { FLAGS_UNKNOWN } from './region-flags.ts';
import { localRegister } from './region-registers.ts';
import type { RegionState } from './region-state.ts';

const STACK_POINTER = GPR + 32;
/** A register that may be any. */
const ANY = -1;

export abstract class RegionValues extends NodeEmitter {
  abstract override readonly machine: RegionState;
  /** Reads in their order, and how often the value of each will still be used. */
  readonly #reads: Node[] = [];
  #readCount = 0;
  readonly #pending = new NodeNumbers();
  /** Locals that instructions use, by type, and those of the instruction at hand. */
  readonly #free: Record<PlainType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  readonly #taken: number[] = [];
  /** For each of those the list that it goes back to. */
  readonly #takenFrom: number[][] = [];
  #takenCount = 0;
  /** Ifs and loops inside the instruction at hand. */
  #depth = 0;
  /** The instruction at hand has a store that may drop decoded code; it has just one. */
  protected stores = false;
  protected storesOnce = false;
  #mayHaveFloats = false;

  /** Emits a probe and the load that is its only use, or the store. */
  protected abstract load(operation: OperationOf<'probe'>, probe: Node, load: Node): void;
  protected abstract storeAtOnce(operation: OperationOf<'probe'>, probe: Node, value: Node): void;

  // ---- Locals. ----
  override local(type: PlainType): number {
    const free = this.#free[type];
    const local = free.length > 0 ? free.pop()! : this.code.addLocal(type);
    this.#taken[this.#takenCount] = local;
    this.#takenFrom[this.#takenCount++] = free;
    return local;
  }

  /** Emits the nodes of an instruction. */
  protected instruction({ nodes, stores, storesOnce, mayHaveFloats }: InstructionNodes): void {
    // Not behind the one before: that may not have ended, for what it leads to is emitted inside it.
    this.#release();
    this.stores = stores;
    this.storesOnce = storesOnce;
    this.#mayHaveFloats = mayHaveFloats;
    this.statements(nodes);
  }

  /** Forgets the values of the instruction before, whose locals may serve again. */
  #release(): void {
    this.forgetValues();
    this.#pending.clear();
    this.#readCount = 0;
    for (let index = 0; index < this.#takenCount; index++) this.#takenFrom[index]!.push(this.#taken[index]!);
    this.#takenCount = 0;
  }

  // ---- Values. ----
  protected override statements(nodes: readonly Node[]): void {
    if (this.#mayHaveFloats) this.floats.survey(nodes);
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index]!;
      if (isPure(node)) {
        if (node.uses > 1 && node.operation.op !== 'constant') this.asLocal(node);
        continue;
      }
      const { operation } = node;
      if (operation.op === 'readRegister' && this.machine.isVector(operation.place)) {
        this.floats.ordinary.read(node, this.machine.addressOf(operation.place));
      }
      if (node.kind === READ && this.#mayBeLate(node)) {
        this.#reads[this.#readCount++] = node;
        this.#pending.set(node, node.uses);
        if (node.uses > 1 && operation.op !== 'readRegister') this.asLocal(node);
      } else if (operation.op === 'writeRegister' && nodes[index + 1]?.operation.op.startsWith('writeFlags')) {
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
        this.load(operation, node, next);
        return 1;
      }
      if (
        operation.kind === 'write' &&
        this.storesOnce &&
        node.uses === 1 &&
        next?.operation.op === 'storeMachine' &&
        next.inputs[0] === node
      ) {
        this.storeAtOnce(operation, node, next.inputs[1]!);
        return 1;
      }
    }
    this.effect(node);
    return 0;
  }

  override push(node: Node): void {
    const left = this.#pending.get(node);
    if (left <= 0 || this.isBound(node)) return super.push(node);
    this.#pending.set(node, left - 1);
    this.#late(node);
  }

  override asLocal(node: Node): number {
    const isLate = this.#pending.get(node) > 0 && !this.isBound(node);
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
    for (let index = 0; index < this.#readCount; index++) {
      const node = this.#reads[index]!;
      const { operation } = node;
      if (this.#pending.get(node) <= 0 || this.isBound(node)) continue;
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
        const address = this.machine.addressOf(operation.place);
        this.machine.beginWrite(operation.place, value.bits);
        if (isFloat) this.floats.push(value);
        else this.push(value);
        this.#readBefore(localRegister(address));
        this.machine.endWrite(operation.place, operation.kind, value.bits, isFloat);
        if (!this.machine.isVector(operation.place)) return;
        // Inside a branch it may not happen.
        const known = this.#depth === 0 ? value : null;
        return this.floats.ordinary.write(address, value.bits, known);
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

function writes({ operation }: Node): boolean {
  if (operation.op !== 'if') return false;
  return [operation.then, operation.otherwise].some(
    (nodes) => contains(nodes, 'writeRegister') || contains(nodes, 'adjustStack') || contains(nodes, 'core'),
  );
}
