// The control and status words: FLDCW, FNSTCW, FNSTSW, FNCLEX, WAIT. SDM volume 2. FNINIT and the images of the whole
// unit are in ../fpu-environment.ts.

import { CR0, FPU_CONTROL, FPU_STATUS, VECTOR_NM } from '../../layout.ts';
import { raise } from '../exceptions.ts';
import { setControlWord, setStatusWord, statusWord } from '../fpu-environment.ts';
import { CR0_MP, CR0_TS } from '../mode.ts';
import { waitX87 } from './unit.ts';

/** All but the exception flags, the stack fault, the error summary and busy. */
const WITHOUT_EXCEPTIONS: u32 = 0x7f00;

/** WAIT (FWAIT): #NM while CR0.MP and TS are both set, #MF for a pending exception. */
export function fwait(): void {
  if ((load<u32>(CR0) & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) raise(VECTOR_NM, -1);
  waitX87();
}

/** FLDCW: flags that become unmasked are pending from then on. Raises #MF. */
export function fldcw(value: u32): void {
  waitX87();
  setControlWord(value);
  setStatusWord(statusWord());
}

/** FNSTCW: the control word. */
export function fnstcw(): u32 {
  return load<u16>(FPU_CONTROL);
}

/** FNSTSW: the status word with TOP. */
export function fnstsw(): u32 {
  return statusWord();
}

/** FNCLEX. */
export function fnclex(): void {
  store<u16>(FPU_STATUS, <u16>(<u32>load<u16>(FPU_STATUS) & WITHOUT_EXCEPTIONS));
}
