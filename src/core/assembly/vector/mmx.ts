// What MMX instructions share with the x87 registers. SDM volume 1 section 9.5; APM volume 2 section 11.

import { FPU_STATUS, FPU_TAG, FPU_TOP, VECTOR_MF } from '../../layout.ts';
import { raise } from '../exceptions.ts';

const STATUS_ERROR_SUMMARY: u32 = 0x80;

/** Raises #MF while an unmasked x87 exception is pending, before an MMX instruction does anything. */
export function requireMmx(): void {
  if (<u32>load<u16>(FPU_STATUS) & STATUS_ERROR_SUMMARY) raise(VECTOR_MF, -1);
}

/** The effect of every MMX instruction but EMMS on the x87 state: TOP is 0 and no register is empty. */
export function enterMmx(): void {
  store<u32>(FPU_TOP, 0);
  store<u8>(FPU_TAG, 0xff);
}
