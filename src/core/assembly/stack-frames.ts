// PUSHA, POPA and ENTER: many accesses to the stack of which the last may fault, so that the stack pointer is moved at the
// end. SDM volume 2.

import { GPR } from '../layout.ts';
import { checkWritable, commitStack, cursorPointer, peek, push, skip, useCurrentStack } from './stack-cursor.ts';

const RSP_NUMBER: i32 = 4;
const RBP = GPR + 40;

function writeRegister(register: i32, value: i64, operandSize: i32): void {
  if (operandSize == 16) store<u16>(register, <u16>value);
  else store<i64>(register, operandSize == 32 ? value & 0xffffffff : value);
}

/** PUSHA and PUSHAD (`operandSize` 16 and 32): AX, CX, DX, BX, SP as it was, BP, SI, DI. */
export function pushAll(operandSize: i32): void {
  useCurrentStack(0);
  for (let number = 0; number < 8; number++) push(load<i64>(GPR + number * 8), operandSize >> 3);
  commitStack();
}

/** POPA and POPAD: what PUSHA pushed; the stack pointer's image is skipped. */
export function popAll(operandSize: i32): void {
  const size = operandSize >> 3;
  useCurrentStack(0);
  // The last word is the farthest: once both ends can be read, all can, because eight words touch two pages at most.
  peek(0, size);
  peek(7 * size, size);
  for (let number = 0; number < 8; number++) {
    if (number != RSP_NUMBER) writeRegister(GPR + number * 8, peek((7 - number) * size, size), operandSize);
  }
  skip(8 * size);
  commitStack();
}

/** ENTER with `bytes` (0…65535) of locals at nesting `level`, of which five bits count. `operandSize` is 16, 32 or 64. */
export function enterFrame(bytes: i32, level: i32, operandSize: i32): void {
  const size = operandSize >> 3;
  useCurrentStack(0);
  push(load<i64>(RBP), size);
  const frame = cursorPointer();
  const depth = level & 31;
  for (let i = 1; i < depth; i++) push(peek(load<i64>(RBP) - <i64>(i * size) - cursorPointer(), size), size);
  if (depth != 0) push(frame, size);
  skip(-bytes);
  // No byte is written there, but it must be possible (APM volume 3, ENTER).
  checkWritable(size);
  commitStack();
  writeRegister(RBP, frame, operandSize);
}
