// How a region reaches the instruction at hand, whose record is known when the region is made, and the CPU state: general
// and XMM registers and the flags are in locals while the region runs, all else stays in machine memory.

import {
  CODE_PAGE,
  CURRENT,
  GPR,
  RECORD_A,
  RECORD_ADDRESSING,
  RECORD_B,
  RECORD_BASE,
  RECORD_C,
  RECORD_DISPLACEMENT,
  RECORD_IMMEDIATE,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_SEGMENT_BASE,
  WIDE_STEP,
  XMM,
  XMM_STRIDE,
  ZERO,
} from '../../core/layout.ts';
import type { EmitContext, MachineAccess } from '../emit-context.ts';
import { emitConstant, emitLoad, emitLoadFloat, emitStore, emitStoreFloat } from '../emit-pure.ts';
import { emitSettled } from '../float/settled.ts';
import type { RegisterKind, RegisterPlace } from '../ir.ts';
import { RegionFlags } from './region-flags.ts';

const GPR_END = GPR + 16 * 8;
const XMM_END = XMM + 16 * XMM_STRIDE;

/** The registers of a region, each by the address of its first byte in the CPU state. */
export interface RegisterUse {
  /** Whether an instruction asks how MXCSR rounds. */
  readonly asksSettled: boolean;
  readonly used: Set<number>;
  /** Those that it writes; all of them are used as well. */
  readonly written: Set<number>;
}

/** What leaves the region with the instruction at hand. */
export interface RegionExits {
  /** Emits a branch to the code that delivers the exception noted in the CPU state for the instruction at CURRENT. */
  fault(): void;
  /** The same for an exception, after CURRENT was set. */
  raise(vector: number, code: number): void;
}

export class RegionState implements MachineAccess {
  readonly flags: RegionFlags;
  /** Local with CODE_PAGE of the region's entry, i64. */
  readonly codePage: number;
  readonly #context: EmitContext;
  readonly #view: DataView;
  readonly #exits: RegionExits;
  readonly #locals = new Map<number, number>();
  readonly #use: RegisterUse;
  readonly #isLong: boolean;
  /** Local that holds what `settled` pushes, in a region that asks; else -1. */
  readonly #settled: number;
  /** Address of the record at hand. */
  ip = 0;
  /** Distance of the page that it is in from the entry's, bytes. */
  page = 0;

  constructor(context: EmitContext, view: DataView, exits: RegionExits, use: RegisterUse, isLong: boolean) {
    this.#context = context;
    this.#view = view;
    this.#exits = exits;
    this.#use = use;
    this.#isLong = isLong;
    const { code } = context;
    this.codePage = code.addLocal('i64');
    this.flags = new RegionFlags(context);
    this.#settled = use.asksSettled ? code.addLocal('i32') : -1;
    for (const address of use.used) this.#locals.set(address, code.addLocal(address < GPR_END ? 'i64' : 'v128'));
    code.i32Const(0);
    code.i64Load(CODE_PAGE);
    code.localSet(this.codePage);
    this.noteMxcsr();
  }

  /** Reads registers from the CPU state: all that the region uses, or some of them. */
  load(addresses: Iterable<number> = this.#use.used): void {
    const { code } = this.#context;
    for (const address of addresses) {
      code.i32Const(0);
      if (address < GPR_END) code.i64Load(address);
      else code.v128Load(address);
      code.localSet(this.#locals.get(address)!);
    }
  }

  /** Writes registers back: all that the region writes, or some of them. */
  spill(addresses: Iterable<number> = this.#use.written): void {
    const { code } = this.#context;
    for (const address of addresses) {
      code.i32Const(0);
      code.localGet(this.#locals.get(address)!);
      if (address < GPR_END) code.i64Store(address);
      else code.v128Store(address);
    }
  }

  record(): void {
    this.#context.code.i32Const(this.ip);
  }

  immediate(slot: 0 | 1, bits: number): void {
    const { code } = this.#context;
    const at = this.ip + RECORD_IMMEDIATE + 4 * slot;
    const low = this.#view.getInt32(at, true);
    if (bits !== 64) return emitConstant(code, BigInt(low) & ((1n << BigInt(bits)) - 1n), bits);
    if (this.#view.getInt32(at + 4, true) === low >> 31) code.i64Const(low);
    else code.i64Const(this.#view.getBigInt64(at, true));
  }

  knownImmediate(slot: 0 | 1, bits: number): number {
    return this.#view.getUint32(this.ip + RECORD_IMMEDIATE + 4 * slot, true) & (2 ** bits - 1);
  }

  settled(): void {
    this.#context.code.localGet(this.#settled);
  }

  /** Looks at MXCSR anew, which a core routine may have changed. */
  noteMxcsr(): void {
    if (this.#settled < 0) return;
    emitSettled(this.#context.code);
    this.#context.code.localSet(this.#settled);
  }

  registerNumber(field: 'A' | 'B'): void {
    this.#context.code.i32Const(this.#view.getUint16(this.ip + (field === 'A' ? RECORD_A : RECORD_B), true));
  }

  /** The next instruction's address as a distance from the entry's page. */
  get #next(): number {
    return (
      this.page + this.#view.getUint16(this.ip + RECORD_OFFSET, true) + this.#view.getUint8(this.ip + RECORD_LENGTH)
    );
  }

  nextInstruction(): void {
    this.address(this.#next);
  }

  relativeTarget(): void {
    const offset = this.#view.getInt32(this.ip + RECORD_IMMEDIATE + 4, true) * 2 ** 32;
    this.address(this.page + offset + this.#view.getUint32(this.ip + RECORD_IMMEDIATE, true));
  }

  /** Pushes the address at a distance from the entry's page. */
  address(distance: number): void {
    const { code } = this.#context;
    code.localGet(this.codePage);
    code.i64Const(distance);
    code.i64Add();
    if (this.#isLong) return;
    code.i64Const(0xffffffff);
    code.i64And();
  }

  operandOffset(wide: boolean): void {
    const { code } = this.#context;
    const base = this.#view.getUint16(this.ip + RECORD_BASE, true);
    const index = this.#view.getUint16(this.ip + RECORD_INDEX, true);
    const scale = this.#view.getUint8(this.ip + RECORD_ADDRESSING) & 3;
    let displacement = this.#view.getInt32(this.ip + RECORD_DISPLACEMENT, true) + (index === WIDE_STEP ? 0x10000 : 0);
    let parts = 0;
    const add = (): void => {
      if (parts++ > 0) code.i64Add();
    };
    if (base === CODE_PAGE) {
      displacement += this.page;
      code.localGet(this.codePage);
      add();
    } else if (base !== ZERO) {
      code.localGet(this.#locals.get(base)!);
      add();
    }
    if (index !== ZERO && index !== WIDE_STEP) {
      code.localGet(this.#locals.get(index)!);
      if (scale > 0) {
        code.i64Const(scale);
        code.i64Shl();
      }
      add();
    }
    if (displacement !== 0 || parts === 0) {
      code.i64Const(displacement);
      add();
    }
    if (!wide) code.i32WrapI64();
  }

  absoluteOffset(): void {
    this.#context.code.i64Const(this.#view.getBigInt64(this.ip + RECORD_IMMEDIATE, true));
  }

  get hasSegmentBase(): boolean {
    return this.#view.getUint16(this.ip + RECORD_SEGMENT_BASE, true) !== ZERO;
  }

  segmentBase(): void {
    this.#context.code.i32Const(0);
    this.#context.code.i64Load(this.#view.getUint16(this.ip + RECORD_SEGMENT_BASE, true));
  }

  /** The number of the operand's segment. */
  get segment(): number {
    return (this.#view.getUint8(this.ip + RECORD_ADDRESSING) >> 2) & 7;
  }

  segmentNumber(): void {
    this.#context.code.i32Const(this.segment);
  }

  /** Address of a register operand in the CPU state. */
  addressOf(place: RegisterPlace): number {
    return registerAddress(this.#view, this.ip, place);
  }

  isVector(place: RegisterPlace): boolean {
    return localRegister(this.addressOf(place)) >= XMM;
  }

  readRegister(place: RegisterPlace, bits: number, isFloat = false): void {
    const { code } = this.#context;
    const address = this.addressOf(place);
    const register = localRegister(address);
    if (register === 0) {
      code.i32Const(0);
      return (isFloat ? emitLoadFloat : emitLoad)(code, bits, address);
    }
    code.localGet(this.#locals.get(register)!);
    if (register >= XMM) {
      if (isFloat) return bits === 64 ? code.f64x2ExtractLane(0) : code.f32x4ExtractLane(0);
      if (bits === 64) code.i64x2ExtractLane(0);
      else if (bits === 32) code.i32x4ExtractLane(0);
      else if (bits === 16) code.i16x8ExtractLaneU(0);
      else if (bits === 8) code.i8x16ExtractLaneU(0);
      return;
    }
    if (bits === 64) return;
    code.i32WrapI64();
    if (bits === 32) return;
    if ((address & 7) === 1) {
      code.i32Const(8);
      code.i32ShrU();
    }
    code.i32Const(bits === 8 ? 0xff : 0xffff);
    code.i32And();
  }

  writeRegister(place: RegisterPlace, kind: RegisterKind, bits: number, push: () => void, isFloat = false): void {
    const { code } = this.#context;
    const address = this.addressOf(place);
    const register = localRegister(address);
    if (register === 0) {
      code.i32Const(0);
      push();
      (isFloat ? emitStoreFloat : emitStore)(code, bits, address);
      if (kind !== 'mmx') return;
      code.i32Const(0);
      code.i32Const(0xffff);
      return code.i32Store16(address + 8);
    }
    const local = this.#locals.get(register)!;
    if (register >= XMM) {
      if (bits < 128) code.localGet(local);
      push();
      if (isFloat) bits === 64 ? code.f64x2ReplaceLane(0) : code.f32x4ReplaceLane(0);
      else if (bits === 64) code.i64x2ReplaceLane(0);
      else if (bits === 32) code.i32x4ReplaceLane(0);
      else if (bits === 16) code.i16x8ReplaceLane(0);
      else if (bits === 8) code.i8x16ReplaceLane(0);
      return code.localSet(local);
    }
    if (bits >= 32) {
      push();
      if (bits === 32) code.i64ExtendI32U();
      return code.localSet(local);
    }
    const shift = (address & 7) === 1 ? 8n : 0n;
    const mask = (bits === 8 ? 0xffn : 0xffffn) << shift;
    code.localGet(local);
    code.i64Const(~mask);
    code.i64And();
    push();
    code.i64ExtendI32U();
    if (shift > 0n) {
      code.i64Const(shift);
      code.i64Shl();
    }
    code.i64Or();
    code.localSet(local);
  }

  /** Says for which instruction a core routine runs. */
  noteCurrent(): void {
    const { code } = this.#context;
    code.i32Const(0);
    code.i32Const(this.ip);
    code.i32Store(CURRENT);
  }

  fault(): void {
    this.#exits.fault();
  }

  raise(vector: number, errorCode: number): void {
    this.noteCurrent();
    this.#exits.raise(vector, errorCode);
  }
}

/** The register in a local that an address of the CPU state lies in, or 0. */
export function localRegister(address: number): number {
  if (address >= GPR && address < GPR_END) return address & ~7;
  return address >= XMM && address < XMM_END ? address : 0;
}

/** Where a register operand of the record at `ip` is in the CPU state. */
export function registerAddress(view: DataView, ip: number, place: RegisterPlace): number {
  if ('address' in place) return place.address;
  if (place.field === 'C') return GPR + view.getUint8(ip + RECORD_C);
  return view.getUint16(ip + (place.field === 'A' ? RECORD_A : RECORD_B), true);
}
