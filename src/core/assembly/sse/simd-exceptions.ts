// What every SSE floating-point instruction begins and ends with. SDM volume 1 section 11.5; volume 3A section 2.5.

import { CR4, MXCSR, VECTOR_UD, VECTOR_XM } from '../../layout.ts';
import { raise } from '../exceptions.ts';
import { floatFlags, sseFault } from '../float/flags.ts';

const CR4_OSXMMEXCPT: u32 = 0x400;

/** Forgets the exception flags of earlier routines; gives MXCSR. */
// @ts-ignore: decorator
@inline
export function beginSse(): u32 {
  floatFlags = 0;
  return load<u32>(MXCSR);
}

/**
 * Merges the flags that were raised into MXCSR. Raises #XM, or #UD while CR4.OSXMMEXCPT is clear, when one of them is
 * unmasked: call it before anything is written.
 */
// @ts-ignore: decorator
@inline
export function endSse(mxcsr: u32): void {
  if (floatFlags != 0) report(mxcsr);
}

function report(mxcsr: u32): void {
  const unmasked = sseFault(mxcsr);
  // Not only what `mxcsr` holds: an earlier step of the same instruction may have merged flags.
  store<u32>(MXCSR, load<u32>(MXCSR) | floatFlags);
  if (unmasked) raise(load<u32>(CR4) & CR4_OSXMMEXCPT ? VECTOR_XM : VECTOR_UD, -1);
}
