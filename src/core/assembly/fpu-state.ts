// FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC and XRSTOR for the states that exist: x87 and SSE. SDM volume 1 sections
// 10.5 and 13.4 to 13.10; volume 2. AMD's CPUID bit XSaveErPtr applies: the x87 pointers are always saved.

import {
  CR0,
  CR4,
  FPU_CONTROL,
  FPU_DP,
  FPU_DP_SELECTOR,
  FPU_IP,
  FPU_IP_SELECTOR,
  FPU_OPCODE,
  FPU_TAG,
  GPR,
  MXCSR,
  VECTOR_GP,
  VECTOR_NM,
  VECTOR_UD,
  XCR0,
  XMM,
  XMM_STRIDE,
} from '../layout.ts';
import { checkRead, checkWrite, read16, read32, read64, read8, write16, write32, write64, write8 } from './access.ts';
import { raise } from './exceptions.ts';
import { fninit, setControlWord, setStatusWord, stackRegister, statusWord } from './fpu-environment.ts';
import { CR0_EM, CR0_TS, CR4_OSXSAVE, inLong64 } from './mode.ts';

export { emms, fldenv, fninit, fnsave, fnstenv, frstor } from './fpu-environment';

/** MXCSR bits that may be set: DAZ included. */
const MXCSR_MASK: u32 = 0xffff;
const MXCSR_RESET: u32 = 0x1f80;

// Components of an extended save area.
const STATE_X87: u64 = 1;
const STATE_SSE: u64 = 2;
const STATE_AVX: u64 = 4;

function requireFxsave(linear: i64): void {
  if (load<u32>(CR0) & CR0_EM) raise(VECTOR_UD, -1);
  if (load<u32>(CR0) & CR0_TS) raise(VECTOR_NM, -1);
  if (linear & 15) raise(VECTOR_GP, 0);
}

function requireXsave(linear: i64): void {
  if ((load<u32>(CR4) & CR4_OSXSAVE) == 0) raise(VECTOR_UD, -1);
  if (load<u32>(CR0) & CR0_TS) raise(VECTOR_NM, -1);
  if (linear & 63) raise(VECTOR_GP, 0);
}

/** Bytes 0…23 and 32…159: x87 control and ST(0)…ST(7). `operandSize` 64 writes 64-bit pointers without selectors. */
function saveX87(linear: i64, operandSize: i32): void {
  write16(linear, load<u16>(FPU_CONTROL));
  write16(linear + 2, statusWord());
  write8(linear + 4, load<u8>(FPU_TAG));
  write8(linear + 5, 0);
  write16(linear + 6, load<u16>(FPU_OPCODE) & 0x7ff);
  if (operandSize == 64) {
    write64(linear + 8, load<i64>(FPU_IP));
    write64(linear + 16, load<i64>(FPU_DP));
  } else {
    write32(linear + 8, load<i32>(FPU_IP));
    write32(linear + 12, load<u16>(FPU_IP_SELECTOR));
    write32(linear + 16, load<i32>(FPU_DP));
    write32(linear + 20, load<u16>(FPU_DP_SELECTOR));
  }
  for (let i: u32 = 0; i < 8; i++) {
    const register = stackRegister(i);
    write64(linear + 32 + <i64>i * 16, load<i64>(register));
    write64(linear + 40 + <i64>i * 16, <i64>load<u16>(register + 8));
  }
}

function loadX87(linear: i64, operandSize: i32): void {
  setControlWord(read16(linear));
  setStatusWord(read16(linear + 2));
  store<u8>(FPU_TAG, <u8>read8(linear + 4));
  store<u16>(FPU_OPCODE, <u16>(read16(linear + 6) & 0x7ff));
  if (operandSize == 64) {
    store<i64>(FPU_IP, read64(linear + 8));
    store<i64>(FPU_DP, read64(linear + 16));
    store<u16>(FPU_IP_SELECTOR, 0);
    store<u16>(FPU_DP_SELECTOR, 0);
  } else {
    store<u64>(FPU_IP, <u64>(<u32>read32(linear + 8)));
    store<u16>(FPU_IP_SELECTOR, <u16>read16(linear + 12));
    store<u64>(FPU_DP, <u64>(<u32>read32(linear + 16)));
    store<u16>(FPU_DP_SELECTOR, <u16>read16(linear + 20));
  }
  for (let i: u32 = 0; i < 8; i++) {
    const register = stackRegister(i);
    store<i64>(register, read64(linear + 32 + <i64>i * 16));
    store<u64>(register + 8, <u64>read16(linear + 40 + <i64>i * 16) & 0xffff);
  }
}

/** How many XMM registers the mode reaches. */
function vectorCount(): i32 {
  return inLong64() ? 16 : 8;
}

/** Bytes 160…415: the XMM registers. */
function saveXmm(linear: i64): void {
  const count = vectorCount();
  for (let i = 0; i < count; i++) {
    write64(linear + 160 + <i64>i * 16, load<i64>(XMM + i * XMM_STRIDE));
    write64(linear + 168 + <i64>i * 16, load<i64>(XMM + i * XMM_STRIDE + 8));
  }
}

function loadXmm(linear: i64): void {
  const count = vectorCount();
  for (let i = 0; i < count; i++) {
    store<i64>(XMM + i * XMM_STRIDE, read64(linear + 160 + <i64>i * 16));
    store<i64>(XMM + i * XMM_STRIDE + 8, read64(linear + 168 + <i64>i * 16));
  }
}

function clearXmm(): void {
  const count = vectorCount();
  for (let i = 0; i < count; i++) {
    store<u64>(XMM + i * XMM_STRIDE, 0);
    store<u64>(XMM + i * XMM_STRIDE + 8, 0);
  }
}

/** FXSAVE to a linear address (512 bytes, aligned to 16). `operandSize` 64 is FXSAVE64. */
export function fxsave(linear: i64, operandSize: i32): void {
  requireFxsave(linear);
  checkWrite(linear, 416);
  saveX87(linear, operandSize);
  write32(linear + 24, load<u32>(MXCSR));
  write32(linear + 28, MXCSR_MASK);
  saveXmm(linear);
}

/** FXRSTOR from what FXSAVE wrote with the same `operandSize`. #GP(0) for reserved bits of MXCSR. */
export function fxrstor(linear: i64, operandSize: i32): void {
  requireFxsave(linear);
  checkRead(linear, 512);
  const mxcsr = <u32>read32(linear + 24);
  if (mxcsr & ~MXCSR_MASK) raise(VECTOR_GP, 0);
  loadX87(linear, operandSize);
  store<u32>(MXCSR, mxcsr);
  loadXmm(linear);
}

/** EDX:EAX cut to what XCR0 enables: the components an instruction works on. */
function requested(): u64 {
  return (((<u64>load<u32>(GPR + 16)) << 32) | <u64>load<u32>(GPR)) & load<u64>(XCR0);
}

/** XSAVE to a linear address (aligned to 64). `operandSize` 64 is XSAVE64. */
export function xsave(linear: i64, operandSize: i32): void {
  requireXsave(linear);
  const components = requested();
  checkWrite(linear, 576);
  const header = linear + 512;
  const old = <u64>read64(header);
  saveComponents(linear, operandSize, components);
  // MXCSR goes with SSE or AVX (SDM volume 1 section 13.7).
  if (components & (STATE_SSE | STATE_AVX)) {
    write32(linear + 24, load<u32>(MXCSR));
    write32(linear + 28, MXCSR_MASK);
  }
  // All states count as in use, so that every requested component is written and marked.
  write64(header, <i64>(old | components));
}

function saveComponents(linear: i64, operandSize: i32, components: u64): void {
  if (components & STATE_X87) saveX87(linear, operandSize);
  if (components & STATE_SSE) saveXmm(linear);
}

/** XSAVEOPT: as XSAVE; that nothing was changed since the last XRSTOR is never assumed. */
export function xsaveopt(linear: i64, operandSize: i32): void {
  xsave(linear, operandSize);
}

/** XSAVEC: the compacted format, which for x87 and SSE has the places of the standard one. */
export function xsavec(linear: i64, operandSize: i32): void {
  requireXsave(linear);
  const components = requested();
  checkWrite(linear, 576);
  saveComponents(linear, operandSize, components);
  if (components & STATE_SSE) {
    write32(linear + 24, load<u32>(MXCSR));
    write32(linear + 28, MXCSR_MASK);
  }
  write64(linear + 512, <i64>components);
  write64(linear + 520, <i64>(components | 0x8000000000000000));
}

/** XRSTOR from a linear address (aligned to 64), in the standard or the compacted format. */
export function xrstor(linear: i64, operandSize: i32): void {
  requireXsave(linear);
  checkRead(linear, 576);
  const components = requested();
  const present = <u64>read64(linear + 512);
  const compaction = <u64>read64(linear + 520);
  const compacted = <i64>compaction < 0;
  const enabled = load<u64>(XCR0);
  // Reserved bytes of the header (SDM volume 1 sections 13.8.1 and 13.8.2).
  if ((present & ~enabled) != 0 || read64(linear + 528) != 0) raise(VECTOR_GP, 0);
  if (compacted) {
    const format = compaction & 0x7fffffffffffffff;
    if ((format & ~enabled) != 0 || (present & ~format) != 0) raise(VECTOR_GP, 0);
    for (let offset: i64 = 536; offset < 576; offset += 8) if (read64(linear + offset) != 0) raise(VECTOR_GP, 0);
  } else if (compaction != 0) {
    raise(VECTOR_GP, 0);
  }
  const fromMemory = compacted ? (components & present & STATE_SSE) != 0 : (components & (STATE_SSE | STATE_AVX)) != 0;
  const mxcsr = <u32>read32(linear + 24);
  if (fromMemory && (mxcsr & ~MXCSR_MASK) != 0) raise(VECTOR_GP, 0);
  if (components & STATE_X87) {
    if (present & STATE_X87) loadX87(linear, operandSize);
    else initialiseX87();
  }
  if (components & STATE_SSE) {
    if (present & STATE_SSE) loadXmm(linear);
    else clearXmm();
  }
  if (fromMemory) store<u32>(MXCSR, mxcsr);
  else if (compacted && (components & STATE_SSE) != 0) store<u32>(MXCSR, MXCSR_RESET);
}

/** The x87 state's initial configuration: FNINIT, and the registers zero (SDM volume 1 section 13.6). */
function initialiseX87(): void {
  fninit();
  for (let i: u32 = 0; i < 8; i++) {
    const register = stackRegister(i);
    store<u64>(register, 0);
    store<u64>(register + 8, 0);
  }
}
