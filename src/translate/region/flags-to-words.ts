// From what flags follow from to the two words that FLAG_RESULT and FLAG_AUX of layout.ts are, in locals of type i64.

import { FLAGS_DIFFERENCE, FLAGS_LOGIC, FLAGS_SUM } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import { emitCarries } from '../emit-pure.ts';

/**
 * Makes words of the locals a and b, which hold what flags of a kind follow from.
 * @param known a FLAGS_ kind of layout.ts
 * @param local makes a local of type i64
 * @returns false when nothing was emitted, because they take more than a sum or difference
 */
export function emitWordsOf(
  code: Code,
  known: number,
  { a, b }: { readonly a: number; readonly b: number },
  local: () => number,
): boolean {
  const kind = known & ~3;
  if (kind !== FLAGS_LOGIC && kind !== FLAGS_SUM && kind !== FLAGS_DIFFERENCE) return false;
  const bits = 8 << (known & 3);
  if (kind === FLAGS_LOGIC) code.i64Const(0);
  else {
    const result = local();
    code.localGet(a);
    code.localGet(b);
    if (kind === FLAGS_SUM) code.i64Add();
    else code.i64Sub();
    code.localSet(result);
    emitCarriesWord(code, kind === FLAGS_DIFFERENCE, bits, [a, b, result], local);
    code.localGet(result);
    code.localSet(a);
  }
  code.localSet(b);
  if (bits === 64) return true;
  code.localGet(a);
  if (bits === 8) code.i64Extend8S();
  else if (bits === 16) code.i64Extend16S();
  else code.i64Extend32S();
  code.localSet(a);
  return true;
}

/** Pushes the word of the carries of a + b or a - b (± a carry from below) = result, locals of which `bits` bits count. */
export function emitCarriesWord(
  code: Code,
  subtracts: boolean,
  bits: number,
  locals: readonly [number, number, number],
  local: () => number,
): void {
  const carries = local();
  emitCarries(code, subtracts, 64, locals);
  code.localTee(carries);
  if (bits < 64) {
    code.i64Const(64 - bits);
    code.i64Shl();
  }
  code.i64Const(-1n << 62n);
  code.i64And();
  code.localGet(carries);
  code.i64Const(8);
  code.i64And();
  code.i64Or();
}
