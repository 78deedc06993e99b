// The threaded interpreter as one WebAssembly module: a handler for every variant of every form, reached through a
// function table, and `run`, which goes on at the instruction boundary that the CPU state describes.

import { RECORD_A, RECORD_IMMEDIATE } from '../core/layout.ts';
import { coreRoutines } from '../isa/core-routines.ts';
import { ModuleBuilder } from '../wasm/module-builder.ts';
import type { ValueType } from '../wasm/value-type.ts';
import { HandlerEmitter } from './emit-handler.ts';
import { emitRegionFollow, emitRegionJump } from './emit-hand-over.ts';
import { emitCross, emitFollow, emitJump, emitProceed, tailCalls, type InterpreterImports } from './emit-transfer.ts';
import { handlerVariants, HANDLER_FALL_THROUGH, HANDLER_RAISE, handlerCount } from './handler-table.ts';
import { emitLoop } from './interpreter-loop.ts';
import { IrBuilder } from './ir-builder.ts';

/** What handlers and regions call besides the routines that meanings name. */
export const engineRoutines: Record<string, { parameters: ValueType[]; results: ValueType[] }> = {
  loadMiss: { parameters: ['i64', 'i32'], results: ['i32'] },
  storeMiss: { parameters: ['i64', 'i32'], results: ['i32'] },
  updateMiss: { parameters: ['i64', 'i32'], results: ['i32'] },
  storeCommit: { parameters: [], results: ['i32'] },
  deliverFault: { parameters: ['i32'], results: ['i32'] },
  raiseFault: { parameters: ['i32', 'i32', 'i32'], results: ['i32'] },
  currentBlock: { parameters: [], results: ['i32'] },
  blockBoundary: { parameters: ['i32'], results: ['i32'] },
  jumpTo: { parameters: ['i64'], results: ['i32'] },
  followLink: { parameters: ['i32', 'i32'], results: ['i32'] },
  leaveAfter: { parameters: ['i32'], results: ['i32'] },
  settleHanded: { parameters: [], results: [] },
  suspend: { parameters: ['i32'], results: ['i32'] },
  effectiveOffset: { parameters: ['i32', 'i64'], results: ['i64'] },
  noteHot: { parameters: ['i32'], results: [] },
  noteBusy: { parameters: ['i32', 'i32', 'i64'], results: [] },
  linearAddress: { parameters: ['i32', 'i64', 'i32'], results: ['i64'] },
  repeatMove: { parameters: ['i32', 'i32'], results: ['i32'] },
  repeatFill: { parameters: ['i32', 'i32'], results: ['i32'] },
  stackOffset: { parameters: ['i64'], results: ['i64'] },
  adjustStack: { parameters: ['i64'], results: [] },
};

/** Room for the regions that the translator adds to the table. */
const LARGEST_TABLE = 1_000_000;

/**
 * Builds the module. It imports `env.memory` and everything else from `core`, and exports `run`, the table of handlers, and
 * the ways from one block to another that regions take: `proceed`, `regionJump`, `followTaken` and `followNext`.
 */
export function buildInterpreter(options: { names: boolean }): Uint8Array<ArrayBuffer> {
  const builder = new ModuleBuilder();
  builder.importMemory('env', 'memory', { initial: 1, maximum: 65536 });
  const indices = new Map<string, number>();
  for (const [name, { parameters, results }] of Object.entries(engineRoutines)) {
    indices.set(name, builder.importFunction('core', name, builder.type(parameters, results)));
  }
  for (const [name, { parameters, result }] of Object.entries(coreRoutines)) {
    indices.set(name, builder.importFunction('core', name, builder.type(parameters, result === null ? [] : [result])));
  }
  const handlerType = builder.type(['i32'], ['i32']);
  const addressType = builder.type(['i64'], ['i32']);
  const declare = (name: string, type = handlerType): number => {
    const index = builder.declareFunction(type, name);
    builder.export(name, 'function', index);
    return index;
  };
  const imports: InterpreterImports = {
    core(name) {
      const index = indices.get(name);
      if (index === undefined) throw new Error(`the core has no routine ${name}`);
      return index;
    },
    proceed: declare('proceed'),
    jump: builder.declareFunction(addressType, 'jump'),
    crossTaken: builder.declareFunction(handlerType, 'crossTaken'),
    crossNext: builder.declareFunction(handlerType, 'crossNext'),
    loop: builder.declareFunction(handlerType, 'loop'),
  };
  const table = builder.table({ initial: handlerCount, maximum: LARGEST_TABLE });
  builder.export('handlers', 'table', table);
  emitProceed(builder.body(imports.proceed), imports);
  const jump = builder.body(imports.jump);
  emitJump(jump, 0, imports, tailCalls(jump, imports));
  for (const way of [1, 0] as const) {
    const cross = builder.body(way === 1 ? imports.crossTaken : imports.crossNext);
    emitCross(cross, way, imports, tailCalls(cross, imports));
  }
  emitLoop(builder.body(imports.loop), handlerType, imports);
  const jumpType = builder.type(['i64', 'i32'], ['i32']);
  emitRegionJump(builder.body(declare('regionJump', jumpType)), handlerType, imports);
  emitRegionFollow(builder.body(declare('followTaken')), 1, handlerType, imports);
  emitRegionFollow(builder.body(declare('followNext')), 0, handlerType, imports);

  const run = builder.declareFunction(builder.type([], ['i32']), 'run');
  builder.export('run', 'function', run);
  const runBody = builder.body(run);
  runBody.call(imports.core('currentBlock'));
  runBody.call(imports.proceed);

  const functions: number[] = [];
  functions[HANDLER_FALL_THROUGH] = builder.declareFunction(handlerType, 'fallThrough');
  const fallThrough = builder.body(functions[HANDLER_FALL_THROUGH]);
  emitFollow(fallThrough, 0, tailCalls(fallThrough, imports));
  functions[HANDLER_RAISE] = builder.declareFunction(handlerType, 'raise');
  const raise = builder.body(functions[HANDLER_RAISE]);
  raise.localGet(0);
  raise.i32Load16U(RECORD_A);
  raise.localGet(0);
  raise.i32Load(RECORD_IMMEDIATE);
  raise.localGet(0);
  raise.call(imports.core('raiseFault'));
  raise.returnCall(imports.proceed);

  for (const [index, variant] of handlerVariants.entries()) {
    if (variant === undefined) continue;
    const { form } = variant;
    const name = options.names
      ? `${form.instruction.mnemonic} ${form.text} ${variant.operandSize} ${variant.memory ? 'm' : 'r'} ${variant.environment} ${variant.repetition}`
      : undefined;
    const fn = builder.declareFunction(handlerType, name);
    functions[index] = fn;
    const body = builder.body(fn);
    new HandlerEmitter(body, variant, imports, tailCalls(body, imports)).emit(IrBuilder.build(variant));
  }
  builder.activeElements((code) => code.i32Const(0), functions, table);
  return builder.toBytes({ names: options.names });
}
