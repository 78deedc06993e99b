// FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ.

import { DOWN, UP, ZERO, controlRounding, setFloatCondition } from './flags.ts';
import { f80Set } from './f80-format.ts';

// Per constant: sign and exponent, the significand cut to 64 bits, and whether rounding to nearest
// rounds it up (SDM volume 1, 8.3.8: the constants are rounded by RC from a more precise value).
const CONSTANTS: usize = memory.data<u64>([
  0x3fff,
  0x8000000000000000,
  0, // 1, exact: see below
  0x4000,
  0xd49a784bcd1b8afe,
  0, // log2(10)
  0x3fff,
  0xb8aa3b295c17f0bb,
  1, // log2(e)
  0x4000,
  0xc90fdaa22168c234,
  1, // pi
  0x3ffd,
  0x9a209a84fbcff798,
  1, // log10(2)
  0x3ffe,
  0xb17217f7d1cf79ab,
  1, // ln(2)
  0x0000,
  0x0000000000000000,
  0, // 0, exact
]);

/**
 * Loads a constant; `index` 0..6 is the low three bits of the opcode (D9 E8 to D9 EE): 1, log2(10),
 * log2(e), pi, log10(2), ln(2), 0. No exceptions; C1 clear.
 */
export function f80Constant(dst: usize, index: u32, control: u32): void {
  setFloatCondition(0);
  const row = CONSTANTS + <usize>index * 24;
  const rounding = controlRounding(control);
  let up = load<u64>(row, 16);
  if (rounding == DOWN || rounding == ZERO) up = 0;
  else if (rounding == UP) up = u64(index != 0 && index != 6);
  f80Set(dst, <u32>load<u64>(row), load<u64>(row, 8) + up);
}
