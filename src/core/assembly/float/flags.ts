// What a floating-point routine reports besides its result. The bit order is MXCSR's, which is also
// the x87 status word's (SDM volume 1, 8.1.3 and 10.2.3).

/** Invalid operation. */
export const IE: u32 = 1;
/** Denormal operand. */
export const DE: u32 = 2;
/** Division by zero. */
export const ZE: u32 = 4;
/** Overflow. */
export const OE: u32 = 8;
/** Underflow. */
export const UE: u32 = 16;
/** Precision: the result is inexact. */
export const PE: u32 = 32;

/** The exceptions that are detected before the operation and, unmasked, keep it from happening. */
export const BEFORE_OPERATION: u32 = 7;

/** Rounding control values, the same in MXCSR.RC and the x87 control word's RC. */
export const NEAREST: u32 = 0;
export const DOWN: u32 = 1;
export const UP: u32 = 2;
export const ZERO: u32 = 3;

/** Condition bits where the x87 status word has them. */
export const C0: u32 = 0x0100;
export const C1: u32 = 0x0200;
export const C2: u32 = 0x0400;
export const C3: u32 = 0x4000;

/**
 * Exception flags of the routines run since the caller last cleared it; every routine only adds.
 * The caller clears it before an instruction and merges it into MXCSR or the status word after.
 */
export let floatFlags: u32 = 0;

/**
 * Condition bits C0..C3 of the last x87 routine, in status-word positions. Which of them the
 * instruction defines is said with each routine; those that only round define C1.
 */
export let floatCondition: u32 = 0;

/** Sets the condition bits of an x87 routine. */
// @ts-ignore: decorator
@inline
export function setFloatCondition(bits: u32): void {
  floatCondition = bits;
}

// MXCSR fields (SDM volume 1, figure 10-3).
/** Denormals are zeros. */
export const MXCSR_DAZ: u32 = 0x0040;
/** Flush to zero. */
export const MXCSR_FTZ: u32 = 0x8000;

/** MXCSR.RC, 0..3. */
// @ts-ignore: decorator
@inline
export function mxcsrRounding(mxcsr: u32): u32 {
  return (mxcsr >> 13) & 3;
}

/** The exception masks of MXCSR in the bit order of the flags. */
// @ts-ignore: decorator
@inline
export function mxcsrMasks(mxcsr: u32): u32 {
  return (mxcsr >> 7) & 63;
}

/** RC of an x87 control word, 0..3. */
// @ts-ignore: decorator
@inline
export function controlRounding(control: u32): u32 {
  return (control >> 10) & 3;
}

/**
 * Ends an SSE instruction: non-zero when an unmasked exception is pending in `floatFlags`, so that
 * the destination must stay as it is and #XM be raised after `floatFlags` went into MXCSR. When the
 * exception is one found before the operation, the flags that only the operation would have raised
 * are dropped, over all elements of a packed operand (SDM volume 1, 11.5.2 and 11.5.3).
 */
export function sseFault(mxcsr: u32): u32 {
  const unmasked = floatFlags & ~mxcsrMasks(mxcsr);
  if (unmasked & BEFORE_OPERATION) floatFlags &= BEFORE_OPERATION;
  return unmasked;
}
