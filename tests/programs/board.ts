// The one device of programs: its registers tell the time as the processor has it, which is the number of instructions, and
// what is written to them asks for interrupts, or ends the slice.

import { hash, mix } from '../instructions/random.ts';
import type { TestCell } from '../instructions/test-cell.ts';

const FIRST_VECTOR = 0x20;
/** Vectors of interrupts, from FIRST_VECTOR on. */
export const INTERRUPTS = 16;
const NOTHING = -1;

export class Board {
  #cell: TestCell | null = null;
  #pending = NOTHING;
  /** Follows from all accesses, their order and their times. */
  digest = 0;

  connect(cell: TestCell): void {
    this.#cell = cell;
  }

  reset(): void {
    this.#pending = NOTHING;
    this.digest = 0;
  }

  #note(...values: readonly (number | string)[]): void {
    this.digest = mix(this.digest ^ hash(values.join(' ')));
  }

  /** Instructions retired, as of the last block entered: what a clock of instructions shows. */
  get #now(): number {
    return this.#cell?.vcpu.retired ?? 0;
  }

  readonly imports = {
    readTsc: (): number => this.#now,
    mmioRead: (_frame: number, offset: number, size: number): number => {
      this.#note('read', this.#now, offset, size);
      return this.#now;
    },
    mmioWrite: (_frame: number, offset: number, size: number, value: number): void => {
      this.#note('write', this.#now, offset, size, value);
      const core = this.#cell?.core ?? {};
      switch ((offset ^ value) & 7) {
        case 0:
        case 1:
        case 2:
          this.#pending = FIRST_VECTOR + ((value >>> 3) % INTERRUPTS);
          return core['requestInterrupt']();
        case 3:
          return core['requestBoundary']();
        case 4:
          return core['endSlice']();
        default:
      }
    },
    acknowledgeInterrupt: (): number => {
      const vector = this.#pending;
      this.#pending = NOTHING;
      this.#note('acknowledged', this.#now, vector);
      return vector;
    },
  };
}
