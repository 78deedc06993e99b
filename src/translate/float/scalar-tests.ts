// Tests of single elements of 32 or 64 bits, which are in locals of type f32 or f64. All push an i32.

import type { Code } from '../../wasm/code.ts';
import { DOUBLE, SINGLE } from './ordinary-values.ts';
import type { OrdinaryResult, Usual } from './usual-case.ts';

export type Width = 32 | 64;

/** The one element that an input is. */
export const elementOf: Readonly<Record<Width, number>> = { 32: SINGLE, 64: DOUBLE };

type IntegerOperator = 'Add' | 'Sub' | 'Or' | 'Shl' | 'ShrU' | 'Eq' | 'Eqz' | 'LeU' | 'GtU';
type FloatOperator =
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
  | 'Sqrt'
  | 'Sub'
  | 'Trunc';

/** Operators of the integers, and of the numbers, of a width. */
export function integer(code: Code, width: Width, operator: IntegerOperator): void {
  code[`i${width}${operator}`]();
}
export function float(code: Code, width: Width, operator: FloatOperator): void {
  code[`f${width}${operator}`]();
}
export function integerConst(code: Code, width: Width, value: bigint): void {
  if (width === 64) code.i64Const(value);
  else code.i32Const(Number(BigInt.asIntN(32, value)));
}

/** Bits of the fraction; the exponent's field lies above them, and the sign above that. */
const fractionBits: Record<Width, bigint> = { 32: 23n, 64: 52n };
/** The exponent field of infinities and NaNs. */
const lastExponent: Record<Width, number> = { 32: 0xff, 64: 0x7ff };

/** Pushes the element's bits. */
export function pushBits(code: Code, width: Width, local: number): void {
  code.localGet(local);
  if (width === 64) code.i64ReinterpretF64();
  else code.i32ReinterpretF32();
}

/** Pushes the element's bits without the sign, one place up: 0 for a zero. */
function pushMagnitude(code: Code, width: Width, local: number): void {
  pushBits(code, width, local);
  integerConst(code, width, 1n);
  integer(code, width, 'Shl');
}

/** Pushes whether the element is +0 or -0. */
export function pushIsZero(code: Code, width: Width, local: number): void {
  code.localGet(local);
  if (width === 64) code.f64Const(0);
  else code.f32Const(0);
  float(code, width, 'Eq');
}

/** Pushes whether the element is a denormal number. */
export function pushIsDenormal(code: Code, width: Width, local: number): void {
  // A zero's magnitude becomes the largest, and no denormal's reaches the exponent.
  pushMagnitude(code, width, local);
  integerConst(code, width, -1n);
  integer(code, width, 'Add');
  integerConst(code, width, fractionBits[width] + 1n);
  integer(code, width, 'ShrU');
  integer(code, width, 'Eqz');
}

/** Pushes a number that is not 0 when the element is a normal number. */
export function pushIsNormal(code: Code, width: Width, local: number): void {
  pushBits(code, width, local);
  integerConst(code, width, fractionBits[width]);
  integer(code, width, 'ShrU');
  if (width === 64) code.i32WrapI64();
  code.i32Const(1);
  code.i32Add();
  code.i32Const(lastExponent[width] - 1);
  code.i32And();
}

/**
 * Pushes a number that is not 0 when MXCSR is settled and the element is a normal number, not near the smallest: what was
 * rounded to such a number did neither overflow nor underflow. (What was rounded to the smallest itself may have been tiny.)
 */
export function pushIsClear(usual: Usual, width: Width, local: number): void {
  const { code } = usual;
  // The exponent plus one, without its carry and low bits, is not 0; SETTLED has its place.
  pushBits(code, width, local);
  integerConst(code, width, fractionBits[width] - BigInt(width === 64 ? 0 : 3));
  integer(code, width, 'ShrU');
  if (width === 64) code.i32WrapI64();
  code.i32Const(width === 64 ? 1 : 8);
  code.i32Add();
  usual.pushSettled();
  code.i32And();
}

/** Pushes whether the element is a normal number above zero. */
export function pushIsPositive(code: Code, width: Width, local: number): void {
  pushBits(code, width, local);
  integerConst(code, width, fractionBits[width]);
  integer(code, width, 'ShrU');
  integerConst(code, width, 1n);
  integer(code, width, 'Sub');
  integerConst(code, width, BigInt(lastExponent[width] - 2));
  integer(code, width, 'LeU');
}

/** Leaves when an input is a denormal number. */
export function noDenormal(usual: Usual, width: Width, index: number): void {
  if (usual.isOrdinary(index)) return;
  pushIsDenormal(usual.code, width, usual.input(index));
  usual.leaveIf();
}

/** Goes to the core when an input is a denormal number or a NaN. */
export function noDenormalOrNan(usual: Usual, width: Width, index: number): void {
  if (usual.isOrdinary(index)) return;
  const { code } = usual;
  const local = usual.input(index);
  pushIsNormal(code, width, local);
  usual.unless(() => {
    pushIsZero(code, width, local);
    pushMagnitude(code, width, local);
    integerConst(code, width, BigInt(lastExponent[width]) << (fractionBits[width] + 1n));
    integer(code, width, 'Eq');
    code.i32Or();
    usual.slowUnless();
  });
}

/** Goes to the core when an input is neither a zero nor a normal number. */
export function onlyOrdinary(usual: Usual, width: Width, index: number): void {
  if (usual.isOrdinary(index)) return;
  pushIsNormal(usual.code, width, usual.input(index));
  usual.unless(() => {
    pushIsZero(usual.code, width, usual.input(index));
    usual.slowUnless();
  });
}

/** Results that are ordinary, or else leave. */
export const ordinaryScalar: Readonly<Record<Width, OrdinaryResult>> = {
  32: { elements: SINGLE, check: (usual) => leaveUnlessOrdinary(usual, 32) },
  64: { elements: DOUBLE, check: (usual) => leaveUnlessOrdinary(usual, 64) },
};

function leaveUnlessOrdinary(usual: Usual, width: Width): void {
  const { code, result } = usual;
  pushIsNormal(code, width, result);
  code.i32Eqz();
  pushIsZero(code, width, result);
  code.i32Eqz();
  code.i32And();
  usual.leaveIf();
}
