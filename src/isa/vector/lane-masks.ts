// Choosing lanes by the bits of a number that is known only when the instruction runs.

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { laneConstant } from './lane-constants.ts';

/** Ones in the doublewords whose bit of `bits` (one constant a lane) is set in `number`. */
export function doublewordMask(m: AbstractMachine, number: Value, ...bits: [number, number, number, number]): Value {
  const tested = laneConstant(m, ...bits);
  return m.vector('i32x4Eq', m.vector('v128And', m.vector('i32x4Splat', m.zeroExtend(number, 32)), tested), tested);
}

/** Ones in word i where bit i of `number` is set. */
export function wordMask(m: AbstractMachine, number: Value): Value {
  const tested = laneConstant(m, 1, 2, 4, 8, 16, 32, 64, 128);
  return m.vector('i16x8Eq', m.vector('v128And', m.vector('i16x8Splat', m.zeroExtend(number, 32)), tested), tested);
}

/** Ones in byte i where bit i of `number` (at least 16 bits) is set. */
export function byteMask(m: AbstractMachine, number: Value): Value {
  const bytes = m.zeroExtend(number, 128);
  const copies = m.shuffle(bytes, bytes, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  const tested = laneConstant(m, 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
  return m.vector('i8x16Eq', m.vector('v128And', copies, tested), tested);
}

/** Where `mask` has ones `chosen`, elsewhere `otherwise`. */
export function blend(m: AbstractMachine, mask: Value, chosen: Value, otherwise: Value): Value {
  return m.vector('v128Or', m.vector('v128And', chosen, mask), m.vector('v128Andnot', otherwise, mask));
}
