// WebAssembly for the lazy flags of the CPU state; FLAG_RESULT and FLAG_AUX in layout.ts say how they are kept.

import { FLAG_AUX, FLAG_RESULT } from '../core/layout.ts';
import type { Flag } from '../isa/abstract-machine.ts';
import type { Code } from '../wasm/code.ts';
import { signTo64 } from './emit-pure.ts';

const HIGH = FLAG_AUX + 4;

function load(code: Code, address: number): void {
  code.i32Const(0);
  code.i32Load(address);
}

/** Pushes a flag as 0 or 1. */
export function emitReadFlag(code: Code, flag: Flag): void {
  switch (flag) {
    case 'CF':
      load(code, HIGH);
      code.i32Const(31);
      return code.i32ShrU();
    case 'ZF':
      code.i32Const(0);
      code.i64Load(FLAG_RESULT);
      return code.i64Eqz();
    case 'SF':
      load(code, FLAG_RESULT + 4);
      code.i32Const(31);
      code.i32ShrU();
      load(code, FLAG_AUX);
      code.i32Const(1);
      code.i32And();
      return code.i32Xor();
    case 'OF':
      load(code, HIGH);
      load(code, HIGH);
      code.i32Const(1);
      code.i32Shl();
      code.i32Xor();
      code.i32Const(31);
      return code.i32ShrU();
    case 'PF':
      code.i32Const(0);
      code.i32Load8U(FLAG_RESULT);
      code.i32Const(0);
      code.i32Load8U(FLAG_AUX + 1);
      code.i32Xor();
      code.i32Popcnt();
      code.i32Const(1);
      code.i32And();
      return code.i32Eqz();
    case 'AF':
      load(code, FLAG_AUX);
      code.i32Const(3);
      code.i32ShrU();
      code.i32Const(1);
      return code.i32And();
  }
}

/** Stores a result of `bits` bits, which `push` puts on the stack, as the source of ZF, SF and PF. */
function storeResult(code: Code, bits: number, push: () => void): void {
  code.i32Const(0);
  push();
  signTo64(code, bits);
  code.i64Store(FLAG_RESULT);
}

/** Flags of an addition or subtraction. `carries` is a local of the width's type. */
export function emitFlagsFromCarries(code: Code, bits: number, pushResult: () => void, carries: number): void {
  storeResult(code, bits, pushResult);
  code.i32Const(0);
  code.localGet(carries);
  if (bits === 64) {
    // All but AF is cleared in the low 16 bits, where the corrections of SF and PF are.
    code.i64Const(-65528n);
    code.i64And();
    return code.i64Store(FLAG_AUX);
  }
  if (bits < 32) {
    code.i32Const(32 - bits);
    code.i32Shl();
  }
  code.i32Store(HIGH);
  code.i32Const(0);
  code.localGet(carries);
  code.i32Const(8);
  code.i32And();
  code.i32Store(FLAG_AUX);
}

/** Flags from a result, with CF, OF and AF (locals holding 0 or 1, or null for zero). */
export function emitFlagsFromResult(
  code: Code,
  bits: number,
  pushResult: () => void,
  rest: { CF: number | null; OF: number | null; AF: number | null },
): void {
  storeResult(code, bits, pushResult);
  emitAux(code, rest.CF, rest.OF, () => {
    if (rest.AF === null) return code.i32Const(0);
    code.localGet(rest.AF);
    code.i32Const(3);
    code.i32Shl();
  });
}

function emitAux(code: Code, carry: number | null, overflow: number | null, pushLow: () => void): void {
  code.i32Const(0);
  if (carry === null && overflow === null) code.i32Const(0);
  else {
    // Bit 31 CF, bit 30 CF ^ OF.
    if (carry === null) code.i32Const(0);
    else {
      code.localGet(carry);
      code.i32Const(3);
      code.i32Mul();
      code.i32Const(30);
      code.i32Shl();
    }
    if (overflow !== null) {
      code.localGet(overflow);
      code.i32Const(30);
      code.i32Shl();
      code.i32Xor();
    }
  }
  code.i32Store(HIGH);
  code.i32Const(0);
  pushLow();
  code.i32Store(FLAG_AUX);
}

/** All six flags from locals that hold 0 or 1. */
export function emitFlags(code: Code, flags: Record<Flag, number>): void {
  code.i32Const(0);
  code.localGet(flags.ZF);
  code.i32Eqz();
  code.i64ExtendI32U();
  code.i64Store(FLAG_RESULT);
  emitAux(code, flags.CF, flags.OF, () => {
    code.localGet(flags.AF);
    code.i32Const(3);
    code.i32Shl();
    code.localGet(flags.SF);
    code.i32Or();
    // The result's low byte is 0 or 1: this makes its parity come out as PF.
    code.localGet(flags.ZF);
    code.localGet(flags.PF);
    code.i32Xor();
    code.i32Const(8);
    code.i32Shl();
    code.i32Or();
  });
}

/** Replaces one flag by the 0 or 1 in a local, leaving the others. `scratch` makes a new i32 local. */
export function emitWriteFlag(code: Code, flag: Flag, value: number, scratch: () => number): void {
  if (flag === 'ZF') {
    // ZF shares the result with SF and PF: all three are written anew.
    const flags: Partial<Record<Flag, number>> = { ZF: value };
    for (const other of ['CF', 'PF', 'AF', 'SF', 'OF'] as const) {
      emitReadFlag(code, other);
      code.localSet((flags[other] = scratch()));
    }
    return emitFlags(code, flags as Record<Flag, number>);
  }
  // The others have one bit (CF two) that inverts them.
  const [address, shift, pattern] = {
    CF: [HIGH, 30, 3],
    OF: [HIGH, 30, 1],
    AF: [FLAG_AUX, 3, 1],
    SF: [FLAG_AUX, 0, 1],
    PF: [FLAG_AUX, 8, 1],
  }[flag] as [number, number, number];
  code.i32Const(0);
  load(code, address);
  emitReadFlag(code, flag);
  code.localGet(value);
  code.i32Xor();
  code.i32Const(pattern);
  code.i32Mul();
  code.i32Const(shift);
  code.i32Shl();
  code.i32Xor();
  code.i32Store(address);
}
