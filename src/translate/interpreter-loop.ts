// The loop of the interpreter: a function that goes from record to record and contains the common handlers. For the others
// it makes a tail call through the function table, and they come back by one.
//
// Why not all handlers are reached through the table: such a call loads the callee's instance from the table. The instance
// has the address of the memory; the memory has the next record with its handler's number, and that leads to the next
// instance. A processor that could run ahead waits for this chain of loads, longer than for what the handlers do. Inside
// one function the address of the memory stays in a register, and nothing waits.

import { RECORD_HANDLER, RECORD_SIZE } from '../core/layout.ts';
import type { Code } from '../wasm/code.ts';
import { HandlerEmitter } from './emit-handler.ts';
import {
  emitCross,
  emitEnter,
  emitFollow,
  emitJump,
  type Continuation,
  type InterpreterImports,
  type Way,
} from './emit-transfer.ts';
import { commonVariants } from './handler-table.ts';
import { IrBuilder } from './ir-builder.ts';

/** Emits the loop, which begins with the record whose address is local 0. */
export function emitLoop(code: Code, handlerType: number, imports: InterpreterImports): void {
  const target = code.addLocal('i64');
  const open = (): number => {
    code.block(undefined);
    return code.openBlocks;
  };
  const branch = (label: number): void => code.br(code.depthOf(label));

  code.loop(undefined);
  const next = code.openBlocks;
  const enter = open();
  const jump = open();
  const cross = [open(), open()] as const;
  const other = open();
  const continuation: Continuation = {
    next() {
      code.localGet(0);
      code.i32Const(RECORD_SIZE);
      code.i32Add();
      code.localSet(0);
      branch(next);
    },
    enter(ip) {
      code.localGet(ip);
      code.localSet(0);
      branch(enter);
    },
    jump() {
      code.localSet(target);
      branch(jump);
    },
    cross: (way) => branch(cross[way]),
  };

  // By the handler's number; what raises an exception is not common.
  const bodies: ((() => void) | null)[] = [() => emitFollow(code, 0, continuation), null];
  for (const variant of commonVariants) {
    bodies.push(() => new HandlerEmitter(code, variant, imports, continuation).emit(IrBuilder.build(variant)));
  }
  const labels = bodies.map(() => other);
  for (let index = bodies.length - 1; index >= 0; index--) if (bodies[index]) labels[index] = open();
  code.localGet(0);
  code.i32Load(RECORD_HANDLER);
  code.brTable(
    labels.map((label) => code.depthOf(label)),
    code.depthOf(other),
  );
  for (const body of bodies) {
    if (!body) continue;
    code.end();
    code.withOwnLocals(body);
  }

  code.end(); // other
  code.localGet(0);
  code.localGet(0);
  code.i32Load(RECORD_HANDLER);
  code.returnCallIndirect(handlerType, 0);
  for (const way of [1, 0] as const satisfies readonly Way[]) {
    code.end(); // cross[way]
    emitCross(code, way, imports, continuation);
  }
  code.end(); // jump
  emitJump(code, target, imports, continuation);
  code.end(); // enter
  emitEnter(code, 0, imports);
  branch(next);
  code.end(); // loop
  code.unreachable();
}
