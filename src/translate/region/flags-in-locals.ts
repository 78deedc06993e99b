// The lazy flags of a running region, in locals.

import type { Code } from '../../wasm/code.ts';
import type { FlagPlace } from '../emit-context.ts';

export class FlagsInLocals implements FlagPlace {
  readonly result: number;
  readonly high: number;
  readonly low: number;
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
    this.result = code.addLocal('i64');
    this.high = code.addLocal('i32');
    this.low = code.addLocal('i32');
  }

  pushResult(): void {
    this.#code.localGet(this.result);
  }
  storeResult(push: () => void): void {
    push();
    this.#code.localSet(this.result);
  }
  pushHigh(): void {
    this.#code.localGet(this.high);
  }
  storeHigh(push: () => void): void {
    push();
    this.#code.localSet(this.high);
  }
  pushLow(): void {
    this.#code.localGet(this.low);
  }
  storeLow(push: () => void): void {
    push();
    this.#code.localSet(this.low);
  }
}
