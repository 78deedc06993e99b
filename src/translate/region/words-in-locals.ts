// The two words of the lazy flags, FLAG_RESULT and FLAG_AUX, in two locals of type i64.

import type { Code } from '../../wasm/code.ts';
import type { FlagPlace } from '../emit-flags.ts';

export class WordsInLocals implements FlagPlace {
  readonly #code: Code;
  readonly #a: number;
  readonly #b: number;

  constructor(code: Code, a: number, b: number) {
    this.#code = code;
    this.#a = a;
    this.#b = b;
  }

  pushResult(): void {
    this.#code.localGet(this.#a);
  }
  storeResult(push: () => void): void {
    push();
    this.#code.localSet(this.#a);
  }
  pushHigh(): void {
    this.#code.localGet(this.#b);
    this.#code.i64Const(32);
    this.#code.i64ShrU();
    this.#code.i32WrapI64();
  }
  storeHigh(push: () => void): void {
    const code = this.#code;
    code.localGet(this.#b);
    code.i64Const(0xffffffff);
    code.i64And();
    push();
    code.i64ExtendI32U();
    code.i64Const(32);
    code.i64Shl();
    code.i64Or();
    code.localSet(this.#b);
  }
  pushLow(): void {
    this.#code.localGet(this.#b);
    this.#code.i32WrapI64();
  }
  storeLow(push: () => void): void {
    const code = this.#code;
    code.localGet(this.#b);
    code.i64Const(32);
    code.i64ShrU();
    code.i64Const(32);
    code.i64Shl();
    push();
    code.i64ExtendI32U();
    code.i64Or();
    code.localSet(this.#b);
  }
}
