// WebAssembly for IR, whatever it is part of. Pure nodes are emitted where they are used, all others where they stand; what
// leaves the instruction is left to the two kinds of code there are: handlers and regions.

import { BOUNCE } from '../core/layout.ts';
import { coreRoutines } from '../isa/core-routines.ts';
import type { Code } from '../wasm/code.ts';
import type { PlainType } from '../wasm/value-type.ts';
import { emitAdjustStack, emitOffset, emitSegmentAddress, emitStackOffset } from './emit-address.ts';
import type { EmitContext, MachineAccess, OperationOf } from './emit-context.ts';
import { emitProbe } from './emit-probe.ts';
import { wasmType } from './emit-pure.ts';
import { emitState } from './emit-state.ts';
import type { HandlerImports } from './emit-transfer.ts';
import { FloatValues } from './float/float-values.ts';
import { emitUsualCase } from './float/usual-case.ts';
import { usualCaseOf } from './float/usual-cases.ts';
import type { HandlerVariant } from './handler-variant.ts';
import { isPure, OF_RECORD, type Node } from './ir.ts';
import { NodeNumbers } from './node-numbers.ts';
import { pureCode } from './pure-code.ts';

export abstract class NodeEmitter implements EmitContext {
  readonly code: Code;
  readonly variant: HandlerVariant;
  readonly imports: HandlerImports;
  abstract readonly machine: MachineAccess;
  readonly floats = new FloatValues(this);
  readonly #locals = new NodeNumbers();
  /** Local that is 1 once a store dropped decoded code of the running block's frame; -1 while no store was emitted. */
  protected leave = -1;
  #entry = -1;

  constructor(code: Code, variant: HandlerVariant, imports: HandlerImports) {
    this.code = code;
    this.variant = variant;
    this.imports = imports;
  }

  /** Makes CURRENT the instruction, before a core routine that may fault; and after it. */
  /** Leaves where an x87 exception is pending; false when that has to be left to the core routine. */
  protected abstract waited(): boolean;
  protected abstract beforeCore(): void;
  /** @param registers the routine may have written general or XMM registers in the CPU state */
  protected abstract afterCore(registers: boolean): void;
  protected abstract repeat(operation: OperationOf<'repeat'>): void;
  /** Ends the instruction by a jump to the address on the stack. */
  protected abstract jump(target: Node): void;
  protected abstract followTaken(): void;
  protected abstract followNext(): void;

  entry(): number {
    // Not one of the locals that an instruction takes.
    if (this.#entry < 0) this.#entry = this.code.addLocal('i32');
    return this.#entry;
  }

  /** Forgets where values are: before the nodes of another instruction, which may be the same ones again. */
  protected forgetValues(): void {
    this.#locals.clear();
    this.floats.clear();
  }

  /** True when a local holds the node's value. */
  protected isBound(node: Node): boolean {
    return this.#locals.has(node);
  }

  bind(node: Node, local: number): void {
    this.#locals.set(node, local);
  }

  local(type: PlainType): number {
    return this.code.addLocal(type);
  }

  push(node: Node): void {
    const local = this.#locals.get(node);
    if (local >= 0) return this.code.localGet(local);
    if (this.floats.has(node)) return this.floats.pushBits(node);
    if (!isPure(node))
      throw new Error(`${node.operation.op} was not computed before its use in ${this.variant.form.text}`);
    this.#pure(node);
  }

  get leaveForHandler(): (() => void) | null {
    return null;
  }

  asLocal(node: Node): number {
    const known = this.#locals.get(node);
    if (known >= 0) return known;
    const local = this.local(wasmType(node.bits));
    this.push(node);
    this.code.localSet(local);
    // A constant may be met first in a branch: it is made anew at each use.
    if (node.operation.op !== 'constant') this.#locals.set(node, local);
    return local;
  }

  keep(node: Node): void {
    if (node.uses === 0) return this.code.drop();
    const local = this.local(wasmType(node.bits));
    this.#locals.set(node, local);
    this.code.localSet(local);
  }

  #pure(node: Node): void {
    if (node.kind === OF_RECORD) return this.#ofRecord(node);
    const { writer } = this.code;
    const { bytes, inputs } = pureCode(node);
    writer.bytes(bytes[0]!);
    for (let index = 0; index < inputs.length; index++) {
      this.push(inputs[index]!);
      writer.bytes(bytes[index + 1]!);
    }
  }

  #ofRecord({ operation, bits }: Node): void {
    const { machine } = this;
    switch (operation.op) {
      case 'immediate':
        return machine.immediate(operation.slot, bits);
      case 'registerNumber':
        return machine.registerNumber(operation.field);
      case 'nextInstruction':
        return machine.nextInstruction();
      case 'relativeTarget':
        return machine.relativeTarget();
      default:
        throw new Error(`no WebAssembly for ${operation.op}`);
    }
  }

  /** Emits nodes in order of effect. */
  protected statements(nodes: readonly Node[]): void {
    this.floats.survey(nodes);
    for (const node of nodes) {
      if (!isPure(node)) this.effect(node);
      else if (node.uses > 1 && node.operation.op !== 'constant') this.asLocal(node);
    }
  }

  /** Emits a node that is not pure. */
  protected effect(node: Node): void {
    const { code } = this;
    const { operation } = node;
    const inputs = node.inputs as [Node, Node];
    switch (operation.op) {
      case 'offset':
        emitOffset(this, operation.absolute, inputs[0]);
        return this.keep(node);
      case 'segmentAddress':
        return emitSegmentAddress(this, operation, node, inputs[0]);
      case 'stackOffset':
        emitStackOffset(this, inputs[0]);
        return this.keep(node);
      case 'adjustStack':
        return emitAdjustStack(this, inputs[0]);
      case 'probe':
        return this.probe(operation, node, inputs[0]);
      case 'loadMachine':
        this.push(inputs[0]);
        return this.floats.load(node);
      case 'storeMachine':
        return this.store(inputs[0], inputs[1]);
      case 'core':
        return this.#core(operation, node);
      case 'if':
        this.push(inputs[0]);
        code.if(undefined);
        this.statements(operation.then);
        if (operation.otherwise.length > 0) {
          code.else();
          this.statements(operation.otherwise);
        }
        return code.end();
      case 'raise':
        return this.machine.raise(operation.vector, operation.code);
      case 'repeat':
        return this.repeat(operation);
      case 'jump':
        return this.jump(inputs[0]);
      case 'jumpTo':
        return this.followTaken();
      case 'jumpIf':
        this.push(inputs[0]);
        code.if(undefined);
        this.followTaken();
        code.end();
        return this.followNext();
      default:
        return emitState(this, node);
    }
  }

  /** Binds a local to the machine address of a linear one. */
  protected probe(operation: OperationOf<'probe'>, node: Node, linear: Node): void {
    emitProbe(this, operation, node, linear);
  }

  protected store(probe: Node, value: Node): void {
    const { code } = this;
    const machine = this.asLocal(probe);
    code.localGet(machine);
    this.floats.store(value);
    if (this.leave < 0) this.leave = this.local('i32');
    code.localGet(machine);
    code.i32Const(BOUNCE);
    code.i32Eq();
    code.expect(false);
    code.if(undefined);
    code.call(this.imports.core('storeCommit'));
    code.localGet(this.leave);
    code.i32Or();
    code.localSet(this.leave);
    code.end();
  }

  #core(operation: OperationOf<'core'>, node: Node): void {
    const call = (keep: () => void, mayFault: boolean): void => this.#call(operation, node, keep, mayFault);
    if (emitUsualCase(this, usualCaseOf(node), node, call)) return;
    const { pure, waits } = coreRoutines[operation.routine];
    const hasWaited = waits === true && this.waited();
    if (hasWaited && operation.routine === 'waitX87') return;
    call(() => this.keep(node), pure !== true && !hasWaited);
  }

  /** Calls a core routine; `keep` takes its result from the stack. */
  #call(operation: OperationOf<'core'>, node: Node, keep: () => void, mayFault: boolean): void {
    const { code } = this;
    const signature = coreRoutines[operation.routine];
    if (mayFault) this.beforeCore();
    node.inputs.forEach((input, index) => {
      if (wasmType(input.bits) !== signature.parameters[index]) {
        throw new Error(
          `${operation.routine} wants ${signature.parameters[index]} as value ${index}, not ${input.bits} bits`,
        );
      }
      this.push(input);
    });
    code.call(this.imports.core(operation.routine));
    if (signature.result !== null) keep();
    if (mayFault) this.afterCore(signature.registers === true);
  }
}
