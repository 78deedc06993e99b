// Counts the instructions that retire in a region, for statistics: what the region takes from the budget, less what it gives
// back or leaves to the interpreter. Everything here is emitted only when that is asked for.

import { BLOCK_COUNT, BLOCK_HEADER, COUNT_IN_REGIONS, CURRENT, RECORD_REMAINING } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import type { MachineView } from './machine-view.ts';
import { BOUNDARY, LEAVE_AFTER, RAISE } from './region-frame.ts';

export class RegionCount {
  readonly #code: Code;
  readonly #view: MachineView;
  readonly #budget: number;
  /** Local with what the budget was when the count was right. */
  readonly #counted: number;

  /** @param budget local with the instructions left */
  constructor(code: Code, view: MachineView, budget: number) {
    this.#code = code;
    this.#view = view;
    this.#budget = budget;
    this.#counted = code.addLocal('i32');
  }

  /** Begins to count: with `left` instructions in the budget that will be counted though they are taken from it already. */
  begin(left = 0): void {
    const code = this.#code;
    code.localGet(this.#budget);
    if (left > 0) {
      code.i32Const(left);
      code.i32Add();
    }
    code.localSet(this.#counted);
  }

  /** Counts what was taken from the budget, but for `left` instructions. */
  add(left: number): void {
    const code = this.#code;
    this.#change(() => {
      code.localGet(this.#counted);
      code.localGet(this.#budget);
      code.i32Sub();
      if (left === 0) return;
      code.i32Const(left);
      code.i32Sub();
    });
  }

  /** Counts what comes before the instruction at `ip`. */
  addBefore(ip: number): void {
    this.add(this.#view.u8(ip + RECORD_REMAINING));
  }

  /** Goes on behind `addBefore`, with a budget that may be another. */
  resumeAt(ip: number): void {
    this.begin(this.#view.u8(ip + RECORD_REMAINING));
  }

  /** Takes back what was counted but does not retire here. `reason` is the local with why the region is left. */
  uncount(reason: number): void {
    const code = this.#code;
    const isReason = (value: number): void => {
      code.localGet(reason);
      code.i32Const(value);
      code.i32Eq();
    };
    this.#change(() => {
      isReason(LEAVE_AFTER);
      isReason(BOUNDARY);
      code.if('i32');
      code.localGet(0);
      code.i32Const(BLOCK_HEADER - BLOCK_COUNT);
      code.i32Sub();
      code.i32Load(0);
      code.else();
      // Local 0 is the record, unless that is CURRENT.
      code.i32Const(0);
      code.i32Load(CURRENT);
      code.localGet(0);
      code.localGet(reason);
      code.i32Const(RAISE);
      code.i32LeU();
      code.select();
      code.i32Load8U(RECORD_REMAINING);
      code.end();
      code.i32Sub();
    });
  }

  /** Adds the i32 that `push` leaves. */
  #change(push: () => void): void {
    const code = this.#code;
    code.i32Const(0);
    code.i32Const(0);
    code.i64Load(COUNT_IN_REGIONS);
    push();
    code.i64ExtendI32S();
    code.i64Add();
    code.i64Store(COUNT_IN_REGIONS);
  }
}
