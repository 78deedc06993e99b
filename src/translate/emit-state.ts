// WebAssembly for reading and writing registers and flags of the CPU state.

import { CPL, GPR, RECORD_A, RECORD_B, RECORD_C, RFLAGS } from '../core/layout.ts';
import { systemFlags, type Flag } from '../isa/abstract-machine.ts';
import type { Code } from '../wasm/code.ts';
import type { EmitContext, OperationOf } from './emit-context.ts';
import { emitFlags, emitFlagsFromCarries, emitFlagsFromResult, emitReadFlag, emitWriteFlag } from './emit-flags.ts';
import { emitLoad, emitStore } from './emit-pure.ts';
import type { Node, RegisterPlace } from './ir.ts';

/** Emits an access to registers or flags. */
export function emitState(context: EmitContext, node: Node): void {
  const { code } = context;
  const { operation } = node;
  const inputs = node.inputs as [Node, Node, Node, Node];
  switch (operation.op) {
    case 'readRegister':
      emitLoad(code, node.bits, registerAddress(code, operation.place));
      return context.keep(node);
    case 'writeRegister':
      return writeRegister(context, operation, inputs[0]);
    case 'readFlag':
      emitReadFlag(code, operation.flag);
      return context.keep(node);
    case 'writeFlag':
      return emitWriteFlag(code, operation.flag, context.asLocal(inputs[0]), () => context.local('i32'));
    case 'writeFlagsFromCarries':
      return emitFlagsFromCarries(code, inputs[0].bits, () => context.push(inputs[0]), context.asLocal(inputs[1]));
    case 'writeFlagsFromResult': {
      const [result, CF, OF, AF] = inputs;
      const local = (flag: Node): number | null => (isZero(flag) ? null : context.asLocal(flag));
      const rest = { CF: local(CF), OF: local(OF), AF: local(AF) };
      return emitFlagsFromResult(code, result.bits, () => context.push(result), rest);
    }
    case 'writeFlags': {
      const names: Flag[] = ['CF', 'PF', 'AF', 'ZF', 'SF', 'OF'];
      return emitFlags(
        code,
        Object.fromEntries(names.map((name, index) => [name, context.asLocal(node.inputs[index]!)])) as Record<
          Flag,
          number
        >,
      );
    }
    case 'readSystemFlag':
      code.i32Const(0);
      code.i32Load(RFLAGS);
      code.i32Const(systemFlags[operation.flag]);
      code.i32ShrU();
      code.i32Const(1);
      code.i32And();
      return context.keep(node);
    case 'writeSystemFlag':
      code.i32Const(0);
      code.i32Const(0);
      code.i32Load(RFLAGS);
      code.i32Const(~(1 << systemFlags[operation.flag]));
      code.i32And();
      context.push(inputs[0]);
      code.i32Const(systemFlags[operation.flag]);
      code.i32Shl();
      code.i32Or();
      return code.i32Store(RFLAGS);
    case 'privilege':
      code.i32Const(0);
      code.i32Load(CPL);
      return context.keep(node);
    default:
      throw new Error(`no WebAssembly for ${operation.op}`);
  }
}

/** Pushes the base of a register's address and gives the offset to use with it. */
function registerAddress(code: Code, place: RegisterPlace): number {
  if ('address' in place) {
    code.i32Const(0);
    return place.address;
  }
  code.localGet(0);
  if (place.field === 'C') {
    code.i32Load8U(RECORD_C);
    return GPR;
  }
  code.i32Load16U(place.field === 'A' ? RECORD_A : RECORD_B);
  return 0;
}

function writeRegister(context: EmitContext, operation: OperationOf<'writeRegister'>, value: Node): void {
  const { code } = context;
  const offset = registerAddress(code, operation.place);
  context.push(value);
  if (operation.kind === 'general' && value.bits === 32) {
    code.i64ExtendI32U();
    return code.i64Store(offset);
  }
  emitStore(code, value.bits, offset);
  if (operation.kind === 'mmx') {
    // SDM vol. 1 section 9.5.1: an MMX write sets the exponent and sign to ones.
    const again = registerAddress(code, operation.place);
    code.i32Const(0xffff);
    code.i32Store16(again + 8);
  }
}

function isZero(node: Node): boolean {
  return node.operation.op === 'constant' && node.operation.value === 0n;
}
