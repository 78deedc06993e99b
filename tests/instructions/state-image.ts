// The processor state and memory around one instruction, before it (a case) or after it (an answer): one flat layout that
// the native runner shares (`struct image` in native.c).

import { mix } from './random.ts';

/** Where code and data lie, in the guest as in the native runner. Around the instruction all code bytes are INT3. */
export const CODE = 0x1000_0000;
export const CODE_SIZE = 0x1_0000;
/** Two writable pages, one that can only be read, and nothing behind it. */
export const DATA = 0x2000_0000;
export const DATA_SIZE = 0x2000;
/** The part of the data that a case fills and an answer shows: in the middle, over the page boundary. */
export const WINDOW_SIZE = 1024;
export const WINDOW = DATA + DATA_SIZE / 2 - WINDOW_SIZE / 2;

const VECTOR = 0;
const ERROR = 4;
const FAULT_ADDRESS = 8;
const OUTSIDE = 16;
const RIP = 24;
const FLAGS = 32;
const FS_BASE = 40;
const GS_BASE = 48;
const SMALL = 56;
const REGISTERS = 64;
const FX = 192;
/** The part of an FXSAVE image that holds state. */
export const FX_SIZE = 416;
const WINDOW_OFFSET = 640;
const CODE_OFFSET = WINDOW_OFFSET + WINDOW_SIZE;
/** The most code that a case can have, in bytes. */
export const CODE_BYTES = 192;
export const IMAGE_SIZE = CODE_OFFSET + CODE_BYTES;

// Offsets within the FXSAVE image (SDM vol. 1 table 10-2).
const FX_CONTROL = 0;
const FX_STATUS = 2;
const FX_TAG = 4;
const FX_MXCSR = 24;
const FX_MXCSR_MASK = 28;
const FX_ST = 32;
const FX_XMM = 160;

/** A data segment that ends with the writable data, and what 16-bit addresses reach the data by. */
export const SMALL_BASE = DATA - 0x8000;
export const SMALL_LIMIT = 0x8000 + DATA_SIZE - 1;

/** Memory outside of the window. */
export const pattern = Uint8Array.from({ length: DATA_SIZE }, (_, i) => i * 197 + (i >> 8) * 31 + 7);

export class StateImage {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes = new Uint8Array(IMAGE_SIZE)) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  // ---- A case: its code. ----
  get codeSize(): 16 | 32 | 64 {
    return this.view.getUint32(VECTOR, true) as 16 | 32 | 64;
  }
  get instruction(): Uint8Array {
    return this.bytes.subarray(CODE_OFFSET, CODE_OFFSET + this.view.getUint32(ERROR, true));
  }
  /** @param instruction 1 to CODE_BYTES bytes: one instruction, or several one after the other */
  setInstruction(codeSize: 16 | 32 | 64, instruction: ArrayLike<number>): void {
    this.view.setUint32(VECTOR, codeSize, true);
    this.view.setUint32(ERROR, instruction.length, true);
    this.bytes.fill(0xcc, CODE_OFFSET, CODE_OFFSET + CODE_BYTES);
    this.bytes.set(instruction, CODE_OFFSET);
  }

  /** True when DS and ES are the small segment. */
  get isSmall(): boolean {
    return this.view.getUint32(SMALL, true) !== 0;
  }
  set isSmall(value: boolean) {
    this.view.setUint32(SMALL, value ? 1 : 0, true);
  }

  // ---- An answer: the exception that ended it, #BP when the instruction went through. ----
  get vector(): number {
    return this.view.getUint32(VECTOR, true);
  }
  get error(): number {
    return this.view.getUint32(ERROR, true);
  }
  /** CR2, when the vector is that of #PF. */
  get faultAddress(): bigint {
    return this.view.getBigUint64(FAULT_ADDRESS, true);
  }
  setException(vector: number, error: number, faultAddress: bigint): void {
    this.view.setUint32(VECTOR, vector, true);
    this.view.setUint32(ERROR, error, true);
    this.view.setBigUint64(FAULT_ADDRESS, faultAddress, true);
  }
  /** True when memory outside of the window changed. */
  get changedOutside(): boolean {
    return this.view.getUint32(OUTSIDE, true) !== 0;
  }
  set changedOutside(value: boolean) {
    this.view.setUint32(OUTSIDE, value ? 1 : 0, true);
  }

  // ---- Both. ----
  get rip(): bigint {
    return this.view.getBigUint64(RIP, true);
  }
  set rip(value: bigint) {
    this.view.setBigUint64(RIP, value, true);
  }
  get flags(): number {
    return this.view.getUint32(FLAGS, true);
  }
  set flags(value: number) {
    this.view.setUint32(FLAGS, value, true);
  }
  get fsBase(): bigint {
    return this.view.getBigUint64(FS_BASE, true);
  }
  set fsBase(value: bigint) {
    this.view.setBigUint64(FS_BASE, value, true);
  }
  get gsBase(): bigint {
    return this.view.getBigUint64(GS_BASE, true);
  }
  set gsBase(value: bigint) {
    this.view.setBigUint64(GS_BASE, value, true);
  }
  register(number: number): bigint {
    return this.view.getBigUint64(REGISTERS + number * 8, true);
  }
  setRegister(number: number, value: bigint): void {
    this.view.setBigUint64(REGISTERS + number * 8, value, true);
  }
  get fx(): Uint8Array {
    return this.bytes.subarray(FX, FX + FX_SIZE);
  }
  get window(): Uint8Array {
    return this.bytes.subarray(WINDOW_OFFSET, WINDOW_OFFSET + WINDOW_SIZE);
  }
  get fpuControl(): number {
    return this.view.getUint16(FX + FX_CONTROL, true);
  }
  set fpuControl(value: number) {
    this.view.setUint16(FX + FX_CONTROL, value, true);
  }
  /** With TOP in bits 11-13. */
  get fpuStatus(): number {
    return this.view.getUint16(FX + FX_STATUS, true);
  }
  set fpuStatus(value: number) {
    this.view.setUint16(FX + FX_STATUS, value, true);
  }
  /** One bit a physical register: 1 when it is not empty. */
  get fpuTag(): number {
    return this.view.getUint8(FX + FX_TAG);
  }
  set fpuTag(value: number) {
    this.view.setUint8(FX + FX_TAG, value);
  }
  get mxcsr(): number {
    return this.view.getUint32(FX + FX_MXCSR, true);
  }
  set mxcsr(value: number) {
    this.view.setUint32(FX + FX_MXCSR, value, true);
    this.view.setUint32(FX + FX_MXCSR_MASK, 0xffff, true);
  }
  /** The 10 bytes of ST(i) as an integer: sign and exponent above 64 bits of significand. */
  st(index: number): bigint {
    const at = FX + FX_ST + index * 16;
    return this.view.getBigUint64(at, true) | (BigInt(this.view.getUint16(at + 8, true)) << 64n);
  }
  setSt(index: number, value: bigint): void {
    const at = FX + FX_ST + index * 16;
    this.view.setBigUint64(at, BigInt.asUintN(64, value), true);
    this.view.setUint16(at + 8, Number(value >> 64n), true);
  }
  xmm(index: number): bigint {
    const at = FX + FX_XMM + index * 16;
    return this.view.getBigUint64(at, true) | (this.view.getBigUint64(at + 8, true) << 64n);
  }
  setXmm(index: number, value: bigint): void {
    const at = FX + FX_XMM + index * 16;
    this.view.setBigUint64(at, BigInt.asUintN(64, value), true);
    this.view.setBigUint64(at + 8, value >> 64n, true);
  }

  /** `size` bytes (1 to 16) of the window at a linear address in it. */
  readWindow(address: number, size: number): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) value |= BigInt(this.window[address - WINDOW + i] ?? 0) << BigInt(8 * i);
    return value;
  }
  /** Puts a value of `size` bytes there; what lies outside of the window is left out. */
  writeWindow(address: number, size: number, value: bigint): void {
    const { window } = this;
    for (let i = 0; i < size; i++) {
      const at = address - WINDOW + i;
      if (at >= 0 && at < window.length) window[at] = Number((value >> BigInt(8 * i)) & 0xffn);
    }
  }
}

/** Fills the window with repeatable bytes. */
export function fillWindow(image: StateImage, seed: number): void {
  for (let i = 0, state = seed; i < WINDOW_SIZE; i += 4) {
    state = mix(state + i + 1);
    image.view.setUint32(WINDOW_OFFSET + i, state, true);
  }
}
