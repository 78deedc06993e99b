// The one device of programs: its registers, in memory and as ports, tell the time as the processor has it, which is the
// number of instructions, and what is written to them asks for interrupts, or ends the slice.

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

  /** Asks for interrupt `number`. */
  interrupt(number: number): void {
    this.#pending = FIRST_VECTOR + (number % INTERRUPTS);
    this.#cell?.core['requestInterrupt']();
  }

  #read(kind: string, register: number, size: number): number {
    this.#note(kind, this.#now, register, size);
    return this.#now;
  }

  #write(kind: string, register: number, size: number, value: number): void {
    this.#note(kind, this.#now, register, size, value);
    const core = this.#cell?.core ?? {};
    switch ((register ^ value) & 7) {
      case 0:
      case 1:
      case 2:
        return this.interrupt(value >>> 3);
      case 3:
        return core['requestBoundary']();
      case 4:
        return core['endSlice']();
      default:
    }
  }

  readonly imports = {
    readTsc: (): number => this.#now,
    portRead: (port: number, size: number): number => this.#read('in', port, size),
    portWrite: (port: number, size: number, value: number): void => this.#write('out', port, size, value),
    mmioRead: (_frame: number, offset: number, size: number): number => this.#read('read', offset, size),
    mmioWrite: (_frame: number, offset: number, size: number, value: number): void =>
      this.#write('write', offset, size, value),
    acknowledgeInterrupt: (): number => {
      const vector = this.#pending;
      this.#pending = NOTHING;
      this.#note('acknowledged', this.#now, vector);
      return vector;
    },
  };
}
