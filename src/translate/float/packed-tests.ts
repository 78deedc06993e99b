// Tests of vectors of binary32 or binary64 elements, which are in locals of type v128.

import type { Code } from '../../wasm/code.ts';
import type { Usual } from './usual-case.ts';
import type { Width } from './scalar-tests.ts';

type LaneOperator = 'Add' | 'AllTrue' | 'Eq' | 'Shl' | 'ShrU' | 'Sub';
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

const ONES = new Uint8Array(16).fill(0xff);
const ZEROS = new Uint8Array(16);

/** How far to shift a lane right for its exponent, after the sign was shifted out. */
const exponentShift = { 32: 24, 64: 53 } as const;

/** Pushes lanes without their signs, one place up. */
function pushMagnitudes(code: Code, width: Width, local: number): void {
  code.localGet(local);
  code.i32Const(1);
  lanes(code, width, 'Shl');
}

/**
 * Pushes lanes whose exponent field (above the place that `exponentShift` says) is zero where one of the vectors has a denormal
 * number: a zero's magnitude less one is the largest.
 */
function pushExponents(code: Code, width: Width, locals: readonly number[]): void {
  locals.forEach((local, index) => {
    pushMagnitudes(code, width, local);
    code.v128Const(ONES);
    lanes(code, width, 'Add');
    // Only the topmost 16 bits of each lane count from here on.
    if (index > 0) code.i16x8MinU();
  });
}

/** Pushes whether the exponent fields of the lanes on the stack are all other than zero. */
function allHaveExponents(code: Code, width: Width): void {
  code.i32Const(exponentShift[width]);
  lanes(code, width, 'ShrU');
  lanes(code, width, 'AllTrue');
}

/** Goes to the core when a lane of one of the vectors is a denormal number. */
export function noDenormals(usual: Usual, width: Width, locals: readonly number[]): void {
  pushExponents(usual.code, width, locals);
  allHaveExponents(usual.code, width);
  usual.slowUnless();
}

/** Goes to the core when a lane of one of the vectors is a denormal number or a NaN. */
export function noDenormalsOrNans(usual: Usual, width: Width, locals: readonly number[]): void {
  const { code } = usual;
  noDenormals(usual, width, locals);
  locals.forEach((local, index) => {
    code.localGet(local);
    code.localGet(local);
    floatLanes(code, width, 'Ne');
    if (index > 0) code.v128Or();
  });
  code.v128AnyTrue();
  usual.slowIf();
}

/** Goes to the core when a lane of the vector is an infinity or a NaN: less itself that is a NaN, and else +0. */
export function allFinite(usual: Usual, width: Width, local: number): void {
  const { code } = usual;
  code.localGet(local);
  code.localGet(local);
  floatLanes(code, width, 'Sub');
  code.v128AnyTrue();
  usual.slowIf();
}

/**
 * Pushes lanes whose exponent field is zero unless the vector's lane is a normal number well above the smallest: see
 * `pushIsClear` in scalar-tests.ts.
 */
function pushClearExponents(code: Code, width: Width, local: number): void {
  pushMagnitudes(code, width, local);
  code.v128Const(ONES);
  code.i32Const(exponentShift[width]);
  lanes(code, width, 'Shl');
  lanes(code, width, 'Sub');
  code.i32Const(2);
  lanes(code, width, 'ShrU');
}

/** Pushes whether no lane of the inputs is denormal and all of the result's are normal numbers well above the smallest. */
export function allClear(code: Code, width: Width, inputs: readonly number[], result: number): void {
  pushExponents(code, width, inputs);
  pushClearExponents(code, width, result);
  if (inputs.length > 0) code.i16x8MinU();
  allHaveExponents(code, width);
}

/** Goes to the core when a lane of the result is neither that nor one where `pushExact` pushes ones. */
export function allClearOr(usual: Usual, width: Width, result: number, pushExact: () => void): void {
  const { code } = usual;
  pushClearExponents(code, width, result);
  code.i32Const(exponentShift[width]);
  lanes(code, width, 'ShrU');
  code.v128Const(ZEROS);
  lanes(code, width, 'Eq');
  pushExact();
  code.v128Andnot();
  code.v128AnyTrue();
  usual.slowIf();
}

/** Pushes ones in the lanes that are +0 or -0. */
export function pushZeros(code: Code, width: Width, local: number): void {
  code.localGet(local);
  code.v128Const(ZEROS);
  floatLanes(code, width, 'Eq');
}

/** Pushes whether the magnitudes of all lanes of the vector are below 2^31: none of them a NaN. */
export function allBelow31Bits(code: Code, width: Width, local: number): void {
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
  lanes(code, width, 'AllTrue');
}
