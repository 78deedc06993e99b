// How a handler reaches its instruction and the CPU state: fields of the record at local 0, and machine memory.

import {
  CODE_PAGE,
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
} from '../core/layout.ts';
import type { Code } from '../wasm/code.ts';
import type { EmitContext, FlagAccess, MachineAccess } from './emit-context.ts';
import { FlagsInMemory } from './flags-in-memory.ts';
import { emitLoad, emitLoadFloat, emitStore, emitStoreFloat } from './emit-pure.ts';
import type { HandlerImports } from './emit-transfer.ts';
import { emitSettled } from './float/settled.ts';
import type { RegisterKind, RegisterPlace } from './ir.ts';

/** Access through the record whose address is local 0. */
export class RecordAccess implements MachineAccess {
  readonly flags: FlagAccess;
  readonly hasSegmentBase: boolean;
  readonly hasImplicitBases = true;
  readonly #code: Code;
  readonly #imports: HandlerImports;
  readonly #isPlain: boolean;

  constructor(context: EmitContext) {
    this.#code = context.code;
    this.#imports = context.imports;
    this.#isPlain = context.variant.environment === 'plain';
    this.hasSegmentBase = !this.#isPlain;
    this.flags = new FlagsInMemory(context);
  }

  record(): void {
    this.#code.localGet(0);
  }

  immediate(slot: 0 | 1, bits: number): void {
    this.#code.localGet(0);
    emitLoad(this.#code, bits, RECORD_IMMEDIATE + 4 * slot);
  }

  registerNumber(field: 'A' | 'B'): void {
    this.#code.localGet(0);
    this.#code.i32Load16U(field === 'A' ? RECORD_A : RECORD_B);
  }

  nextInstruction(): void {
    const code = this.#code;
    code.i32Const(0);
    code.i64Load(CODE_PAGE);
    code.localGet(0);
    code.i64Load16U(RECORD_OFFSET);
    code.i64Add();
    code.localGet(0);
    code.i64Load8U(RECORD_LENGTH);
    code.i64Add();
  }

  relativeTarget(): void {
    const code = this.#code;
    code.i32Const(0);
    code.i64Load(CODE_PAGE);
    code.localGet(0);
    code.i64Load(RECORD_IMMEDIATE);
    code.i64Add();
  }

  operandOffset(wide: boolean): void {
    const code = this.#code;
    if (this.#isPlain) {
      code.localGet(0);
      code.i32Load16U(RECORD_BASE);
      code.i64Load(0);
      code.localGet(0);
      code.i64Load32S(RECORD_DISPLACEMENT);
      return code.i64Add();
    }
    for (const field of [RECORD_BASE, RECORD_INDEX]) {
      code.localGet(0);
      code.i32Load16U(field);
      if (wide) code.i64Load(0);
      else code.i32Load(0);
    }
    code.localGet(0);
    if (wide) {
      code.i64Load8U(RECORD_ADDRESSING);
      code.i64Const(3n);
      code.i64And();
      code.i64Shl();
      code.i64Add();
      code.localGet(0);
      code.i64Load32S(RECORD_DISPLACEMENT);
      code.i64Add();
    } else {
      code.i32Load8U(RECORD_ADDRESSING);
      code.i32Const(3);
      code.i32And();
      code.i32Shl();
      code.i32Add();
      code.localGet(0);
      code.i32Load(RECORD_DISPLACEMENT);
      code.i32Add();
    }
  }

  absoluteOffset(): void {
    this.#code.localGet(0);
    this.#code.i64Load(RECORD_IMMEDIATE);
  }

  segmentBase(): void {
    this.#code.localGet(0);
    this.#code.i32Load16U(RECORD_SEGMENT_BASE);
    this.#code.i64Load(0);
  }

  segmentNumber(): void {
    const code = this.#code;
    code.localGet(0);
    code.i32Load8U(RECORD_ADDRESSING);
    code.i32Const(2);
    code.i32ShrU();
    code.i32Const(7);
    code.i32And();
  }

  knownImmediate(): null {
    return null;
  }

  isVector(): boolean {
    return false;
  }

  noteMxcsr(): void {}

  settled(): void {
    emitSettled(this.#code);
  }

  readRegister(place: RegisterPlace, bits: number, isFloat?: boolean): void {
    this.#pushBase(place);
    (isFloat ? emitLoadFloat : emitLoad)(this.#code, bits, offsetOf(place));
  }

  beginWrite(place: RegisterPlace): void {
    this.#pushBase(place);
  }

  endWrite(place: RegisterPlace, kind: RegisterKind, bits: number, isFloat?: boolean): void {
    const code = this.#code;
    const offset = offsetOf(place);
    if (isFloat) return emitStoreFloat(code, bits, offset);
    if (kind === 'general' && bits === 32) {
      code.i64ExtendI32U();
      return code.i64Store(offset);
    }
    emitStore(code, bits, offset);
    if (kind === 'mmx') {
      // SDM vol. 1 section 9.5.1: an MMX write sets the exponent and sign to ones.
      this.#pushBase(place);
      code.i32Const(0xffff);
      code.i32Store16(offset + 8);
    }
  }

  /** Pushes the base of a register's address, to be used with `offsetOf`. */
  #pushBase(place: RegisterPlace): void {
    const code = this.#code;
    if ('address' in place) return code.i32Const(0);
    code.localGet(0);
    if (place.field === 'C') code.i32Load8U(RECORD_C);
    else code.i32Load16U(place.field === 'A' ? RECORD_A : RECORD_B);
  }

  fault(): void {
    this.#code.localGet(0);
    this.#code.call(this.#imports.core('deliverFault'));
    this.#code.returnCall(this.#imports.proceed);
  }

  raise(vector: number, code: number): void {
    this.#code.i32Const(vector);
    this.#code.i32Const(code);
    this.#code.localGet(0);
    this.#code.call(this.#imports.core('raiseFault'));
    this.#code.returnCall(this.#imports.proceed);
  }
}

/** The offset of a register from the base that stands for it. */
function offsetOf(place: RegisterPlace): number {
  if ('address' in place) return place.address;
  return place.field === 'C' ? GPR : 0;
}
