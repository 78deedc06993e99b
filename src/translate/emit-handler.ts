// WebAssembly for one handler of the threaded interpreter: a function (ip: i32) -> i32, where ip is the address of the
// instruction's record. It ends by a tail call of the next record's handler, or gives back why control left guest code.

import {
  BOUNCE,
  CODE_PAGE,
  CURRENT,
  RECORD_A,
  RECORD_B,
  RECORD_IMMEDIATE,
  RECORD_LENGTH,
  RECORD_LINK_NEXT,
  RECORD_LINK_TAKEN,
  RECORD_OFFSET,
  RECORD_SIZE,
} from '../core/layout.ts';
import { coreRoutines } from '../isa/core-routines.ts';
import type { Code } from '../wasm/code.ts';
import { emitAdjustStack, emitOffset, emitSegmentAddress, emitStackOffset } from './emit-address.ts';
import type { EmitContext, OperationOf } from './emit-context.ts';
import { emitProbe } from './emit-probe.ts';
import { emitDispatch, emitFollow, type HandlerImports } from './emit-transfer.ts';
import { emitRepeat } from './emit-repeat.ts';
import { emitState } from './emit-state.ts';
import {
  emitConstant,
  emitExtractLane,
  emitLoad,
  emitPure,
  emitReplaceLane,
  emitStore,
  wasmType,
  type WasmType,
} from './emit-pure.ts';
import type { HandlerVariant } from './handler-variant.ts';
import { isPure, type Node, type PureOperator } from './ir.ts';

export class HandlerEmitter implements EmitContext {
  readonly code: Code;
  readonly variant: HandlerVariant;
  readonly imports: HandlerImports;
  readonly handlerType: number;
  readonly #locals = new Map<Node, number>();
  /** 1 once a store dropped decoded code of the running block's frame. */
  #leave = -1;
  #jumps = false;
  #entry = -1;

  constructor(code: Code, variant: HandlerVariant, imports: HandlerImports, handlerType: number) {
    this.code = code;
    this.variant = variant;
    this.imports = imports;
    this.handlerType = handlerType;
  }

  /** Emits the whole handler from its IR. */
  emit(nodes: readonly Node[]): void {
    this.#statements(nodes);
    const last = nodes.at(-1)?.operation.op;
    if (last === 'jumpTo' || last === 'jump' || last === 'jumpIf') return;
    const { code, imports } = this;
    const { attributes } = this.variant.form;
    if (attributes.has('exits')) {
      code.i32Const(0);
      code.returnCall(imports.proceed);
    } else if (attributes.has('transfers')) {
      code.call(imports.core('currentBlock'));
      code.returnCall(imports.proceed);
    } else if (this.#jumps) {
      this.#followNext();
    } else if (attributes.has('ends')) {
      code.localGet(0);
      code.call(imports.core('leaveAfter'));
      code.returnCall(imports.proceed);
    } else {
      this.#leaveWhenDropped('leaveAfter');
      emitDispatch(code, 0, RECORD_SIZE, this.handlerType);
    }
  }

  // ---- Values: what the other parts of the emitter use. ----
  entry(): number {
    if (this.#entry < 0) this.#entry = this.local('i32');
    return this.#entry;
  }

  bind(node: Node, local: number): void {
    this.#locals.set(node, local);
  }

  local(type: WasmType): number {
    return this.code.addLocal(type);
  }

  push(node: Node): void {
    const local = this.#locals.get(node);
    if (local !== undefined) return this.code.localGet(local);
    if (!isPure(node))
      throw new Error(`${node.operation.op} was not computed before its use in ${this.variant.form.text}`);
    this.#pure(node);
  }

  /** A local that holds the node's value. */
  asLocal(node: Node): number {
    const known = this.#locals.get(node);
    if (known !== undefined) return known;
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
    const { code } = this;
    const { operation, inputs } = node;
    const push = (index: number): void => this.push(inputs[index]!);
    switch (operation.op) {
      case 'constant':
        return emitConstant(code, operation.value, node.bits);
      case 'vector':
        for (const input of inputs) this.push(input);
        return (code as unknown as { [name: string]: () => void })[operation.operator]!();
      case 'shuffle':
        push(0);
        push(1);
        return code.i8x16Shuffle(operation.indices);
      case 'lane':
        push(0);
        return emitExtractLane(code, operation.width, operation.index);
      case 'setLane':
        push(0);
        push(1);
        return emitReplaceLane(code, operation.width, operation.index);
      case 'immediate':
        code.localGet(0);
        return emitLoad(code, node.bits, RECORD_IMMEDIATE + 4 * operation.slot);
      case 'registerNumber':
        code.localGet(0);
        return code.i32Load16U(operation.field === 'A' ? RECORD_A : RECORD_B);
      case 'nextInstruction':
        code.i32Const(0);
        code.i64Load(CODE_PAGE);
        code.localGet(0);
        code.i64Load16U(RECORD_OFFSET);
        code.i64Add();
        code.localGet(0);
        code.i64Load8U(RECORD_LENGTH);
        return code.i64Add();
      case 'relativeTarget':
        code.i32Const(0);
        code.i64Load(CODE_PAGE);
        code.localGet(0);
        code.i64Load(RECORD_IMMEDIATE);
        return code.i64Add();
      default:
        return emitPure(code, operation.op as PureOperator, node, push);
    }
  }

  // ---- Effects, in order. ----
  #statements(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (!isPure(node)) this.#effect(node);
      else if (node.uses > 1 && node.operation.op !== 'constant') this.asLocal(node);
    }
  }

  #effect(node: Node): void {
    const { code } = this;
    const { operation } = node;
    const inputs = node.inputs as [Node, Node, Node, Node, Node, Node];
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
        return emitProbe(this, operation, node, inputs[0]);
      case 'loadMachine':
        this.push(inputs[0]);
        emitLoad(code, node.bits, 0, 0);
        return this.keep(node);
      case 'storeMachine':
        return this.#store(inputs[0], inputs[1]);
      case 'core':
        return this.#core(operation, node);
      case 'if':
        this.push(inputs[0]);
        code.if(undefined);
        this.#statements(operation.then);
        if (operation.otherwise.length > 0) {
          code.else();
          this.#statements(operation.otherwise);
        }
        return code.end();
      case 'raise':
        code.i32Const(operation.vector);
        code.i32Const(operation.code);
        code.localGet(0);
        code.call(this.imports.core('raiseFault'));
        return code.returnCall(this.imports.proceed);
      case 'repeat':
        return emitRepeat(this, operation, {
          statements: (nodes) => this.#statements(nodes),
          leaveWhenDropped: () => this.#leaveWhenDropped('suspend'),
        });
      case 'jump':
        this.#jumps = true;
        this.push(inputs[0]);
        code.call(this.imports.core('jumpTo'));
        return code.returnCall(this.imports.proceed);
      case 'jumpTo':
        return this.#followTaken();
      case 'jumpIf':
        this.push(inputs[0]);
        code.if(undefined);
        this.#followTaken();
        code.end();
        return this.#followNext();
      default:
        return emitState(this, node);
    }
  }

  // ---- Stores. ----
  #store(probe: Node, value: Node): void {
    const { code } = this;
    const machine = this.asLocal(probe);
    code.localGet(machine);
    this.push(value);
    emitStore(code, value.bits, 0, 0);
    if (this.#leave < 0) this.#leave = this.local('i32');
    code.localGet(machine);
    code.i32Const(BOUNCE);
    code.i32Eq();
    code.if(undefined);
    code.call(this.imports.core('storeCommit'));
    code.localGet(this.#leave);
    code.i32Or();
    code.localSet(this.#leave);
    code.end();
  }

  #leaveWhenDropped(how: 'leaveAfter' | 'suspend'): void {
    const { code } = this;
    if (this.#leave < 0) return;
    code.localGet(this.#leave);
    code.if(undefined);
    code.localGet(0);
    code.call(this.imports.core(how));
    code.returnCall(this.imports.proceed);
    code.end();
  }

  // ---- Control. ----
  #core(operation: OperationOf<'core'>, node: Node): void {
    const { code } = this;
    const signature = coreRoutines[operation.routine];
    if (!signature.pure) {
      code.i32Const(0);
      code.localGet(0);
      code.i32Store(CURRENT);
    }
    node.inputs.forEach((input, index) => {
      if (wasmType(input.bits) !== signature.parameters[index]) {
        throw new Error(
          `${operation.routine} wants ${signature.parameters[index]} as value ${index}, not ${input.bits} bits`,
        );
      }
      this.push(input);
    });
    code.call(this.imports.core(operation.routine));
    if (signature.result !== null) this.keep(node);
  }

  #followTaken(): void {
    const { code } = this;
    this.#jumps = true;
    if (this.#leave >= 0) {
      code.localGet(this.#leave);
      code.if(undefined);
      code.i32Const(0);
      code.i64Load(CODE_PAGE);
      code.localGet(0);
      code.i64Load(RECORD_IMMEDIATE);
      code.i64Add();
      if (this.variant.operandSize === 32) {
        code.i64Const(0xffffffffn);
        code.i64And();
      }
      code.call(this.imports.core('jumpTo'));
      code.returnCall(this.imports.proceed);
      code.end();
    }
    this.#follow(RECORD_LINK_TAKEN, 1);
  }

  #followNext(): void {
    this.#leaveWhenDropped('leaveAfter');
    this.#follow(RECORD_LINK_NEXT, 0);
  }

  #follow(link: number, taken: 0 | 1): void {
    const { code } = this;
    emitFollow(code, link, taken, this.handlerType, this.imports);
  }
}
