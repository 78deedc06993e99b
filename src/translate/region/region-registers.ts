// Which registers regions keep in locals, and how records name them.

import { GPR, RECORD_A, RECORD_B, RECORD_C, XMM, XMM_STRIDE } from '../../core/layout.ts';
import type { RegisterPlace } from '../ir.ts';

const GPR_END = GPR + 16 * 8;
const XMM_END = XMM + 16 * XMM_STRIDE;

/** The registers of a region, each by the address of its first byte in the CPU state. */
export interface RegisterUse {
  /** Whether an instruction asks how MXCSR rounds. */
  readonly asksSettled: boolean;
  readonly used: Set<number>;
  /** Those that it writes; all of them are used as well. */
  readonly written: Set<number>;
}

/** The register in a local that an address of the CPU state lies in, or 0. */
export function localRegister(address: number): number {
  if (address >= GPR && address < GPR_END) return address & ~7;
  return address >= XMM && address < XMM_END ? address : 0;
}

/** Where a register operand of the record at `ip` is in the CPU state. */
export function registerAddress(view: DataView, ip: number, place: RegisterPlace): number {
  if ('address' in place) return place.address;
  if (place.field === 'C') return GPR + view.getUint8(ip + RECORD_C);
  return view.getUint16(ip + (place.field === 'A' ? RECORD_A : RECORD_B), true);
}
