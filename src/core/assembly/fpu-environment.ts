// The x87 control registers as memory images: FSTENV, FLDENV, FSAVE, FRSTOR, and FNINIT and EMMS.
// SDM volume 1 section 8.1 (figures 8-9 to 8-12) and volume 2.

import {
  FPR,
  FPU_CONTROL,
  FPU_DP,
  FPU_DP_SELECTOR,
  FPU_IP,
  FPU_IP_SELECTOR,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
} from '../layout.ts';
import { checkRead, checkWrite, read16, read32, write16, write32 } from './access.ts';
import { inProtectedMode, wrapsAt32 } from './mode.ts';

/** The status word with TOP in its place. */
export function statusWord(): u32 {
  return (<u32>load<u16>(FPU_STATUS) & 0xc7ff) | ((load<u32>(FPU_TOP) & 7) << 11);
}

/** Loads the status word; ES and B follow from the exception flags and their masks (SDM volume 1 section 8.1.3.3). */
export function setStatusWord(status: u32): void {
  store<u32>(FPU_TOP, (status >> 11) & 7);
  const pending = status & ~(<u32>load<u16>(FPU_CONTROL)) & 0x3f;
  store<u16>(FPU_STATUS, <u16>((status & 0x477f) | (pending ? 0x8080 : 0)));
}

/** Loads the control word; bit 6 always reads as one. */
export function setControlWord(control: u32): void {
  store<u16>(FPU_CONTROL, <u16>((control & 0x1f7f) | 0x40));
}

/** Address of the cell of ST(i). */
export function stackRegister(i: u32): i32 {
  return FPR + <i32>((load<u32>(FPU_TOP) + i) & 7) * 16;
}

/** The tag word with two bits a physical register: 0 valid, 1 zero, 2 special, 3 empty. */
export function tagWord(): u32 {
  const present = <u32>load<u8>(FPU_TAG);
  let tags: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    let tag: u32 = 3;
    if ((present >> i) & 1) {
      const significand = load<u64>(FPR + i * 16);
      const exponent = <u32>load<u16>(FPR + i * 16 + 8) & 0x7fff;
      if (exponent == 0 && significand == 0) tag = 1;
      else tag = exponent == 0 || exponent == 0x7fff || <i64>significand >= 0 ? 2 : 0;
    }
    tags |= tag << (i * 2);
  }
  return tags;
}

/** Loads the tag word: only empty or not is kept. */
function setTagWord(tags: u32): void {
  let present: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) if (((tags >> (i * 2)) & 3) != 3) present |= 1 << i;
  store<u8>(FPU_TAG, <u8>present);
}

/** FNINIT. */
export function fninit(): void {
  store<u16>(FPU_CONTROL, 0x37f);
  store<u16>(FPU_STATUS, 0);
  store<u32>(FPU_TOP, 0);
  store<u8>(FPU_TAG, 0);
  store<u16>(FPU_OPCODE, 0);
  store<u64>(FPU_IP, 0);
  store<u16>(FPU_IP_SELECTOR, 0);
  store<u64>(FPU_DP, 0);
  store<u16>(FPU_DP_SELECTOR, 0);
}

/** EMMS: all registers empty, and TOP is 0 (SDM volume 3A table 13-1). */
export function emms(): void {
  store<u32>(FPU_TOP, 0);
  store<u8>(FPU_TAG, 0);
}

let cursor: i64 = 0;

/** The next `bytes` of the image; linear addresses wrap at 4 GiB outside 64-bit mode. */
function advance(bytes: i64): i64 {
  const linear = cursor;
  cursor += bytes;
  if (wrapsAt32()) cursor &= 0xffffffff;
  return linear;
}

/** Checks an image piecewise where it wraps, so that nothing faults once it is half read or written. */
function checkImage(linear: i64, bytes: i32, write: bool): void {
  const room: i64 = 0x100000000 - linear;
  if (wrapsAt32() && room < <i64>bytes) {
    checkImage(linear, <i32>room, write);
    checkImage(0, bytes - <i32>room, write);
  } else if (write) {
    checkWrite(linear, bytes);
  } else {
    checkRead(linear, bytes);
  }
}

function put(wide: bool, value: u32, high: u32): void {
  if (wide) write32(advance(4), value | (high << 16));
  else write16(advance(2), value & 0xffff);
}

function take(wide: bool): u32 {
  return wide ? <u32>read32(advance(4)) : <u32>read16(advance(2)) & 0xffff;
}

/** Writes the environment at the cursor. */
function putEnvironment(wide: bool): void {
  const opcode = <u32>load<u16>(FPU_OPCODE) & 0x7ff;
  const instruction = load<u32>(FPU_IP);
  const data = load<u32>(FPU_DP);
  put(wide, load<u16>(FPU_CONTROL), 0xffff);
  put(wide, statusWord(), 0xffff);
  put(wide, tagWord(), 0xffff);
  if (inProtectedMode()) {
    put(wide, wide ? instruction & 0xffff : instruction, instruction >> 16);
    put(wide, load<u16>(FPU_IP_SELECTOR), opcode);
    put(wide, wide ? data & 0xffff : data, data >> 16);
    put(wide, load<u16>(FPU_DP_SELECTOR), 0xffff);
    return;
  }
  // Real and virtual-8086 mode have linear pointers of 20 or 32 bits.
  const instructionLinear = instruction + ((<u32>load<u16>(FPU_IP_SELECTOR)) << 4);
  const dataLinear = data + ((<u32>load<u16>(FPU_DP_SELECTOR)) << 4);
  put(wide, instructionLinear & 0xffff, 0xffff);
  if (wide) write32(advance(4), ((instructionLinear >> 16) << 12) | opcode);
  else write16(advance(2), (((instructionLinear >> 16) & 0xf) << 12) | opcode);
  put(wide, dataLinear & 0xffff, 0xffff);
  if (wide) write32(advance(4), (dataLinear >> 16) << 12);
  else write16(advance(2), ((dataLinear >> 16) & 0xf) << 12);
}

/** Reads the environment at the cursor. */
function takeEnvironment(wide: bool): void {
  const control = take(wide);
  const status = take(wide);
  const tags = take(wide);
  let instruction = take(wide);
  const second = take(wide);
  let data = take(wide);
  const fourth = take(wide);
  setControlWord(control);
  setStatusWord(status);
  setTagWord(tags & 0xffff);
  if (inProtectedMode()) {
    store<u16>(FPU_IP_SELECTOR, <u16>second);
    if (wide) store<u16>(FPU_OPCODE, <u16>((second >> 16) & 0x7ff));
    store<u16>(FPU_DP_SELECTOR, <u16>fourth);
  } else {
    instruction = (instruction & 0xffff) | ((second << 4) & 0xffff0000);
    data = (data & 0xffff) | ((fourth << 4) & 0xffff0000);
    store<u16>(FPU_OPCODE, <u16>(second & 0x7ff));
    store<u16>(FPU_IP_SELECTOR, 0);
    store<u16>(FPU_DP_SELECTOR, 0);
  }
  store<u64>(FPU_IP, <u64>instruction);
  store<u64>(FPU_DP, <u64>data);
}

/** FNSTENV at a linear address: 14 bytes for `operandSize` 16, else 28. Masks all exceptions afterwards. */
export function fnstenv(linear: i64, operandSize: i32): void {
  const wide = operandSize != 16;
  checkImage(linear, wide ? 28 : 14, true);
  cursor = linear;
  putEnvironment(wide);
  setControlWord(<u32>load<u16>(FPU_CONTROL) | 0x3f);
  setStatusWord(statusWord());
}

/** FLDENV from a linear address: 14 bytes for `operandSize` 16, else 28. */
export function fldenv(linear: i64, operandSize: i32): void {
  const wide = operandSize != 16;
  checkImage(linear, wide ? 28 : 14, false);
  cursor = linear;
  takeEnvironment(wide);
}

/** FNSAVE to a linear address: the environment, then ST(0)…ST(7) of 10 bytes; 94 bytes for `operandSize` 16, else 108. Then FNINIT. */
export function fnsave(linear: i64, operandSize: i32): void {
  const wide = operandSize != 16;
  checkImage(linear, wide ? 108 : 94, true);
  cursor = linear;
  putEnvironment(wide);
  for (let i: u32 = 0; i < 8; i++) {
    const register = stackRegister(i);
    // Word by word, so that an alignment check looks at no more than the image's own alignment.
    for (let word = 0; word < 10; word += 2) write16(advance(2), load<u16>(register + word));
  }
  fninit();
}

/** FRSTOR from what FNSAVE wrote with the same `operandSize`. */
export function frstor(linear: i64, operandSize: i32): void {
  const wide = operandSize != 16;
  checkImage(linear, wide ? 108 : 94, false);
  cursor = linear;
  takeEnvironment(wide);
  for (let i: u32 = 0; i < 8; i++) {
    const register = stackRegister(i);
    store<u64>(register + 8, 0);
    for (let word = 0; word < 10; word += 2) store<u16>(register + word, <u16>read16(advance(2)));
  }
}
