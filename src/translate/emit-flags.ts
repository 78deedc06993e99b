// WebAssembly for the lazy flags; FLAG_RESULT and FLAG_AUX in layout.ts say how they are kept.

import type { Flag } from '../isa/abstract-machine.ts';
import type { Code } from '../wasm/code.ts';
import { signTo64 } from './emit-pure.ts';

/** Where the two words of the lazy flags are to be read. */
export interface FlagSource {
  /** Pushes FLAG_RESULT, an i64. */
  pushResult(): void;
  /** Push the high and the low half of FLAG_AUX, i32 each. */
  pushHigh(): void;
  pushLow(): void;
}

/** Where they are to be written. */
export interface FlagPlace extends FlagSource {
  storeResult(push: () => void): void;
  storeHigh(push: () => void): void;
  storeLow(push: () => void): void;
}

/** Pushes one of the sixteen conditions of Jcc as 0 or 1; `read` pushes a flag. */
export function emitCondition(code: Code, condition: number, read: (flag: Flag) => void): void {
  const either = (a: () => void, b: () => void): void => {
    a();
    b();
    code.i32Or();
  };
  const less = (): void => {
    read('SF');
    read('OF');
    code.i32Xor();
  };
  const even = condition & ~1;
  if (even === 0x6)
    either(
      () => read('CF'),
      () => read('ZF'),
    );
  else if (even === 0xc) less();
  else if (even === 0xe) either(() => read('ZF'), less);
  else read(({ 0x0: 'OF', 0x2: 'CF', 0x4: 'ZF', 0x8: 'SF', 0xa: 'PF' } as const)[even as 0]);
  if (condition & 1) code.i32Eqz();
}

/** Pushes a flag as 0 or 1. */
export function emitReadFlag(code: Code, flags: FlagSource, flag: Flag): void {
  switch (flag) {
    case 'CF':
      flags.pushHigh();
      code.i32Const(31);
      return code.i32ShrU();
    case 'ZF':
      flags.pushResult();
      return code.i64Eqz();
    case 'SF':
      flags.pushResult();
      code.i64Const(63n);
      code.i64ShrU();
      code.i32WrapI64();
      flags.pushLow();
      code.i32Const(1);
      code.i32And();
      return code.i32Xor();
    case 'OF':
      flags.pushHigh();
      flags.pushHigh();
      code.i32Const(1);
      code.i32Shl();
      code.i32Xor();
      code.i32Const(31);
      return code.i32ShrU();
    case 'PF':
      flags.pushResult();
      code.i32WrapI64();
      flags.pushLow();
      code.i32Const(8);
      code.i32ShrU();
      code.i32Xor();
      code.i32Const(0xff);
      code.i32And();
      code.i32Popcnt();
      code.i32Const(1);
      code.i32And();
      return code.i32Eqz();
    case 'AF':
      flags.pushLow();
      code.i32Const(3);
      code.i32ShrU();
      code.i32Const(1);
      return code.i32And();
  }
}

/** Stores a result of `bits` bits, which `push` puts on the stack, as the source of ZF, SF and PF. */
function storeResult(code: Code, flags: FlagPlace, bits: number, push: () => void): void {
  flags.storeResult(() => {
    push();
    signTo64(code, bits);
  });
}

/** Flags of an addition or subtraction. `carries` is a local of the width's type. */
export function emitFlagsFromCarries(
  code: Code,
  flags: FlagPlace,
  bits: number,
  pushResult: () => void,
  carries: number,
): void {
  storeResult(code, flags, bits, pushResult);
  flags.storeHigh(() => {
    code.localGet(carries);
    if (bits === 64) {
      code.i64Const(32n);
      code.i64ShrU();
      code.i32WrapI64();
    } else if (bits < 32) {
      code.i32Const(32 - bits);
      code.i32Shl();
    }
  });
  // Only AF: the rest of the low half corrects SF and PF.
  flags.storeLow(() => {
    code.localGet(carries);
    if (bits === 64) code.i32WrapI64();
    code.i32Const(8);
    code.i32And();
  });
}

/** Flags from a result, with CF, OF and AF (locals holding 0 or 1, or null for zero). */
export function emitFlagsFromResult(
  code: Code,
  flags: FlagPlace,
  bits: number,
  pushResult: () => void,
  rest: { CF: number | null; OF: number | null; AF: number | null },
): void {
  storeResult(code, flags, bits, pushResult);
  storeHigh(code, flags, rest.CF, rest.OF);
  flags.storeLow(() => {
    if (rest.AF === null) return code.i32Const(0);
    code.localGet(rest.AF);
    code.i32Const(3);
    code.i32Shl();
  });
}

/** Pushes CF as bit 31 and CF ^ OF as bit 30, from locals that hold 0 or 1, or null for zero. */
function pushHigh(code: Code, carry: number | null, overflow: number | null): void {
  if (carry === null) code.i32Const(0);
  else {
    code.localGet(carry);
    code.i32Const(3);
    code.i32Mul();
    code.i32Const(30);
    code.i32Shl();
  }
  if (overflow === null) return;
  code.localGet(overflow);
  code.i32Const(30);
  code.i32Shl();
  code.i32Xor();
}

function storeHigh(code: Code, flags: FlagPlace, carry: number | null, overflow: number | null): void {
  flags.storeHigh(() => pushHigh(code, carry, overflow));
}

/** Replaces CF and OF by the 0 or 1 in two locals. */
export function emitWriteCarryAndOverflow(code: Code, flags: FlagPlace, carry: number, overflow: number): void {
  flags.storeHigh(() => {
    flags.pushHigh();
    code.i32Const(0x3fffffff);
    code.i32And();
    pushHigh(code, carry, overflow);
    code.i32Or();
  });
}

/** All six flags from locals that hold 0 or 1. */
export function emitFlags(code: Code, flags: FlagPlace, values: Record<Flag, number>): void {
  flags.storeResult(() => {
    code.localGet(values.ZF);
    code.i32Eqz();
    code.i64ExtendI32U();
  });
  storeHigh(code, flags, values.CF, values.OF);
  flags.storeLow(() => {
    code.localGet(values.AF);
    code.i32Const(3);
    code.i32Shl();
    code.localGet(values.SF);
    code.i32Or();
    // The result's low byte is 0 or 1: this makes its parity come out as PF.
    code.localGet(values.ZF);
    code.localGet(values.PF);
    code.i32Xor();
    code.i32Const(8);
    code.i32Shl();
    code.i32Or();
  });
}

/** Replaces one flag by the 0 or 1 in a local, leaving the others. `scratch` makes a new i32 local. */
export function emitWriteFlag(code: Code, flags: FlagPlace, flag: Flag, value: number, scratch: () => number): void {
  if (flag === 'ZF') {
    // ZF shares the result with SF and PF: all three are written anew.
    const values: Partial<Record<Flag, number>> = { ZF: value };
    for (const other of ['CF', 'PF', 'AF', 'SF', 'OF'] as const) {
      emitReadFlag(code, flags, other);
      code.localSet((values[other] = scratch()));
    }
    return emitFlags(code, flags, values as Record<Flag, number>);
  }
  // The others have one bit (CF two) that inverts them.
  const [half, shift, pattern] = (
    { CF: ['high', 30, 3], OF: ['high', 30, 1], AF: ['low', 3, 1], SF: ['low', 0, 1], PF: ['low', 8, 1] } as const
  )[flag];
  const toggled = (): void => {
    if (half === 'high') flags.pushHigh();
    else flags.pushLow();
    emitReadFlag(code, flags, flag);
    code.localGet(value);
    code.i32Xor();
    code.i32Const(pattern);
    code.i32Mul();
    code.i32Const(shift);
    code.i32Shl();
    code.i32Xor();
  };
  if (half === 'high') flags.storeHigh(toggled);
  else flags.storeLow(toggled);
}
