// CMPSD, COMISD, UCOMISD and those of binary32: without NaNs and denormal numbers there is no exception and no case of
// "unordered". SDM volume 2.

import { elementOf, float, noDenormalOrNan, type Width } from './scalar-tests.ts';
import type { Usual, UsualCase } from './usual-case.ts';

/** What is left of the predicates where nothing is unordered: EQ, LT, LE, UNORD, NEQ, NLT, NLE, ORD. */
export const predicates = ['Eq', 'Lt', 'Le', null, 'Ne', 'Ge', 'Gt', null] as const;

function pushComparison(usual: Usual, width: Width, operator: 'Eq' | 'Lt' | 'Le' | 'Ne' | 'Ge' | 'Gt'): void {
  usual.code.localGet(usual.input(0));
  usual.code.localGet(usual.input(1));
  float(usual.code, width, operator);
}

function mask(width: Width): UsualCase {
  return {
    floats: 2,
    isFloat: false,
    operands: elementOf[width],
    isCertain: (areOrdinary) => areOrdinary,
    known: 2,
    emit(usual) {
      const { code } = usual;
      noDenormalOrNan(usual, width, 0);
      noDenormalOrNan(usual, width, 1);
      const operator = predicates[usual.known & 7] ?? null;
      code.i32Const(0);
      if (operator === null) code.i32Const((usual.known & 7) >> 2);
      else pushComparison(usual, width, operator);
      code.i32Sub();
      if (width === 64) code.i64ExtendI32S();
      code.localSet(usual.result);
    },
  };
}

/** ZF and CF at their places in RFLAGS. */
function order(width: Width): UsualCase {
  return {
    floats: 2,
    isFloat: false,
    operands: elementOf[width],
    isCertain: (areOrdinary) => areOrdinary,
    emit(usual) {
      const { code } = usual;
      noDenormalOrNan(usual, width, 0);
      noDenormalOrNan(usual, width, 1);
      pushComparison(usual, width, 'Lt');
      pushComparison(usual, width, 'Eq');
      code.i32Const(6);
      code.i32Shl();
      code.i32Or();
      code.localSet(usual.result);
    },
  };
}

export const scalarComparisons = {
  compareScalarSingle: mask(32),
  compareScalarDouble: mask(64),
  orderScalarSingle: order(32),
  orderScalarDouble: order(64),
};
