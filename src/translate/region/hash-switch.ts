// A switch over many 32-bit numbers, as a table that a multiplication leads into.

import type { Code } from '../../wasm/code.ts';

export interface Hash {
  /** The place of a number is the upper bits of its product with this. */
  readonly factor: number;
  readonly bits: number;
  /** The index of the number at each place; -1: none. */
  readonly places: readonly number[];
}

const MOST_TRIES = 512;

/** A hash that has a place of its own for each number; they count modulo 2^32 and are all different. */
export function hashDistances(numbers: readonly number[]): Hash {
  for (let bits = Math.ceil(Math.log2(numbers.length)) + 1; ; bits++) {
    // Fibonacci hashing to begin with (Knuth, The Art of Computer Programming, section 6.4), then whatever odd factor does it.
    let factor = 0x9e3779b1;
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      const places = placesOf(numbers, factor, bits);
      if (places !== null) return { factor: factor | 0, bits, places };
      factor = (Math.imul(factor, 1664525) + 1013904224) | 1;
    }
  }
}

function placesOf(numbers: readonly number[], factor: number, bits: number): number[] | null {
  const places = Array.from({ length: 2 ** bits }, () => -1);
  for (const [index, number] of numbers.entries()) {
    const place = Math.imul(number, factor) >>> (32 - bits);
    if (places[place] !== -1) return null;
    places[place] = index;
  }
  return places;
}

/**
 * Emits the switch. A number that is none of the hash's may lead to any of its cases, or past them.
 * @param push pushes the number, an i32
 * @param emitCase emits what is done for the number with an index; where that does not leave, it goes on behind the switch
 */
export function emitHashSwitch(
  code: Code,
  { factor, bits, places }: Hash,
  push: () => void,
  emitCase: (index: number) => void,
): void {
  const count = places.filter((index) => index >= 0).length;
  code.block(undefined);
  const end = code.openBlocks;
  for (let index = 0; index < count; index++) code.block(undefined);
  push();
  code.i32Const(factor);
  code.i32Mul();
  code.i32Const(32 - bits);
  code.i32ShrU();
  // The innermost block is that of the first case.
  const depths = places.map((index) => (index < 0 ? count : index));
  code.brTable(depths, count);
  for (let index = 0; index < count; index++) {
    code.end();
    emitCase(index);
    code.br(code.depthOf(end));
  }
  code.end();
}
