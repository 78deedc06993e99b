// The flags as handlers keep them: in the two words of the CPU state.

import { FLAG_AUX, FLAG_RESULT } from '../core/layout.ts';
import type { Flag } from '../isa/abstract-machine.ts';
import type { Code } from '../wasm/code.ts';
import type { EmitContext, FlagAccess } from './emit-context.ts';
import {
  emitCondition,
  emitFlags,
  emitFlagsFromCarries,
  emitFlagsFromResult,
  emitReadFlag,
  emitWriteCarryAndOverflow,
  emitWriteFlag,
  type FlagPlace,
} from './emit-flags.ts';
import { emitCarries, wasmType } from './emit-pure.ts';
import type { Node } from './ir.ts';

/** The two words in the CPU state. */
export class FlagWords implements FlagPlace {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  pushResult(): void {
    this.#code.i32Const(0);
    this.#code.i64Load(FLAG_RESULT);
  }
  storeResult(push: () => void): void {
    this.#code.i32Const(0);
    push();
    this.#code.i64Store(FLAG_RESULT);
  }
  pushHigh(): void {
    this.#code.i32Const(0);
    this.#code.i32Load(FLAG_AUX + 4);
  }
  storeHigh(push: () => void): void {
    this.#code.i32Const(0);
    push();
    this.#code.i32Store(FLAG_AUX + 4);
  }
  pushLow(): void {
    this.#code.i32Const(0);
    this.#code.i32Load(FLAG_AUX);
  }
  /** Pushes both halves as an i64. */
  pushAux(): void {
    this.#code.i32Const(0);
    this.#code.i64Load(FLAG_AUX);
  }
  storeLow(push: () => void): void {
    this.#code.i32Const(0);
    push();
    this.#code.i32Store(FLAG_AUX);
  }
}

export class FlagsInMemory implements FlagAccess {
  readonly #context: Pick<EmitContext, 'code' | 'push' | 'asLocal' | 'local'>;
  readonly #words: FlagWords;

  constructor(context: Pick<EmitContext, 'code' | 'push' | 'asLocal' | 'local'>) {
    this.#context = context;
    this.#words = new FlagWords(context.code);
  }

  read(flag: Flag): void {
    emitReadFlag(this.#context.code, this.#words, flag);
  }

  condition(code: number): void {
    emitCondition(this.#context.code, code, (flag) => this.read(flag));
  }

  write(flag: Flag, value: Node): void {
    this.#write(flag, this.#context.asLocal(value));
  }

  writeCarryAndOverflow(carry: Node, overflow: Node): void {
    const context = this.#context;
    emitWriteCarryAndOverflow(context.code, this.#words, context.asLocal(carry), context.asLocal(overflow));
  }

  #write(flag: Flag, value: number): void {
    emitWriteFlag(this.#context.code, this.#words, flag, value, () => this.#context.local('i32'));
  }

  fromSum(subtracts: boolean, a: Node, b: Node, result: Node, carry: Node | null): void {
    const context = this.#context;
    const { code } = context;
    const operands = [a, b, result].map((node) => context.asLocal(node)) as [number, number, number];
    const carries = context.local(wasmType(a.bits));
    emitCarries(code, subtracts, a.bits, operands);
    code.localSet(carries);
    emitFlagsFromCarries(code, this.#words, a.bits, () => context.push(result), carries);
    if (carry) this.#write('CF', context.asLocal(carry));
  }

  fromResult(result: Node, { CF, OF, AF }: { CF: Node; OF: Node; AF: Node }): void {
    const context = this.#context;
    const local = (flag: Node): number | null => (isZero(flag) ? null : context.asLocal(flag));
    emitFlagsFromResult(context.code, this.#words, result.bits, () => context.push(result), {
      CF: local(CF),
      OF: local(OF),
      AF: local(AF),
    });
  }

  all(values: Record<Flag, Node>): void {
    const locals = Object.entries(values).map(([name, value]) => [name, this.#context.asLocal(value)]);
    emitFlags(this.#context.code, this.#words, Object.fromEntries(locals) as Record<Flag, number>);
  }
}

/** True for the constant 0. */
export function isZero(node: Node): boolean {
  return node.operation.op === 'constant' && node.operation.value === 0n;
}
