// WebAssembly for IR operations that have no effect. The inputs are on the stack, in order; values are kept
// zero-extended to their width.

import type { Code } from '../wasm/code.ts';
import type { PureOperator } from './ir.ts';

export type WasmType = 'i32' | 'i64' | 'v128';

/** The WebAssembly type that holds a value of so many bits. */
export function wasmType(bits: number): WasmType {
  return bits === 128 ? 'v128' : bits === 64 ? 'i64' : 'i32';
}

function maskTo(code: Code, bits: number): void {
  if (bits >= 32) return;
  code.i32Const(2 ** bits - 1);
  code.i32And();
}

const commutative: Partial<Record<PureOperator, [string, string]>> = {
  add: ['i32Add', 'i64Add'],
  sub: ['i32Sub', 'i64Sub'],
  mul: ['i32Mul', 'i64Mul'],
  shl: ['i32Shl', 'i64Shl'],
  shr: ['i32ShrU', 'i64ShrU'],
  and: ['i32And', 'i64And'],
  or: ['i32Or', 'i64Or'],
  xor: ['i32Xor', 'i64Xor'],
  eq: ['i32Eq', 'i64Eq'],
  ltu: ['i32LtU', 'i64LtU'],
};
/** Those whose result can have bits above its width. */
const overflowing: ReadonlySet<PureOperator> = new Set(['add', 'sub', 'mul', 'shl']);

type Plain = { [name: string]: () => void };

/** Sign-extends the i32 on the stack from its width to 32 bits. */
function signTo32(code: Code, bits: number): void {
  if (bits === 8) code.i32Extend8S();
  else if (bits === 16) code.i32Extend16S();
}

/** Sign-extends the value on the stack (as its width's type) to an i64. */
export function signTo64(code: Code, bits: number): void {
  if (bits === 64) return;
  signTo32(code, bits);
  code.i64ExtendI32S();
}

function emitShiftOrRotate(code: Code, op: 'sar' | 'rotl' | 'rotr', bits: number, push: (index: number) => void): void {
  push(0);
  if (op === 'sar') {
    signTo32(code, bits < 32 ? bits : 0);
    push(1);
    if (bits === 64) code.i64ShrS();
    else code.i32ShrS();
    return maskTo(code, bits);
  }
  // Narrow values are repeated through 32 bits, so that the wide rotation turns them too.
  if (bits < 32) {
    code.i32Const(bits === 8 ? 0x01010101 : 0x00010001);
    code.i32Mul();
  }
  push(1);
  if (bits === 64) (op === 'rotl' ? code.i64Rotl : code.i64Rotr).call(code);
  else (op === 'rotl' ? code.i32Rotl : code.i32Rotr).call(code);
  maskTo(code, bits);
}

function emitCount(code: Code, op: 'popcnt' | 'clz' | 'ctz', bits: number, push: (index: number) => void): void {
  push(0);
  if (bits === 64) return op === 'popcnt' ? code.i64Popcnt() : op === 'clz' ? code.i64Clz() : code.i64Ctz();
  if (op === 'popcnt') return code.i32Popcnt();
  if (op === 'clz') {
    code.i32Clz();
    if (bits < 32) {
      code.i32Const(32 - bits);
      code.i32Sub();
    }
    return;
  }
  if (bits < 32) {
    code.i32Const(2 ** bits);
    code.i32Or();
  }
  code.i32Ctz();
}

function emitZeroExtend(code: Code, from: number, to: number, push: (index: number) => void): void {
  if (to === 128) code.v128Const(new Uint8Array(16));
  push(0);
  if (to === 128) {
    if (from === 64) code.i64x2ReplaceLane(0);
    else code.i32x4ReplaceLane(0);
  } else if (to === 64) code.i64ExtendI32U();
}

function emitSignExtend(code: Code, from: number, to: number, push: (index: number) => void): void {
  if (from === 1) {
    code.i32Const(0);
    push(0);
    code.i32Sub();
    if (to === 64) code.i64ExtendI32S();
  } else {
    push(0);
    if (to === 64) return signTo64(code, from);
    signTo32(code, from);
  }
  if (to < 32) maskTo(code, to);
}

function emitTruncate(code: Code, from: number, to: number, push: (index: number) => void): void {
  push(0);
  if (from === 128) {
    if (to === 64) return code.i64x2ExtractLane(0);
    code.i32x4ExtractLane(0);
  } else if (from === 64) code.i32WrapI64();
  maskTo(code, to);
}

/** Emits a pure operator for inputs of `from` bits; `push(i)` puts input i on the stack. */
export function emitPure(
  code: Code,
  op: PureOperator,
  from: number,
  bits: number,
  push: (index: number) => void,
): void {
  const plain = commutative[op];
  if (plain) {
    push(0);
    push(1);
    (code as unknown as Plain)[plain[from === 64 ? 1 : 0]]!();
    if (overflowing.has(op)) maskTo(code, bits);
    return;
  }
  switch (op) {
    case 'not':
      push(0);
      if (bits === 1) return code.i32Eqz();
      if (bits === 64) {
        code.i64Const(-1n);
        return code.i64Xor();
      }
      code.i32Const(bits === 32 ? -1 : 2 ** bits - 1);
      return code.i32Xor();
    case 'neg':
      if (bits === 64) code.i64Const(0n);
      else code.i32Const(0);
      push(0);
      if (bits === 64) return code.i64Sub();
      code.i32Sub();
      return maskTo(code, bits);
    case 'sar':
    case 'rotl':
    case 'rotr':
      return emitShiftOrRotate(code, op, bits, push);
    case 'lts':
      for (const index of [0, 1]) {
        push(index);
        if (from < 32) signTo32(code, from);
      }
      return from === 64 ? code.i64LtS() : code.i32LtS();
    case 'isZero':
      push(0);
      return from === 64 ? code.i64Eqz() : code.i32Eqz();
    case 'select':
      push(1);
      push(2);
      push(0);
      return code.select();
    case 'zeroExtend':
      return emitZeroExtend(code, from, bits, push);
    case 'signExtend':
      return emitSignExtend(code, from, bits, push);
    case 'truncate':
      return emitTruncate(code, from, bits, push);
    case 'popcnt':
    case 'clz':
    case 'ctz':
      return emitCount(code, op, bits, push);
    default:
      throw new Error(`no WebAssembly for ${op}`);
  }
}

/** Pushes the carry out of every bit of a + b (+ carry) = result, or the borrow of a - b (- borrow); locals of the width's type. */
export function emitCarries(
  code: Code,
  subtracts: boolean,
  bits: number,
  [a, b, result]: readonly [number, number, number],
): void {
  const wide = bits === 64;
  const and = (): void => (wide ? code.i64And() : code.i32And());
  const or = (): void => (wide ? code.i64Or() : code.i32Or());
  const not = (): void => {
    if (wide) code.i64Const(-1);
    else code.i32Const(-1);
    if (wide) code.i64Xor();
    else code.i32Xor();
  };
  code.localGet(a);
  if (subtracts) not();
  code.localGet(b);
  and();
  code.localGet(a);
  if (subtracts) not();
  code.localGet(b);
  or();
  code.localGet(result);
  if (!subtracts) not();
  and();
  or();
  if (bits < 32) {
    code.i32Const(2 ** bits - 1);
    and();
  }
}

/** Emits a constant of a width. */
export function emitConstant(code: Code, value: bigint, bits: number): void {
  if (bits === 128) {
    const bytes = new Uint8Array(16);
    for (let index = 0; index < 16; index++) bytes[index] = Number((value >> BigInt(8 * index)) & 0xffn);
    code.v128Const(bytes);
  } else if (bits === 64) code.i64Const(BigInt.asIntN(64, value));
  else code.i32Const(Number(BigInt.asIntN(32, value)));
}

/** Emits the extraction of an integer lane from the vector on the stack. */
export function emitExtractLane(code: Code, width: 8 | 16 | 32 | 64, index: number): void {
  if (width === 8) code.i8x16ExtractLaneU(index);
  else if (width === 16) code.i16x8ExtractLaneU(index);
  else if (width === 32) code.i32x4ExtractLane(index);
  else code.i64x2ExtractLane(index);
}

/** Emits the replacement of a lane: vector, then value, on the stack. */
export function emitReplaceLane(code: Code, width: 8 | 16 | 32 | 64, index: number): void {
  if (width === 8) code.i8x16ReplaceLane(index);
  else if (width === 16) code.i16x8ReplaceLane(index);
  else if (width === 32) code.i32x4ReplaceLane(index);
  else code.i64x2ReplaceLane(index);
}

/** Loads `bits` bits from the address on the stack plus `offset`. */
export function emitLoad(code: Code, bits: number, offset: number, align?: 0): void {
  if (bits === 8) code.i32Load8U(offset);
  else if (bits === 16) code.i32Load16U(offset, align);
  else if (bits === 32) code.i32Load(offset, align);
  else if (bits === 64) code.i64Load(offset, align);
  else code.v128Load(offset, align);
}

/** Loads an f32 or f64 from the address on the stack plus `offset`. */
export function emitLoadFloat(code: Code, bits: number, offset: number, align?: 0): void {
  if (bits === 64) code.f64Load(offset, align);
  else code.f32Load(offset, align);
}

/** Stores the f32 or f64 on the stack to the address below it plus `offset`. */
export function emitStoreFloat(code: Code, bits: number, offset: number, align?: 0): void {
  if (bits === 64) code.f64Store(offset, align);
  else code.f32Store(offset, align);
}

/** Stores the value on the stack to the address below it plus `offset`. */
export function emitStore(code: Code, bits: number, offset: number, align?: 0): void {
  if (bits === 8) code.i32Store8(offset);
  else if (bits === 16) code.i32Store16(offset, align);
  else if (bits === 32) code.i32Store(offset, align);
  else if (bits === 64) code.i64Store(offset, align);
  else code.v128Store(offset, align);
}
