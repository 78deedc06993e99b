// WebAssembly for REP: APM vol. 3 section 1.2.6.

import { BUDGET, GPR, MODE, MODE_STEP } from '../core/layout.ts';
import type { EmitContext, OperationOf } from './emit-context.ts';
import { emitLoad } from './emit-pure.ts';
import type { Node } from './ir.ts';

/** What the loop needs of the handler around it. */
export interface RepeatBody {
  /** Emits the nodes of the body. */
  statements(nodes: readonly Node[]): void;
  /** Leaves the block when the body dropped its code. */
  leaveWhenDropped(): void;
}

/** Emits the loop of a REP instruction: while rCX is not zero, each time counting it down and looking at the budget. */
export function emitRepeat(context: EmitContext, operation: OperationOf<'repeat'>, body: RepeatBody): void {
  const { code } = context;
  const size = context.variant.addressSize;
  const count = GPR + 8; // rCX
  const pushCount = (): void => {
    code.i32Const(0);
    emitLoad(code, size, count);
  };
  code.block(undefined);
  code.loop(undefined);
  pushCount();
  if (size === 64) code.i64Eqz();
  else code.i32Eqz();
  code.brIf(1);
  if (operation.bulk && context.variant.environment !== 'segmented') {
    context.machine.record();
    code.i32Const(Math.log2((context.variant.operandSize || 8) / 8));
    code.call(context.imports.core(operation.bulk === 'move' ? 'repeatMove' : 'repeatFill'));
    code.brIf(0);
  }
  body.statements(operation.body);
  code.i32Const(0);
  pushCount();
  if (size === 64) {
    code.i64Const(-1n);
    code.i64Add();
    code.i64Store(count);
  } else {
    code.i32Const(-1);
    code.i32Add();
    if (size === 32) {
      code.i64ExtendI32U();
      code.i64Store(count);
    } else code.i32Store16(count);
  }
  if (operation.until) {
    context.push(operation.until);
    code.brIf(1);
  }
  body.leaveWhenDropped();
  // Each repetition counts as an instruction, and between two of them control can leave (SDM vol. 2 "REP").
  code.i32Const(0);
  code.i32Const(0);
  code.i32Load(BUDGET);
  code.i32Const(1);
  code.i32Sub();
  code.i32Store(BUDGET);
  code.i32Const(0);
  code.i32Load(BUDGET);
  code.i32Const(0);
  code.i32GtS();
  // Debug traps come between two repetitions as well.
  code.i32Const(0);
  code.i32Load(MODE);
  code.i32Const(MODE_STEP);
  code.i32And();
  code.i32Eqz();
  code.i32And();
  code.brIf(0);
  pushCount();
  if (size === 64) code.i64Eqz();
  else code.i32Eqz();
  code.brIf(1);
  context.machine.record();
  code.call(context.imports.core('suspend'));
  code.returnCall(context.imports.proceed);
  code.end();
  code.end();
}
