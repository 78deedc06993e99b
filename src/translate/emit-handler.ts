// WebAssembly for one handler of the threaded interpreter: a function (ip: i32) -> i32, where ip is the address of the
// instruction's record. It ends by a tail call of the next record's handler, or gives back why control left guest code.

import { CODE_PAGE, CURRENT, RECORD_IMMEDIATE, RECORD_SIZE } from '../core/layout.ts';
import type { Code } from '../wasm/code.ts';
import type { OperationOf } from './emit-context.ts';
import { NodeEmitter } from './emit-node.ts';
import { emitRepeat } from './emit-repeat.ts';
import { emitDispatch, emitFollow, type InterpreterImports } from './emit-transfer.ts';
import type { HandlerVariant } from './handler-variant.ts';
import type { Node } from './ir.ts';
import { RecordAccess } from './record-access.ts';

export class HandlerEmitter extends NodeEmitter {
  readonly machine: RecordAccess;
  declare readonly imports: InterpreterImports;
  readonly #handlerType: number;
  #jumps = false;

  constructor(code: Code, variant: HandlerVariant, imports: InterpreterImports, handlerType: number) {
    super(code, variant, imports);
    this.machine = new RecordAccess(this);
    this.#handlerType = handlerType;
  }

  /** Emits the whole handler from its IR. */
  emit(nodes: readonly Node[]): void {
    this.statements(nodes);
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
      this.followNext();
    } else if (attributes.has('ends')) {
      code.localGet(0);
      code.call(imports.core('leaveAfter'));
      code.returnCall(imports.proceed);
    } else {
      this.#leaveWhenDropped('leaveAfter');
      emitDispatch(code, 0, RECORD_SIZE, this.#handlerType);
    }
  }

  protected beforeCore(): void {
    const { code } = this;
    code.i32Const(0);
    code.localGet(0);
    code.i32Store(CURRENT);
  }

  protected afterCore(): void {}

  #leaveWhenDropped(how: 'leaveAfter' | 'suspend'): void {
    const { code } = this;
    if (this.leave < 0) return;
    code.localGet(this.leave);
    code.if(undefined);
    code.localGet(0);
    code.call(this.imports.core(how));
    code.returnCall(this.imports.proceed);
    code.end();
  }

  protected repeat(operation: OperationOf<'repeat'>): void {
    emitRepeat(this, operation, {
      statements: (nodes) => this.statements(nodes),
      leaveWhenDropped: () => this.#leaveWhenDropped('suspend'),
    });
  }

  protected jump(target: Node): void {
    this.#jumps = true;
    this.push(target);
    this.code.returnCall(this.imports.jump);
  }

  protected followTaken(): void {
    const { code } = this;
    this.#jumps = true;
    if (this.leave >= 0) {
      code.localGet(this.leave);
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
      code.returnCall(this.imports.jump);
      code.end();
    }
    emitFollow(code, 1, this.#handlerType, this.imports);
  }

  protected followNext(): void {
    this.#leaveWhenDropped('leaveAfter');
    emitFollow(this.code, 0, this.#handlerType, this.imports);
  }
}
