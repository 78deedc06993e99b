// The flags inside a region: what they follow from is kept in locals, and a flag is worked out where it is read. The local
// `kind` always says at run time what the two others hold (the FLAGS_ kinds of layout.ts); usually it is also known while
// the region is made, and then a comparison and the branch after it become one WebAssembly comparison.

import {
  FLAG_A,
  FLAG_B,
  FLAG_KIND,
  FLAGS_DECREMENT,
  FLAGS_DIFFERENCE,
  FLAGS_INCREMENT,
  FLAGS_LOGIC,
  FLAGS_STORED,
  FLAGS_SUM,
  FLAGS_WORDS,
} from '../../core/layout.ts';
import type { Flag } from '../../isa/abstract-machine.ts';
import type { Code } from '../../wasm/code.ts';
import type { EmitContext, FlagAccess } from '../emit-context.ts';
import { emitCondition, emitReadFlag, emitWriteCarryAndOverflow, emitWriteFlag } from '../emit-flags.ts';
import { signTo64 } from '../emit-pure.ts';
import { FlagWords, isZero } from '../flags-in-memory.ts';
import { FlagComparisons } from './flag-comparisons.ts';
import { emitCarriesWord, emitWordsOf } from './flags-to-words.ts';
import { WordsInLocals } from './words-in-locals.ts';
import type { Node } from '../ir.ts';

/** The condition that a flag alone is. */
const conditionOf: Record<Flag, number> = { OF: 0x0, CF: 0x2, ZF: 0x4, SF: 0x8, PF: 0xa, AF: -1 };

/** The kind is known only at run time. */
export const FLAGS_UNKNOWN = -1;

export class RegionFlags implements FlagAccess {
  /** Locals: kind, i32; a and b, i64. */
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  /** What is known of the kind where code is being emitted. */
  known: number = FLAGS_UNKNOWN;
  readonly #context: EmitContext;
  readonly #code: Code;
  readonly #words: WordsInLocals;
  readonly #stored: FlagWords;
  readonly #comparisons: FlagComparisons;

  constructor(context: EmitContext) {
    this.#context = context;
    const { code } = context;
    this.#code = code;
    this.kind = code.addLocal('i32');
    this.a = code.addLocal('i64');
    this.b = code.addLocal('i64');
    this.#words = new WordsInLocals(code, this.a, this.b);
    this.#stored = new FlagWords(code);
    this.#comparisons = new FlagComparisons(code, this.a, this.b);
  }

  /** Stores them where everybody else looks for them. What is in the locals stays. */
  settle(): void {
    const code = this.#code;
    if (this.known === FLAGS_STORED) return;
    const call = (): void => {
      code.localGet(this.kind);
      code.localGet(this.a);
      code.localGet(this.b);
      code.call(this.#context.imports.core('settleFlags'));
    };
    if (this.known !== FLAGS_UNKNOWN) return call();
    code.localGet(this.kind);
    code.if(undefined);
    call();
    code.end();
  }

  /** Stores them, and remembers that: what comes next need not do it again. */
  store(): void {
    this.settle();
    this.become(FLAGS_STORED);
  }

  /** Takes them over from the region before. */
  receive(): void {
    const code = this.#code;
    code.i32Const(0);
    code.i32Load(FLAG_KIND);
    code.localSet(this.kind);
    code.i32Const(0);
    code.i64Load(FLAG_A);
    code.localSet(this.a);
    code.i32Const(0);
    code.i64Load(FLAG_B);
    code.localSet(this.b);
  }

  /** Hands them over to the region after. */
  handOver(): void {
    const code = this.#code;
    code.i32Const(0);
    code.localGet(this.kind);
    code.i32Store(FLAG_KIND);
    code.i32Const(0);
    code.localGet(this.a);
    code.i64Store(FLAG_A);
    code.i32Const(0);
    code.localGet(this.b);
    code.i64Store(FLAG_B);
  }

  /** Makes words of them: the two locals, or where nothing better is known of their kind those in memory. */
  #workOut(): void {
    const { known } = this;
    if (known === FLAGS_WORDS || known === FLAGS_STORED) return;
    if (emitWordsOf(this.#code, known, this, () => this.#context.local('i64'))) return this.become(FLAGS_WORDS);
    this.store();
  }

  become(kind: number): void {
    if (this.known === kind) return;
    this.#code.i32Const(kind);
    this.#code.localSet(this.kind);
    this.known = kind;
  }

  read(flag: Flag): void {
    if (conditionOf[flag] >= 0 && this.#comparisons.push(this.known, conditionOf[flag])) return;
    if (flag === 'CF' && this.known === FLAGS_UNKNOWN) return this.#readUnknownCarry();
    this.#workOut();
    emitReadFlag(this.#code, this.known === FLAGS_WORDS ? this.#words : this.#stored, flag);
  }

  /** A loop that ends with DEC and a branch reads the CF of the round before, and nothing settles there. */
  #readUnknownCarry(): void {
    const code = this.#code;
    code.localGet(this.kind);
    code.i32Const(~(FLAGS_INCREMENT ^ FLAGS_DECREMENT ^ 3));
    code.i32And();
    code.i32Const(FLAGS_INCREMENT & FLAGS_DECREMENT);
    code.i32Eq();
    code.if('i32');
    code.localGet(this.b);
    code.i32WrapI64();
    code.else();
    this.settle();
    code.i32Const(FLAGS_STORED);
    code.localSet(this.kind);
    emitReadFlag(code, this.#stored, 'CF');
    code.end();
  }

  condition(code: number): void {
    if (this.#comparisons.push(this.known, code & ~1)) {
      if (code & 1) this.#code.i32Eqz();
      return;
    }
    this.#workOut();
    emitCondition(this.#code, code, (flag) => this.read(flag));
  }

  /** Pushes a value zero-extended to 64 bits. */
  #push64(node: Node): void {
    this.#context.push(node);
    if (node.bits < 64) this.#code.i64ExtendI32U();
  }

  fromSum(subtracts: boolean, a: Node, b: Node, result: Node, carry: Node | null): void {
    const code = this.#code;
    const size = sizeOf(a);
    if (carry) {
      this.#push64(carry);
      this.#push64(result);
      code.localSet(this.a);
      code.localSet(this.b);
      return this.become((subtracts ? FLAGS_DECREMENT : FLAGS_INCREMENT) | size);
    }
    if (isPlainSum(subtracts, a, b, result)) {
      this.#push64(a);
      this.#push64(b);
      code.localSet(this.b);
      code.localSet(this.a);
      return this.become((subtracts ? FLAGS_DIFFERENCE : FLAGS_SUM) | size);
    }
    const local = (node: Node): number => {
      const narrow = this.#context.asLocal(node);
      if (node.bits === 64) return narrow;
      const wide = this.#context.local('i64');
      code.localGet(narrow);
      code.i64ExtendI32U();
      code.localSet(wide);
      return wide;
    };
    emitCarriesWord(code, subtracts, a.bits, [local(a), local(b), local(result)], () => this.#context.local('i64'));
    code.localSet(this.b);
    this.#keepResult(result);
    this.become(FLAGS_WORDS);
  }

  #keepResult(result: Node): void {
    this.#context.push(result);
    signTo64(this.#code, result.bits);
    this.#code.localSet(this.a);
  }

  fromResult(result: Node, { CF, OF, AF }: { CF: Node; OF: Node; AF: Node }): void {
    const code = this.#code;
    if (isZero(CF) && isZero(OF) && isZero(AF)) {
      this.#push64(result);
      code.localSet(this.a);
      return this.become(FLAGS_LOGIC | sizeOf(result));
    }
    const bit = (flag: Node, factor: bigint): void => {
      this.#context.push(flag);
      code.i64ExtendI32U();
      code.i64Const(factor);
      code.i64Mul();
    };
    bit(AF, 8n);
    if (!isZero(OF)) {
      bit(OF, 1n << 62n);
      code.i64Or();
    }
    if (!isZero(CF)) {
      bit(CF, 3n << 62n);
      code.i64Xor();
    }
    code.localSet(this.b);
    this.#keepResult(result);
    this.become(FLAGS_WORDS);
  }

  all({ CF, PF, AF, ZF, SF, OF }: Record<Flag, Node>): void {
    const code = this.#code;
    const push = (flag: Node): void => this.#context.push(flag);
    const zero = this.#context.asLocal(ZF);
    push(CF);
    code.i64ExtendI32U();
    code.i64Const(3n << 62n);
    code.i64Mul();
    push(OF);
    code.i64ExtendI32U();
    code.i64Const(1n << 62n);
    code.i64Mul();
    code.i64Xor();
    push(AF);
    code.i32Const(3);
    code.i32Shl();
    push(SF);
    code.i32Or();
    // The result's low byte is 0 or 1: this makes its parity come out as PF.
    code.localGet(zero);
    push(PF);
    code.i32Xor();
    code.i32Const(8);
    code.i32Shl();
    code.i32Or();
    code.i64ExtendI32U();
    code.i64Or();
    code.localGet(zero);
    code.i32Eqz();
    code.i64ExtendI32U();
    code.localSet(this.a);
    code.localSet(this.b);
    this.become(FLAGS_WORDS);
  }

  write(flag: Flag, value: Node): void {
    const local = this.#context.asLocal(value);
    this.#becomeWords();
    emitWriteFlag(this.#code, this.#words, flag, local, () => this.#context.local('i32'));
  }

  writeCarryAndOverflow(carry: Node, overflow: Node): void {
    const locals = [this.#context.asLocal(carry), this.#context.asLocal(overflow)] as const;
    this.#becomeWords();
    emitWriteCarryAndOverflow(this.#code, this.#words, ...locals);
  }

  /** Makes words of them in the two locals. */
  #becomeWords(): void {
    const code = this.#code;
    this.#workOut();
    if (this.known !== FLAGS_STORED) return;
    this.#stored.pushResult();
    code.localSet(this.a);
    this.#stored.pushAux();
    code.localSet(this.b);
    this.become(FLAGS_WORDS);
  }
}

/** Base 2 logarithm of a value's bytes. */
function sizeOf({ bits }: Node): number {
  return 28 - Math.clz32(bits);
}

/** True when the result is a + b or a - b itself, without a carry from below. */
function isPlainSum(subtracts: boolean, a: Node, b: Node, result: Node): boolean {
  const { operation, inputs } = result;
  return operation.op === (subtracts ? 'sub' : 'add') && inputs[0] === a && inputs[1] === b;
}
