// ADDSD, SUBSD, MULSD, DIVSD, SQRTSD, MINSD, MAXSD, ROUNDSD and those of binary32. SDM volume 2.
//
// A denormal operand is no usual case, because of DE and DAZ. An infinity or a NaN among the operands, overflow, an
// invalid operation and a division by zero show in the result, which is then neither a zero nor a normal number.

import type { UsualCase } from './usual-case.ts';
import {
  elementOf,
  float,
  noDenormal,
  noDenormalOrNan,
  ordinaryScalar,
  pushIsClear,
  pushIsPositive,
  pushIsZero,
  type Width,
} from './scalar-tests.ts';

type Operator = 'Add' | 'Sub' | 'Mul' | 'Div';

/** A binary operator. A result that is zero is exact when one of the inputs in `zeros` is zero, or always if there is none. */
function binary(width: Width, operator: Operator, zeros: readonly number[]): UsualCase {
  return {
    floats: 2,
    isFloat: true,
    operands: elementOf[width],
    makes: ordinaryScalar[width],
    ordinary: [0, 1],
    emit(usual) {
      const { code, result } = usual;
      noDenormal(usual, width, 0);
      noDenormal(usual, width, 1);
      code.localGet(usual.input(0));
      code.localGet(usual.input(1));
      float(code, width, operator);
      code.localSet(result);
      pushIsClear(usual, width, result);
      usual.doneIf();
      usual.settled();
      pushIsZero(code, width, result);
      usual.slowUnless();
      if (zeros.length === 0) return;
      for (const index of zeros) pushIsZero(code, width, usual.input(index));
      if (zeros.length > 1) code.i32Or();
      usual.slowUnless();
    },
  };
}

function squareRoot(width: Width): UsualCase {
  return {
    floats: 1,
    isFloat: true,
    operands: elementOf[width],
    makes: ordinaryScalar[width],
    emit(usual) {
      const { code } = usual;
      usual.settled();
      code.localGet(usual.input(0));
      float(code, width, 'Sqrt');
      code.localSet(usual.result);
      pushIsPositive(code, width, usual.input(0));
      usual.doneIf();
      pushIsZero(code, width, usual.input(0));
      usual.slowUnless();
    },
  };
}

/** The second operand unless the first is less (greater): also when they are equal, such as +0 and -0. */
function extremum(width: Width, operator: 'Pmin' | 'Pmax'): UsualCase {
  return {
    floats: 2,
    isFloat: true,
    operands: elementOf[width],
    selects: elementOf[width],
    isCertain: (areOrdinary) => areOrdinary,
    emit(usual) {
      const { code } = usual;
      noDenormalOrNan(usual, width, 0);
      noDenormalOrNan(usual, width, 1);
      // These operators are MINPD and MAXPD with the operands exchanged; for scalars there are none.
      for (const index of [1, 0]) {
        code.localGet(usual.input(index));
        if (width === 64) code.f64x2Splat();
        else code.f32x4Splat();
      }
      if (width === 64) {
        code[`f64x2${operator}`]();
        code.f64x2ExtractLane(0);
      } else {
        code[`f32x4${operator}`]();
        code.f32x4ExtractLane(0);
      }
      code.localSet(usual.result);
    },
  };
}

/** Of ROUNDSD's immediate: rounding by MXCSR, and no precision exception. */
const BY_MXCSR = 4;
const SUPPRESS_PRECISION = 8;
const roundings = ['Nearest', 'Floor', 'Ceil', 'Trunc'] as const;

/** Whether an immediate of ROUNDSD leaves something to MXCSR. */
export function roundsByMxcsr(immediate: number): boolean {
  return (immediate & (BY_MXCSR | SUPPRESS_PRECISION)) !== SUPPRESS_PRECISION;
}

/** The operator that an immediate of ROUNDSD chooses, where MXCSR rounds to nearest. */
export function roundingOperator(immediate: number): (typeof roundings)[number] {
  return roundings[immediate & BY_MXCSR ? 0 : immediate & 3]!;
}

function rounding(width: Width): UsualCase {
  return {
    floats: 1,
    isFloat: true,
    operands: elementOf[width],
    selects: elementOf[width],
    known: 1,
    emit(usual) {
      const { code } = usual;
      if (roundsByMxcsr(usual.known)) usual.settled();
      noDenormalOrNan(usual, width, 0);
      code.localGet(usual.input(0));
      float(code, width, roundingOperator(usual.known));
      code.localSet(usual.result);
    },
  };
}

function ofWidth(width: Width) {
  return {
    add: binary(width, 'Add', []),
    subtract: binary(width, 'Sub', []),
    multiply: binary(width, 'Mul', [0, 1]),
    divide: binary(width, 'Div', [0]),
    squareRoot: squareRoot(width),
    minimum: extremum(width, 'Pmin'),
    maximum: extremum(width, 'Pmax'),
    round: rounding(width),
  };
}

const single = ofWidth(32);
const double = ofWidth(64);

export const scalarArithmetic = {
  addScalarSingle: single.add,
  addScalarDouble: double.add,
  subtractScalarSingle: single.subtract,
  subtractScalarDouble: double.subtract,
  multiplyScalarSingle: single.multiply,
  multiplyScalarDouble: double.multiply,
  divideScalarSingle: single.divide,
  divideScalarDouble: double.divide,
  squareRootScalarSingle: single.squareRoot,
  squareRootScalarDouble: double.squareRoot,
  minimumScalarSingle: single.minimum,
  minimumScalarDouble: double.minimum,
  maximumScalarSingle: single.maximum,
  maximumScalarDouble: double.maximum,
  roundScalarSingle: single.round,
  roundScalarDouble: double.round,
};
