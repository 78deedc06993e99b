// Tests of vectors of binary32 or binary64 elements, which are in locals of type v128. A test pushes a mask in which the sign
// of a lane tells that it fails: one operator brings the signs into an i32.

import type { Code } from '../../wasm/code.ts';
import { DOUBLES, SINGLES } from './ordinary-values.ts';
import type { Width } from './scalar-tests.ts';
import type { OrdinaryResult, Usual } from './usual-case.ts';

type LaneOperator = 'Add' | 'Bitmask' | 'Shl' | 'ShrU' | 'Sub';
type FloatLaneOperator =
  | 'Abs'
  | 'Add'
  | 'Ceil'
  | 'Div'
  | 'Eq'
  | 'Floor'
  | 'Ge'
  | 'Gt'
  | 'Le'
  | 'Lt'
  | 'Mul'
  | 'Ne'
  | 'Nearest'
  | 'Pmax'
  | 'Pmin'
  | 'Sqrt'
  | 'Sub'
  | 'Trunc';

/** Operators of integer lanes, and of floating-point lanes, of a width. */
function lanes(code: Code, width: Width, operator: LaneOperator): void {
  if (width === 64) code[`i64x2${operator}`]();
  else code[`i32x4${operator}`]();
}
export function floatLanes(code: Code, width: Width, operator: FloatLaneOperator): void {
  if (width === 64) code[`f64x2${operator}`]();
  else code[`f32x4${operator}`]();
}

/** All elements of an input. */
export const elementsOf: Readonly<Record<Width, number>> = { 32: SINGLES, 64: DOUBLES };

const ONES = new Uint8Array(16).fill(0xff);
const ZEROS = new Uint8Array(16);

/** Bits of the fraction and the sign: what is below the exponent once the sign was shifted out. */
const belowExponent = { 32: 24, 64: 53 } as const;

/** Pushes lanes without their signs, one place up. */
function pushMagnitudes(code: Code, width: Width, local: number): void {
  code.localGet(local);
  code.i32Const(1);
  lanes(code, width, 'Shl');
}

// Heights are lanes that are low when their number fails. Of lanes of 64 bits the upper half alone counts.

/** Pushes heights for "no denormal number": a zero's magnitude less one is the largest. */
function pushHeights(code: Code, width: Width, local: number): void {
  pushMagnitudes(code, width, local);
  code.v128Const(ONES);
  lanes(code, width, 'Add');
}

/** Pushes heights for "a normal number, not near the smallest", as `pushIsClear` in scalar-tests.ts tests for. */
function pushClearHeights(code: Code, width: Width, local: number): void {
  // The exponent plus one, of which the carry is lost; below a quarter the highest is still high.
  pushMagnitudes(code, width, local);
  code.v128Const(ONES);
  code.i32Const(belowExponent[width]);
  lanes(code, width, 'Shl');
  lanes(code, width, 'Sub');
  code.i32Const(2);
  lanes(code, width, 'ShrU');
}

/** Replaces heights by the mask of those that are low: of the two lowest exponents, the second for the sake of the constant. */
function lowHeights(code: Code, width: Width): void {
  // Without the topmost bit signed comparisons, which are the cheaper ones, tell the order.
  code.i32Const(1);
  code.i32x4ShrU();
  code.v128Const(ONES);
  code.i32Const(width === 64 ? 11 : 8);
  code.i32x4ShrU();
  code.i32x4LtS();
}

/** Pushes the mask of lanes in which one of the vectors is denormal. */
function pushDenormals(code: Code, width: Width, locals: readonly number[]): void {
  locals.forEach((local, index) => {
    pushHeights(code, width, local);
    if (index > 0) code.i32x4MinU();
  });
  lowHeights(code, width);
}

/** Replaces a mask by an i32 that is not 0 when a lane fails. */
function anyFails(code: Code, width: Width): void {
  lanes(code, width, 'Bitmask');
}

/** Pushes the mask of infinities and NaNs: such a lane less itself is a NaN, which is unequal to itself. */
function pushNotFinite(usual: Usual, width: Width, local: number): void {
  const { code } = usual;
  const difference = usual.local('v128');
  code.localGet(local);
  code.localGet(local);
  floatLanes(code, width, 'Sub');
  code.localTee(difference);
  code.localGet(difference);
  floatLanes(code, width, 'Ne');
}

/** The inputs that are not known to be ordinary, of those given by number. */
function unknown(usual: Usual, inputs: readonly number[]): number[] {
  return inputs.filter((index) => !usual.isOrdinary(index)).map((index) => usual.input(index));
}

/** Leaves when an input has a denormal number, or the result neither a zero nor a normal number. */
export function onlyOrdinarySum(usual: Usual, width: Width, inputs: readonly number[], result: number): void {
  const { code } = usual;
  pushDenormals(code, width, [...inputs, result]);
  pushNotFinite(usual, width, result);
  code.v128Or();
  anyFails(code, width);
  usual.leaveIf();
}

/** Leaves when an input has a denormal number. */
export function noDenormals(usual: Usual, width: Width, inputs: readonly number[]): void {
  const locals = unknown(usual, inputs);
  if (locals.length === 0) return;
  pushDenormals(usual.code, width, locals);
  anyFails(usual.code, width);
  usual.leaveIf();
}

/** Goes to the core when a vector in a local has a denormal number or a NaN. */
export function noDenormalsOrNans(usual: Usual, width: Width, locals: readonly number[]): void {
  const { code } = usual;
  if (locals.length === 0) return;
  pushDenormals(code, width, locals);
  for (const local of locals) {
    code.localGet(local);
    code.localGet(local);
    floatLanes(code, width, 'Ne');
    code.v128Or();
  }
  anyFails(code, width);
  usual.slowIf();
}

/** Goes to the core when a lane is an infinity or a NaN. */
export function allFinite(usual: Usual, width: Width, local: number): void {
  pushNotFinite(usual, width, local);
  anyFails(usual.code, width);
  usual.slowIf();
}

/**
 * Pushes an i32 that is 0 when no input, of those not known to be ordinary, has a denormal number, and all of the result's are
 * normal and not near the smallest.
 */
export function pushUnclear(usual: Usual, width: Width, inputs: readonly number[], result: number): void {
  const { code } = usual;
  pushClearHeights(code, width, result);
  for (const local of unknown(usual, inputs)) {
    pushHeights(code, width, local);
    code.i32x4MinU();
  }
  lowHeights(code, width);
  anyFails(code, width);
}

/** Goes to the core when a lane of the result is not so, except where `pushExact` pushes ones. */
export function allClearOr(usual: Usual, width: Width, result: number, pushExact: () => void): void {
  const { code } = usual;
  pushClearHeights(code, width, result);
  lowHeights(code, width);
  pushExact();
  code.v128Andnot();
  anyFails(code, width);
  usual.slowIf();
}

/** Pushes ones in the lanes that are +0 or -0. */
export function pushZeros(code: Code, width: Width, local: number): void {
  code.localGet(local);
  code.v128Const(ZEROS);
  floatLanes(code, width, 'Eq');
}

/** Pushes an i32 that is 0 when the magnitudes of all lanes of the vector are below 2^31: none of them a NaN. */
export function pushBeyond31Bits(code: Code, width: Width, local: number): void {
  code.localGet(local);
  floatLanes(code, width, 'Abs');
  if (width === 64) {
    code.f64Const(2 ** 31);
    code.f64x2Splat();
  } else {
    code.f32Const(2 ** 31);
    code.f32x4Splat();
  }
  floatLanes(code, width, 'Lt');
  code.v128Not();
  anyFails(code, width);
}

/** Results that are ordinary, or else leave. */
export const ordinaryVector: Readonly<Record<Width, OrdinaryResult>> = {
  32: { elements: SINGLES, check: (usual) => onlyOrdinarySum(usual, 32, [], usual.result) },
  64: { elements: DOUBLES, check: (usual) => onlyOrdinarySum(usual, 64, [], usual.result) },
};
