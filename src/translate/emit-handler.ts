// WebAssembly for one handler of the threaded interpreter: a function (ip: i32) -> i32, where ip is the address of the
// instruction's record, or a part of the interpreter's loop with ip in local 0. It ends by going on with the next record, or
// gives back why control left guest code.

import { CODE_PAGE, CURRENT, RECORD_IMMEDIATE } from '../core/layout.ts';
import type { Code } from '../wasm/code.ts';
import type { OperationOf } from './emit-context.ts';
import { NodeEmitter } from './emit-node.ts';
import { emitRepeat } from './emit-repeat.ts';
import { emitFollow, type Continuation, type InterpreterImports } from './emit-transfer.ts';
import type { HandlerVariant } from './handler-variant.ts';
import { contains, type Node } from './ir.ts';
import { RecordAccess } from './record-access.ts';

export class HandlerEmitter extends NodeEmitter {
  readonly machine: RecordAccess;
  declare readonly imports: InterpreterImports;
  readonly #continuation: Continuation;
  #jumps = false;

  constructor(code: Code, variant: HandlerVariant, imports: InterpreterImports, continuation: Continuation) {
    super(code, variant, imports);
    this.machine = new RecordAccess(this);
    this.#continuation = continuation;
  }

  /** Emits the whole handler from its IR. */
  emit(nodes: readonly Node[]): void {
    if (contains(nodes, 'storeMachine')) this.#clearLeave();
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
      this.#continuation.next();
    }
  }

  /** A local of the loop has the value that another handler left in it. */
  #clearLeave(): void {
    this.leave = this.local('i32');
    this.code.i32Const(0);
    this.code.localSet(this.leave);
  }

  protected waited(): boolean {
    return false;
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
    code.expect(false);
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
    this.#continuation.jump();
  }

  protected followTaken(): void {
    const { code } = this;
    this.#jumps = true;
    if (this.leave >= 0) {
      code.localGet(this.leave);
      code.expect(false);
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
      this.#continuation.jump();
      code.end();
    }
    emitFollow(code, 1, this.#continuation);
  }

  protected followNext(): void {
    this.#leaveWhenDropped('leaveAfter');
    emitFollow(this.code, 0, this.#continuation);
  }
}
