// FADD, FMUL, FSUB, FSUBR, FDIV, FDIVR and FCOM, FCOMP with their eight encodings: an operation is the number in the
// opcode. SDM volume 2.

import { f80Add, f80Div, f80DivReversed, f80Mul, f80Sub, f80SubReversed } from '../float/f80-arithmetic.ts';
import { f80OperandF32, f80OperandF64 } from '../float/f80-conversion.ts';
import { f80FromI64 } from '../float/f80-integer.ts';
import { C1 } from '../float/flags.ts';
import { stackRegister } from '../fpu-environment.ts';
import { CONDITIONS, compareTop } from './comparisons.ts';
import { begin, control, finish, finishMemory, has, isBlocked, occupy, pop, scratch, setDefaultNan } from './unit.ts';

const MULTIPLY: u32 = 1;
const COMPARE: u32 = 2;
const COMPARE_AND_POP: u32 = 3;
const SUBTRACT: u32 = 4;
const SUBTRACT_REVERSED: u32 = 5;
const DIVIDE: u32 = 6;
const DIVIDE_REVERSED: u32 = 7;

/** `top` operation `other` into `dst`, or reversed. */
function operate(operation: u32, dst: usize, top: usize, other: usize, settings: u32): void {
  switch (operation) {
    case MULTIPLY:
      f80Mul(dst, top, other, settings);
      break;
    case SUBTRACT:
      f80Sub(dst, top, other, settings);
      break;
    case SUBTRACT_REVERSED:
      f80SubReversed(dst, top, other, settings);
      break;
    case DIVIDE:
      f80Div(dst, top, other, settings);
      break;
    case DIVIDE_REVERSED:
      f80DivReversed(dst, top, other, settings);
      break;
    default:
      f80Add(dst, top, other, settings);
  }
}

/** Of ST(0) and ST(i), into ST(`target`), which is one of them; then pops when `pops` is 1. Raises #MF. */
export function x87Arithmetic(operation: u32, i: u32, target: u32, pops: u32): void {
  begin();
  const dst = stackRegister(target);
  if (has(0) && has(i)) operate(operation, dst, stackRegister(0), stackRegister(i), control);
  else if (!isBlocked()) setDefaultNan(dst);
  if (!isBlocked()) {
    occupy(target);
    if (pops) pop();
  }
  finish(C1);
}

/** Of ST(0) and the widened memory operand in `scratch`, into ST(0); `denormal` is what widening gave. */
function withMemory(operation: u32, denormal: u32, linear: i64): void {
  if (operation == COMPARE || operation == COMPARE_AND_POP) {
    compareTop(scratch, control | denormal, 0);
    if (operation == COMPARE_AND_POP && !isBlocked()) pop();
    finishMemory(CONDITIONS, linear);
    return;
  }
  const top = stackRegister(0);
  if (has(0)) operate(operation, top, top, scratch, control | denormal);
  else if (!isBlocked()) setDefaultNan(top);
  if (!isBlocked()) occupy(0);
  finishMemory(C1, linear);
}

/** With a binary32 operand, read from `linear`. Raises #MF. */
export function x87ArithmeticSingle(operation: u32, bits: u32, linear: i64): void {
  begin();
  withMemory(operation, f80OperandF32(scratch, bits), linear);
}

/** With a binary64 operand, read from `linear`. Raises #MF. */
export function x87ArithmeticDouble(operation: u32, bits: u64, linear: i64): void {
  begin();
  withMemory(operation, f80OperandF64(scratch, bits), linear);
}

/** With an integer operand, read from `linear` (FIADD, FICOM, …). Raises #MF. */
export function x87ArithmeticInteger(operation: u32, value: i32, linear: i64): void {
  begin();
  f80FromI64(scratch, <u64>(<i64>value));
  withMemory(operation, 0, linear);
}
