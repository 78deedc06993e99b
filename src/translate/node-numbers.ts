import type { Node } from './ir.ts';

/** A number for each of some nodes of the instruction at hand. Faster than a Map, above all where it is cleared often. */
export class NodeNumbers {
  readonly #numbers: number[] = [];
  /** Which numbers count: those that were set since the last `clear`. */
  readonly #stamps: number[] = [];
  #stamp = 1;

  /** The node's number, or -1. */
  get({ index }: Node): number {
    return this.#stamps[index] === this.#stamp ? this.#numbers[index]! : -1;
  }

  has({ index }: Node): boolean {
    return this.#stamps[index] === this.#stamp;
  }

  /** @param number not negative */
  set({ index }: Node, number: number): void {
    this.#stamps[index] = this.#stamp;
    this.#numbers[index] = number;
  }

  clear(): void {
    this.#stamp++;
  }
}
