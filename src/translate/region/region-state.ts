// How a region reaches the instruction at hand, whose record is known when the region is made, and the CPU state: general
// and XMM registers and the flags are in locals while the region runs, all else stays in machine memory.

import {
  CODE_PAGE,
  CURRENT,
  FPU_STATUS,
  FPU_STATUS_ES,
  RECORD_A,
  RECORD_ADDRESSING,
  RECORD_B,
  RECORD_BASE,
  RECORD_DISPLACEMENT,
  RECORD_IMMEDIATE,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_SEGMENT_BASE,
  WIDE_STEP,
  XMM,
  ZERO,
} from '../../core/layout.ts';
import type { EmitContext, MachineAccess } from '../emit-context.ts';
import { emitLoad, emitLoadFloat, emitStore, emitStoreFloat } from '../emit-pure.ts';
import { emitSettled } from '../float/settled.ts';
import type { RegisterKind, RegisterPlace } from '../ir.ts';
import type { MachineView } from './machine-view.ts';
import { RegionFlags } from './region-flags.ts';
import type { AddressForm } from './region-reader.ts';
import type { RegionExits } from './region-frame.ts';
import type { RegionPart } from './region-source.ts';
import { localRegister, registerAddress, type RegisterUse } from './region-registers.ts';
import { RegisterLocals } from './register-locals.ts';

export class RegionState implements MachineAccess {
  readonly flags: RegionFlags;
  readonly registers: RegisterLocals;
  /** Local with CODE_PAGE of the region's entry, i64. */
  readonly codePage: number;
  readonly #context: EmitContext;
  readonly #view: MachineView;
  readonly #exits: RegionExits;
  readonly #form: AddressForm;
  /** Local that holds what `settled` pushes, in a region that asks; else -1. */
  readonly #settled: number;
  /** Address of the record at hand. */
  ip = 0;
  /** Distance of the page that it is in from the entry's, bytes. */
  page = 0;

  constructor(context: EmitContext, view: MachineView, exits: RegionExits, use: RegisterUse, form: AddressForm) {
    this.#context = context;
    this.#view = view;
    this.#exits = exits;
    this.#form = form;
    const { code } = context;
    this.codePage = code.addLocal('i64');
    this.flags = new RegionFlags(context);
    this.#settled = use.asksSettled ? code.addLocal('i32') : -1;
    this.registers = new RegisterLocals(code, use);
    code.i32Const(0);
    code.i64Load(CODE_PAGE);
    code.localSet(this.codePage);
    this.noteMxcsr();
  }

  /** Goes to the record at `ip`, which belongs to a block. */
  goTo(part: Pick<RegionPart, 'ip' | 'position' | 'page'>, ip: number): void {
    this.#view.begin(part.ip, part.position);
    this.ip = ip;
    this.page = part.page;
  }

  record(): void {
    this.#context.code.i32Const(this.ip);
  }

  immediate(slot: 0 | 1, bits: number): void {
    const { code } = this.#context;
    const at = this.ip + RECORD_IMMEDIATE + 4 * slot;
    if (bits === 64) code.i64Const(this.#view.i64(at));
    else code.i32Const(this.#view.i32(at) & (2 ** bits - 1));
  }

  knownImmediate(slot: 0 | 1, bits: number): number {
    return this.#view.u32(this.ip + RECORD_IMMEDIATE + 4 * slot) & (2 ** bits - 1);
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

  /** Pushes what is not 0 when an x87 exception is pending. */
  pushPending(): void {
    const { code } = this.#context;
    code.i32Const(0);
    code.i32Load16U(FPU_STATUS);
    code.i32Const(FPU_STATUS_ES);
    code.i32And();
  }

  registerNumber(field: 'A' | 'B'): void {
    this.#context.code.i32Const(this.#view.u16(this.ip + (field === 'A' ? RECORD_A : RECORD_B)));
  }

  /** The next instruction's address as a distance from the entry's page. */
  get #next(): number {
    return this.page + this.#view.u16(this.ip + RECORD_OFFSET) + this.#view.u8(this.ip + RECORD_LENGTH);
  }

  nextInstruction(): void {
    this.address(this.#next);
  }

  relativeTarget(): void {
    this.address(this.page + Number(this.#view.i64(this.ip + RECORD_IMMEDIATE)));
  }

  /** Pushes the address at a distance from the entry's page. */
  address(distance: number): void {
    const { code } = this.#context;
    code.localGet(this.codePage);
    code.i64Const(distance);
    code.i64Add();
    if (this.#form.isLong) return;
    code.i64Const(0xffffffff);
    code.i64And();
  }

  operandOffset(wide: boolean): void {
    const { code } = this.#context;
    const base = this.#view.u16(this.ip + RECORD_BASE);
    const index = this.#view.u16(this.ip + RECORD_INDEX);
    const scale = this.#view.u8(this.ip + RECORD_ADDRESSING) & 3;
    let displacement = this.#view.i32(this.ip + RECORD_DISPLACEMENT) + (index === WIDE_STEP ? 0x10000 : 0);
    let parts = 0;
    const add = (): void => {
      if (parts++ > 0) code.i64Add();
    };
    if (base === CODE_PAGE) {
      displacement += this.page;
      code.localGet(this.codePage);
      add();
    } else if (base !== ZERO) {
      code.localGet(this.registers.of(base));
      add();
    }
    if (index !== ZERO && index !== WIDE_STEP) {
      code.localGet(this.registers.of(index));
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
    this.#context.code.i64Const(this.#view.i64(this.ip + RECORD_IMMEDIATE));
  }

  get hasSegmentBase(): boolean {
    return this.#view.u16(this.ip + RECORD_SEGMENT_BASE) !== ZERO;
  }

  get hasImplicitBases(): boolean {
    return this.#form.hasBases;
  }

  segmentBase(): void {
    this.#context.code.i32Const(0);
    this.#context.code.i64Load(this.#view.u16(this.ip + RECORD_SEGMENT_BASE));
  }

  /** The number of the operand's segment. */
  get segment(): number {
    return (this.#view.u8(this.ip + RECORD_ADDRESSING) >> 2) & 7;
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
    code.localGet(this.registers.of(register));
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

  beginWrite(place: RegisterPlace, bits: number): void {
    const { code } = this.#context;
    const address = this.addressOf(place);
    const register = localRegister(address);
    if (register === 0) code.i32Const(0);
    else if (register >= XMM) {
      if (bits < 128) code.localGet(this.registers.of(register));
    } else if (bits < 32) {
      code.localGet(this.registers.of(register));
      code.i64Const(~((2 ** bits - 1) << ((address & 7) === 1 ? 8 : 0)));
      code.i64And();
    }
  }

  endWrite(place: RegisterPlace, kind: RegisterKind, bits: number, isFloat = false): void {
    const { code } = this.#context;
    const address = this.addressOf(place);
    const register = localRegister(address);
    if (register === 0) {
      (isFloat ? emitStoreFloat : emitStore)(code, bits, address);
      if (kind !== 'mmx') return;
      code.i32Const(0);
      code.i32Const(0xffff);
      return code.i32Store16(address + 8);
    }
    const local = this.registers.of(register);
    if (register >= XMM) {
      if (isFloat && bits === 64) code.f64x2ReplaceLane(0);
      else if (isFloat) code.f32x4ReplaceLane(0);
      else if (bits === 64) code.i64x2ReplaceLane(0);
      else if (bits === 32) code.i32x4ReplaceLane(0);
      else if (bits === 16) code.i16x8ReplaceLane(0);
      else if (bits === 8) code.i8x16ReplaceLane(0);
      return code.localSet(local);
    }
    if (bits < 64) code.i64ExtendI32U();
    if (bits < 32) {
      if ((address & 7) === 1) {
        code.i64Const(8);
        code.i64Shl();
      }
      code.i64Or();
    }
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
