// LDMXCSR and STMXCSR. SDM volume 1 section 10.2.3.

import { MXCSR, VECTOR_GP } from '../../layout.ts';
import { raise } from '../exceptions.ts';

/** The bits that exist: denormals-are-zeros is supported. FXSAVE reports them as MXCSR_MASK. */
const MXCSR_BITS: u32 = 0xffff;

export function readMxcsr(): u32 {
  return load<u32>(MXCSR);
}

/** Raises #GP(0) when a reserved bit is set. */
export function writeMxcsr(value: u32): void {
  if (value & ~MXCSR_BITS) raise(VECTOR_GP, 0);
  store<u32>(MXCSR, value);
}
