// CVTDQ2PD, CVTDQ2PS, CVTPS2DQ, CVTTPS2DQ, CVTPD2DQ, CVTTPD2DQ, CVTPS2PD, CVTPD2PS, and CVTPI2PS from memory. SDM volume 2.

import type { Code } from '../../wasm/code.ts';
import {
  allClearOr,
  elementsOf,
  floatLanes,
  noDenormalsOrNans,
  pushBeyond31Bits,
  pushUnclear,
  pushZeros,
} from './packed-tests.ts';
import { DOUBLES, SINGLES } from './ordinary-values.ts';
import type { Width } from './scalar-tests.ts';
import type { UsualCase } from './usual-case.ts';

const vectors = { floats: 0, isFloat: false } as const;

/** Two 32-bit lanes side by side in an i64, as the low half of a vector. */
function pushPair(code: Code, local: number): void {
  code.localGet(local);
  code.i64x2Splat();
}

/** Always exact. */
const int32sToDoubles: UsualCase = {
  ...vectors,
  operands: 0,
  makes: { elements: DOUBLES, check: () => {} },
  isCertain: () => true,
  emit(usual) {
    pushPair(usual.code, usual.input(0));
    usual.code.f64x2ConvertLowI32x4S();
    usual.code.localSet(usual.result);
  },
};

const int32sToSingles: UsualCase = {
  ...vectors,
  operands: 0,
  makes: { elements: SINGLES, check: () => {} },
  emit(usual) {
    usual.settled();
    usual.code.localGet(usual.input(0));
    usual.code.f32x4ConvertI32x4S();
    usual.code.localSet(usual.result);
  },
};

const int32sToSinglePair: UsualCase = {
  ...vectors,
  operands: 0,
  emit(usual) {
    usual.settled();
    pushPair(usual.code, usual.input(0));
    usual.code.f32x4ConvertI32x4S();
    usual.code.i64x2ExtractLane(0);
    usual.code.localSet(usual.result);
  },
};

/** Leaves out what would give the indefinite integer, and -2^31. */
function toInt32s(width: Width): UsualCase {
  return {
    ...vectors,
    operands: elementsOf[width],
    known: 1,
    emit(usual) {
      const { code } = usual;
      usual.settled();
      const rounded = usual.local('v128');
      code.localGet(usual.input(0));
      floatLanes(code, width, usual.known === 0 ? 'Nearest' : 'Trunc');
      code.localSet(rounded);
      pushBeyond31Bits(code, width, rounded);
      usual.slowIf();
      code.localGet(rounded);
      if (width === 32) code.i32x4TruncSatF32x4S();
      else {
        code.i32x4TruncSatF64x2SZero();
        code.i64x2ExtractLane(0);
      }
      code.localSet(usual.result);
    },
  };
}

const singlesToDoubles: UsualCase = {
  ...vectors,
  operands: 0,
  emit(usual) {
    const { code } = usual;
    const pair = usual.local('v128');
    pushPair(code, usual.input(0));
    code.localSet(pair);
    noDenormalsOrNans(usual, 32, [pair]);
    code.localGet(pair);
    code.f64x2PromoteLowF32x4();
    code.localSet(usual.result);
  },
};

/** Of two lanes: their bytes as 32-bit lanes, twice side by side, of 64-bit lanes; and of the low half of 32-bit lanes. */
const NARROWED = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];
const REPEATED = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7];

/** A denormal number, too, becomes a zero without being one. */
const doublesToSingles: UsualCase = {
  ...vectors,
  operands: elementsOf[64],
  emit(usual) {
    const { code } = usual;
    const singles = usual.local('v128');
    usual.settled();
    code.localGet(usual.input(0));
    code.f32x4DemoteF64x2Zero();
    code.localTee(singles);
    code.i64x2ExtractLane(0);
    code.localSet(usual.result);
    code.localGet(singles);
    code.localGet(singles);
    code.i8x16Shuffle(REPEATED);
    code.localSet(singles);
    pushUnclear(usual, 32, [], singles);
    code.i32Eqz();
    usual.doneIf();
    allClearOr(usual, 32, singles, () => {
      pushZeros(code, 64, usual.input(0));
      pushZeros(code, 64, usual.input(0));
      code.i8x16Shuffle(NARROWED);
    });
  },
};

export const packedConversions = {
  int32sToDoubles,
  int32sToSingles,
  int32sToSinglePair,
  singlesToInt32s: toInt32s(32),
  doublesToInt32s: toInt32s(64),
  singlesToDoubles,
  doublesToSingles,
};
