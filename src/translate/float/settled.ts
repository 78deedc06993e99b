// When MXCSR is such that rounding matters to nobody: see `isSettled` in src/core/assembly/sse/fast-lanes.ts.

import { MXCSR } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import { SETTLED } from '../emit-context.ts';

/** MXCSR.RC, PM and PE (SDM vol. 1 section 10.2.3), and what they are then. */
const SETTLING = 0x7020;
const NEAREST_AND_INEXACT = 0x1020;

/** Pushes SETTLED or 0, as MXCSR is now. */
export function emitSettled(code: Code): void {
  code.i32Const(SETTLED);
  code.i32Const(0);
  code.i32Const(0);
  code.i32Load(MXCSR);
  code.i32Const(SETTLING);
  code.i32And();
  code.i32Const(NEAREST_AND_INEXACT);
  code.i32Eq();
  code.select();
}
