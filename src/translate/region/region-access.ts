// How a region reaches the instruction at hand, whose record is known when the region is made, and the CPU state: general
// registers and flags are in locals while the region runs, all else stays in machine memory.

import {
  CODE_PAGE,
  FLAG_AUX,
  FLAG_RESULT,
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
  ZERO,
} from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import type { MachineAccess } from '../emit-context.ts';
import { emitConstant, emitLoad, emitLoadFloat, emitStore, emitStoreFloat } from '../emit-pure.ts';
import type { HandlerImports } from '../emit-transfer.ts';
import { emitSettled } from '../float/settled.ts';
import type { RegisterKind, RegisterPlace } from '../ir.ts';
import { FlagsInLocals } from './flags-in-locals.ts';

const GPR_END = GPR + 16 * 8;

export class RegionAccess implements MachineAccess {
  readonly flags: FlagsInLocals;
  readonly #code: Code;
  readonly #view: DataView;
  readonly #imports: HandlerImports;
  readonly #registers = new Map<number, number>();
  readonly #codePage: number;
  /** General registers, by number, that the region writes. */
  readonly #written: ReadonlySet<number>;
  /** Local that holds what `settled` pushes, in a region that asks; else -1. */
  readonly #settled: number;
  /** Address of the record at hand. */
  ip = 0;
  /** Label of the exit that delivers a fault for the record in local 0. */
  faultLabel = 0;

  constructor(
    code: Code,
    view: DataView,
    imports: HandlerImports,
    used: ReadonlySet<number>,
    written: ReadonlySet<number>,
    asksSettled: boolean,
  ) {
    this.#code = code;
    this.#view = view;
    this.#imports = imports;
    this.#written = written;
    this.flags = new FlagsInLocals(code);
    this.#codePage = code.addLocal('i64');
    this.#settled = asksSettled ? code.addLocal('i32') : -1;
    for (const number of used) this.#registers.set(number, code.addLocal('i64'));
    code.i32Const(0);
    code.i64Load(CODE_PAGE);
    code.localSet(this.#codePage);
    this.load();
  }

  /** Reads registers, flags and MXCSR from the CPU state. */
  load(): void {
    const code = this.#code;
    if (this.#settled >= 0) {
      emitSettled(code);
      code.localSet(this.#settled);
    }
    for (const [number, local] of this.#registers) {
      code.i32Const(0);
      code.i64Load(GPR + number * 8);
      code.localSet(local);
    }
    code.i32Const(0);
    code.i64Load(FLAG_RESULT);
    code.localSet(this.flags.result);
    code.i32Const(0);
    code.i32Load(FLAG_AUX + 4);
    code.localSet(this.flags.high);
    code.i32Const(0);
    code.i32Load(FLAG_AUX);
    code.localSet(this.flags.low);
  }

  /** Writes registers and flags back. */
  spill(): void {
    const code = this.#code;
    for (const number of this.#written) {
      code.i32Const(0);
      code.localGet(this.#registers.get(number)!);
      code.i64Store(GPR + number * 8);
    }
    code.i32Const(0);
    code.localGet(this.flags.result);
    code.i64Store(FLAG_RESULT);
    code.i32Const(0);
    code.localGet(this.flags.high);
    code.i32Store(FLAG_AUX + 4);
    code.i32Const(0);
    code.localGet(this.flags.low);
    code.i32Store(FLAG_AUX);
  }

  record(): void {
    this.#code.i32Const(this.ip);
  }

  immediate(slot: 0 | 1, bits: number): void {
    const at = this.ip + RECORD_IMMEDIATE + 4 * slot;
    if (bits === 64) emitConstant(this.#code, this.#view.getBigUint64(at, true), 64);
    else emitConstant(this.#code, BigInt(this.#view.getUint32(at, true)) & ((1n << BigInt(bits)) - 1n), bits);
  }

  registerNumber(field: 'A' | 'B'): void {
    this.#code.i32Const(this.#view.getUint16(this.ip + (field === 'A' ? RECORD_A : RECORD_B), true));
  }

  nextInstruction(): void {
    const next = this.#view.getUint16(this.ip + RECORD_OFFSET, true) + this.#view.getUint8(this.ip + RECORD_LENGTH);
    this.#plusCodePage(BigInt(next));
  }

  relativeTarget(): void {
    this.#plusCodePage(this.#view.getBigInt64(this.ip + RECORD_IMMEDIATE, true));
  }

  #plusCodePage(offset: bigint): void {
    this.#code.localGet(this.#codePage);
    this.#code.i64Const(offset);
    this.#code.i64Add();
  }

  operandOffset(wide: boolean): void {
    const code = this.#code;
    const base = this.#view.getUint16(this.ip + RECORD_BASE, true);
    const index = this.#view.getUint16(this.ip + RECORD_INDEX, true);
    const scale = this.#view.getUint8(this.ip + RECORD_ADDRESSING) & 3;
    const displacement = this.#view.getInt32(this.ip + RECORD_DISPLACEMENT, true) + (index === WIDE_STEP ? 0x10000 : 0);
    let parts = 0;
    const add = (): void => {
      if (parts++ > 0) code.i64Add();
    };
    if (base !== ZERO) {
      code.localGet(base === CODE_PAGE ? this.#codePage : this.#local(base));
      add();
    }
    if (index !== ZERO && index !== WIDE_STEP) {
      code.localGet(this.#local(index));
      if (scale > 0) {
        code.i64Const(BigInt(scale));
        code.i64Shl();
      }
      add();
    }
    if (displacement !== 0 || parts === 0) {
      code.i64Const(BigInt(displacement));
      add();
    }
    if (!wide) code.i32WrapI64();
  }

  absoluteOffset(): void {
    this.#code.i64Const(this.#view.getBigInt64(this.ip + RECORD_IMMEDIATE, true));
  }

  segmentBase(): void {
    const address = this.#view.getUint16(this.ip + RECORD_SEGMENT_BASE, true);
    if (address === ZERO) return this.#code.i64Const(0n);
    this.#code.i32Const(0);
    this.#code.i64Load(address);
  }

  segmentNumber(): void {
    this.#code.i32Const((this.#view.getUint8(this.ip + RECORD_ADDRESSING) >> 2) & 7);
  }

  /** Address of a register operand in the CPU state. */
  #address(place: RegisterPlace): number {
    return registerAddress(this.#view, this.ip, place);
  }

  #local(address: number): number {
    return this.#registers.get((address - GPR) >> 3)!;
  }

  knownImmediate(slot: 0 | 1, bits: number): number {
    return this.#view.getUint32(this.ip + RECORD_IMMEDIATE + 4 * slot, true) & (2 ** bits - 1);
  }

  settled(): void {
    this.#code.localGet(this.#settled);
  }

  readRegister(place: RegisterPlace, bits: number, isFloat?: boolean): void {
    const code = this.#code;
    const address = this.#address(place);
    if (!isGeneral(address)) {
      code.i32Const(0);
      return (isFloat ? emitLoadFloat : emitLoad)(code, bits, address);
    }
    code.localGet(this.#local(address));
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

  writeRegister(place: RegisterPlace, kind: RegisterKind, bits: number, push: () => void, isFloat?: boolean): void {
    const code = this.#code;
    const address = this.#address(place);
    if (!isGeneral(address)) {
      code.i32Const(0);
      push();
      if (isFloat) return emitStoreFloat(code, bits, address);
      emitStore(code, bits, address);
      if (kind !== 'mmx') return;
      code.i32Const(0);
      code.i32Const(0xffff);
      return code.i32Store16(address + 8);
    }
    const local = this.#local(address);
    if (bits >= 32) {
      push();
      if (bits === 32) code.i64ExtendI32U();
      return code.localSet(local);
    }
    const shift = (address & 7) === 1 ? 8n : 0n;
    const mask = bits === 8 ? 0xffn : 0xffffn;
    code.localGet(local);
    code.i64Const(BigInt.asIntN(64, ~(mask << shift)));
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

  fault(): void {
    const code = this.#code;
    code.i32Const(this.ip);
    code.localSet(0);
    code.br(code.depthOf(this.faultLabel));
  }

  raise(vector: number, errorCode: number): void {
    const code = this.#code;
    this.spill();
    code.i32Const(vector);
    code.i32Const(errorCode);
    code.i32Const(this.ip);
    code.call(this.#imports.core('raiseFault'));
    code.returnCall(this.#imports.proceed);
  }
}

/** True for the address of a general register, or of its second byte. */
export function isGeneral(address: number): boolean {
  return address >= GPR && address < GPR_END;
}

/** Where a register operand of the record at `ip` is in the CPU state. */
export function registerAddress(view: DataView, ip: number, place: RegisterPlace): number {
  if ('address' in place) return place.address;
  if (place.field === 'C') return GPR + view.getUint8(ip + RECORD_C);
  return view.getUint16(ip + (place.field === 'A' ? RECORD_A : RECORD_B), true);
}
