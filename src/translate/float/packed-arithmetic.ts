// ADDPD, SUBPD, MULPD, DIVPD, SQRTPD, MINPD, MAXPD, ADDSUBPD, HADDPD, HSUBPD, ROUNDPD, CMPPD and those of binary32: all lanes at
// once, by the same rules as single elements (scalar-arithmetic.ts). SDM volume 2.

import {
  allClearOr,
  allFinite,
  elementsOf,
  floatLanes,
  noDenormals,
  noDenormalsOrNans,
  onlyOrdinarySum,
  ordinaryVector,
  pushUnclear,
  pushZeros,
} from './packed-tests.ts';
import { roundingOperator, roundsByMxcsr } from './scalar-arithmetic.ts';
import { predicates } from './scalar-comparisons.ts';
import type { Width } from './scalar-tests.ts';
import type { Usual, UsualCase } from './usual-case.ts';

const vectors = { floats: 0, isFloat: false } as const;

/** Adds or subtracts two locals. */
function emitSum(usual: Usual, width: Width, operator: 'Add' | 'Sub', a: number, b: number, tested: number[]): void {
  const { code, result } = usual;
  code.localGet(a);
  code.localGet(b);
  floatLanes(code, width, operator);
  code.localSet(result);
  // A sum that is zero or tiny is exact; but the processor may flush the tiny one.
  onlyOrdinarySum(usual, width, tested, result);
  usual.settled();
}

function sum(width: Width, operator: 'Add' | 'Sub'): UsualCase {
  return {
    ...vectors,
    operands: elementsOf[width],
    makes: ordinaryVector[width],
    ordinary: [0, 1],
    emit(usual) {
      const unknown = [0, 1].filter((index) => !usual.isOrdinary(index)).map((index) => usual.input(index));
      emitSum(usual, width, operator, usual.input(0), usual.input(1), unknown);
    },
  };
}

/** Puts the value on the stack into a new local. */
function inLocal(usual: Usual): number {
  const local = usual.local('v128');
  usual.code.localSet(local);
  return local;
}

/** Even lanes are subtracted: the sign of the second operand is turned there. */
function addSubtract(width: Width): UsualCase {
  const signs = Uint8Array.from({ length: 16 }, (_, byte) => (byte % (width / 4) === width / 8 - 1 ? 0x80 : 0));
  return {
    ...vectors,
    operands: elementsOf[width],
    makes: ordinaryVector[width],
    emit(usual) {
      const { code } = usual;
      code.localGet(usual.input(1));
      code.v128Const(signs);
      code.v128Xor();
      emitSum(usual, width, 'Add', usual.input(0), inLocal(usual), [usual.input(0), usual.input(1)]);
    },
  };
}

/** Even lanes of both operands side by side, then odd lanes, are the operands of what is done. */
function horizontal(width: Width, operator: 'Add' | 'Sub'): UsualCase {
  const bytes = width / 8;
  const pick = (odd: 0 | 1): number[] =>
    Array.from({ length: 16 }, (_, byte) => 2 * (byte - (byte % bytes)) + odd * bytes + (byte % bytes));
  return {
    ...vectors,
    operands: elementsOf[width],
    makes: ordinaryVector[width],
    emit(usual) {
      const { code } = usual;
      const [even, odd] = ([0, 1] as const).map((which) => {
        code.localGet(usual.input(0));
        code.localGet(usual.input(1));
        code.i8x16Shuffle(pick(which));
        return inLocal(usual);
      });
      emitSum(usual, width, operator, even!, odd!, [even!, odd!]);
    },
  };
}

/** A lane that is zero is exact when one of the inputs in `zeros` has a zero there. */
function product(width: Width, operator: 'Mul' | 'Div', zeros: readonly (0 | 1)[]): UsualCase {
  return {
    ...vectors,
    operands: elementsOf[width],
    makes: ordinaryVector[width],
    ordinary: [0, 1],
    emit(usual) {
      const { code, result } = usual;
      code.localGet(usual.input(0));
      code.localGet(usual.input(1));
      floatLanes(code, width, operator);
      code.localSet(result);
      pushUnclear(usual, width, [0, 1], result);
      usual.unless(() => {
        usual.pushSettled();
        usual.doneIf();
      });
      noDenormals(usual, width, [0, 1]);
      usual.settled();
      allClearOr(usual, width, result, () => {
        pushZeros(code, width, result);
        zeros.forEach((index, position) => {
          pushZeros(code, width, usual.input(index));
          if (position > 0) code.v128Or();
        });
        code.v128And();
      });
    },
  };
}

function squareRoot(width: Width): UsualCase {
  return {
    ...vectors,
    operands: elementsOf[width],
    makes: ordinaryVector[width],
    emit(usual) {
      const { code } = usual;
      noDenormals(usual, width, [0]);
      usual.settled();
      code.localGet(usual.input(0));
      floatLanes(code, width, 'Sqrt');
      code.localSet(usual.result);
      allFinite(usual, width, usual.result);
    },
  };
}

/** Goes to the core when an input is a denormal number or a NaN. */
function onlyComparable(usual: Usual, width: Width, inputs: readonly number[]): void {
  const unknown = inputs.filter((index) => !usual.isOrdinary(index)).map((index) => usual.input(index));
  noDenormalsOrNans(usual, width, unknown);
}

function extremum(width: Width, operator: 'Pmin' | 'Pmax'): UsualCase {
  return {
    ...vectors,
    operands: elementsOf[width],
    selects: elementsOf[width],
    isCertain: (areOrdinary) => areOrdinary,
    emit(usual) {
      const { code } = usual;
      onlyComparable(usual, width, [0, 1]);
      code.localGet(usual.input(1));
      code.localGet(usual.input(0));
      floatLanes(code, width, operator);
      code.localSet(usual.result);
    },
  };
}

function mask(width: Width): UsualCase {
  return {
    ...vectors,
    operands: elementsOf[width],
    isCertain: (areOrdinary) => areOrdinary,
    known: 2,
    emit(usual) {
      const { code } = usual;
      onlyComparable(usual, width, [0, 1]);
      const operator = predicates[usual.known & 7] ?? null;
      if (operator === null) code.v128Const(new Uint8Array(16).fill(usual.known & 4 ? 0xff : 0));
      else {
        code.localGet(usual.input(0));
        code.localGet(usual.input(1));
        floatLanes(code, width, operator);
      }
      code.localSet(usual.result);
    },
  };
}

function rounding(width: Width): UsualCase {
  return {
    ...vectors,
    operands: elementsOf[width],
    selects: elementsOf[width],
    known: 1,
    emit(usual) {
      const { code } = usual;
      if (roundsByMxcsr(usual.known)) usual.settled();
      onlyComparable(usual, width, [0]);
      code.localGet(usual.input(0));
      floatLanes(code, width, roundingOperator(usual.known));
      code.localSet(usual.result);
    },
  };
}

export const packedArithmetic = {
  addPackedSingle: sum(32, 'Add'),
  addPackedDouble: sum(64, 'Add'),
  subtractPackedSingle: sum(32, 'Sub'),
  subtractPackedDouble: sum(64, 'Sub'),
  multiplyPackedSingle: product(32, 'Mul', [0, 1]),
  multiplyPackedDouble: product(64, 'Mul', [0, 1]),
  dividePackedSingle: product(32, 'Div', [0]),
  dividePackedDouble: product(64, 'Div', [0]),
  squareRootPackedSingle: squareRoot(32),
  squareRootPackedDouble: squareRoot(64),
  minimumPackedSingle: extremum(32, 'Pmin'),
  minimumPackedDouble: extremum(64, 'Pmin'),
  maximumPackedSingle: extremum(32, 'Pmax'),
  maximumPackedDouble: extremum(64, 'Pmax'),
  comparePackedSingle: mask(32),
  comparePackedDouble: mask(64),
  roundPackedSingle: rounding(32),
  roundPackedDouble: rounding(64),
  addSubtractSingle: addSubtract(32),
  addSubtractDouble: addSubtract(64),
  horizontalAddSingle: horizontal(32, 'Add'),
  horizontalAddDouble: horizontal(64, 'Add'),
  horizontalSubtractSingle: horizontal(32, 'Sub'),
  horizontalSubtractDouble: horizontal(64, 'Sub'),
};
