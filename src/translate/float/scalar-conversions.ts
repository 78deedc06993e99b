// CVTSI2SD, CVTSD2SI, CVTTSD2SI, those of binary32, CVTSS2SD and CVTSD2SS. SDM volume 2.

import type { Code } from '../../wasm/code.ts';
import { elementOf, float, onlyOrdinary, ordinaryScalar, pushIsClear, pushIsZero, type Width } from './scalar-tests.ts';
import type { UsualCase } from './usual-case.ts';

/** From an integer; `exact` pushes whether the one in a local is certainly exact, and is null where all are. */
function fromInteger(
  width: Width,
  convert: (code: Code) => void,
  exact: ((code: Code, local: number) => void) | null,
): UsualCase {
  return {
    floats: 0,
    isFloat: true,
    operands: 0,
    makes: { elements: elementOf[width], check: () => {} },
    isCertain: () => exact === null,
    emit(usual) {
      const { code } = usual;
      if (exact) {
        usual.pushSettled();
        usual.unless(() => {
          exact(code, usual.input(0));
          usual.slowUnless();
        });
      }
      code.localGet(usual.input(0));
      convert(code);
      code.localSet(usual.result);
    },
  };
}

/** Below 2^31 or 2^63 in magnitude, which leaves out what would give the indefinite integer; and -2^31 or -2^63. */
function toInteger(from: Width, to: Width): UsualCase {
  return {
    floats: 1,
    isFloat: false,
    operands: elementOf[from],
    known: 1,
    emit(usual) {
      const { code } = usual;
      // PE is set, so that neither an inexact result nor a denormal operand under DAZ makes a difference.
      usual.settled();
      const rounded = usual.local(from === 64 ? 'f64' : 'f32');
      code.localGet(usual.input(0));
      float(code, from, usual.known === 0 ? 'Nearest' : 'Trunc');
      code.localTee(rounded);
      float(code, from, 'Abs');
      if (from === 64) code.f64Const(2 ** (to - 1));
      else code.f32Const(2 ** (to - 1));
      float(code, from, 'Lt');
      usual.slowUnless();
      code.localGet(rounded);
      code[`i${to}TruncF${from}S`]();
      code.localSet(usual.result);
    },
  };
}

const singleToDouble: UsualCase = {
  floats: 1,
  isFloat: true,
  operands: elementOf[32],
  makes: ordinaryScalar[64],
  isCertain: (isOrdinary) => isOrdinary,
  emit(usual) {
    onlyOrdinary(usual, 32, 0);
    usual.code.localGet(usual.input(0));
    usual.code.f64PromoteF32();
    usual.code.localSet(usual.result);
  },
};

/** A denormal number, too, becomes a zero without being one. */
const doubleToSingle: UsualCase = {
  floats: 1,
  isFloat: true,
  operands: elementOf[64],
  makes: ordinaryScalar[32],
  emit(usual) {
    const { code } = usual;
    code.localGet(usual.input(0));
    code.f32DemoteF64();
    code.localSet(usual.result);
    pushIsClear(usual, 32, usual.result);
    usual.doneIf();
    usual.settled();
    pushIsZero(code, 64, usual.input(0));
    usual.slowUnless();
  },
};

/** Pushes whether the i64 in a local is at most 2^bits away from 0. */
function pushIsSmall64(code: Code, local: number, bits: bigint): void {
  code.localGet(local);
  code.i64Const(1n << bits);
  code.i64Add();
  code.i64Const(2n << bits);
  code.i64LeU();
}

/** Pushes whether the i32 in a local is at most 2^24 away from 0. */
function pushIsSmall32(code: Code, local: number): void {
  code.localGet(local);
  code.i32Const(2 ** 24);
  code.i32Add();
  code.i32Const(2 ** 25);
  code.i32LeU();
}

export const scalarConversions = {
  int32ToDouble: fromInteger(64, (code) => code.f64ConvertI32S(), null),
  int64ToDouble: fromInteger(
    64,
    (code) => code.f64ConvertI64S(),
    (code, local) => pushIsSmall64(code, local, 53n),
  ),
  int32ToSingle: fromInteger(32, (code) => code.f32ConvertI32S(), pushIsSmall32),
  int64ToSingle: fromInteger(
    32,
    (code) => code.f32ConvertI64S(),
    (code, local) => pushIsSmall64(code, local, 24n),
  ),
  doubleToInt32: toInteger(64, 32),
  doubleToInt64: toInteger(64, 64),
  singleToInt32: toInteger(32, 32),
  singleToInt64: toInteger(32, 64),
  singleToDouble,
  doubleToSingle,
};
