// Vector constants written lane by lane.

import type { AbstractMachine, Value } from '../abstract-machine.ts';

/** The vector of these lanes, lowest first, of 128 / `lanes.length` bits each; a negative lane is taken modulo its width. */
export function laneConstant(m: AbstractMachine, ...lanes: number[]): Value {
  const bits = 128 / lanes.length;
  return m.vectorConstant(
    lanes.reduce((sum, lane, index) => sum | (BigInt.asUintN(bits, BigInt(lane)) << BigInt(bits * index)), 0n),
  );
}

/** The vector whose lanes of `bits` bits are all `value`. */
export function everyLane(m: AbstractMachine, bits: 8 | 16 | 32 | 64, value: number): Value {
  return laneConstant(m, ...Array.from({ length: 128 / bits }, () => value));
}

/** The vector of the byte numbers 0 to 15: the swizzle that changes nothing. */
export function byteNumbers(m: AbstractMachine): Value {
  return laneConstant(m, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
