// WebAssembly for reading and writing registers and flags of the CPU state.

import { CPL, RFLAGS } from '../core/layout.ts';
import { systemFlags, type Flag } from '../isa/abstract-machine.ts';
import type { EmitContext } from './emit-context.ts';
import type { Node } from './ir.ts';

/** Emits an access to registers or flags. */
export function emitState(context: EmitContext, node: Node): void {
  const { code } = context;
  const { flags } = context.machine;
  const { operation } = node;
  const inputs = node.inputs as [Node, Node, Node, Node | undefined] & [Node, Node, Node, Node];
  switch (operation.op) {
    case 'readRegister':
      context.machine.readRegister(operation.place, node.bits, context.floats.wants(node));
      return context.floats.wants(node) ? context.floats.keep(node) : context.keep(node);
    case 'writeRegister': {
      const [value] = inputs;
      const isFloat = context.floats.has(value);
      context.machine.beginWrite(operation.place, value.bits);
      if (isFloat) context.floats.push(value);
      else context.push(value);
      return context.machine.endWrite(operation.place, operation.kind, value.bits, isFloat);
    }
    case 'readFlag':
      flags.read(operation.flag);
      return context.keep(node);
    case 'condition':
      flags.condition(operation.code);
      return context.keep(node);
    case 'writeFlag':
      return flags.write(operation.flag, inputs[0]);
    case 'writeCarryAndOverflow':
      return flags.writeCarryAndOverflow(inputs[0], inputs[1]);
    case 'writeFlagsFromSum':
      return flags.fromSum(operation.subtracts, inputs[0], inputs[1], inputs[2], inputs[3] ?? null);
    case 'writeFlagsFromResult': {
      const [result, CF, OF, AF] = inputs;
      return flags.fromResult(result, { CF, OF, AF });
    }
    case 'writeFlags': {
      const names: Flag[] = ['CF', 'PF', 'AF', 'ZF', 'SF', 'OF'];
      return flags.all(
        Object.fromEntries(names.map((name, index) => [name, node.inputs[index]!])) as Record<Flag, Node>,
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
