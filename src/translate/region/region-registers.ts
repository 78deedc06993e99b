// Which registers regions keep in locals, and how records name them.

import { GPR, RECORD_A, RECORD_B, RECORD_BASE, RECORD_C, RECORD_INDEX, XMM, XMM_STRIDE } from '../../core/layout.ts';
import type { RegisterPlace } from '../ir.ts';
import type { MachineView } from './machine-view.ts';

const GPR_END = GPR + 16 * 8;
const XMM_END = XMM + 16 * XMM_STRIDE;

/** The registers that regions keep in locals, numbered from 0 to 31. */
export const REGISTERS = 32;

export function registerIndex(address: number): number {
  return address < XMM ? (address - GPR) / 8 : 16 + (address - XMM) / XMM_STRIDE;
}

/** Registers that regions keep in locals, each by the address of its first byte in the CPU state, in the order in which they were added. */
export class RegisterSet {
  readonly addresses: number[] = [];
  #mask = 0;

  add(address: number): void {
    const bit = 1 << registerIndex(address);
    if (this.#mask & bit) return;
    this.#mask |= bit;
    this.addresses.push(address);
  }

  addAll(other: RegisterSet): void {
    if ((other.#mask & ~this.#mask) === 0) return;
    for (let index = 0; index < other.addresses.length; index++) this.add(other.addresses[index]!);
  }
}

/** The registers of a region. */
export interface RegisterUse {
  /** Whether an instruction asks how MXCSR rounds. */
  readonly asksSettled: boolean;
  readonly used: readonly number[];
  /** Those that it writes; all of them are used as well. */
  readonly written: readonly number[];
}

/** A register as an instruction names it: an operand, or a part of a memory operand's address. */
export type NamedRegister = RegisterPlace | { readonly field: 'base' | 'index' };

/** The register in a local that an address of the CPU state lies in, or 0. */
export function localRegister(address: number): number {
  if (address >= GPR && address < GPR_END) return address & ~7;
  return address >= XMM && address < XMM_END ? address : 0;
}

/** Where a register of the record at `ip` is in the CPU state. */
export function registerAddress(view: MachineView, ip: number, register: NamedRegister): number {
  if ('address' in register) return register.address;
  switch (register.field) {
    case 'A':
      return view.u16(ip + RECORD_A);
    case 'B':
      return view.u16(ip + RECORD_B);
    case 'C':
      return GPR + view.u8(ip + RECORD_C);
    case 'base':
      return view.u16(ip + RECORD_BASE);
    case 'index':
      return view.u16(ip + RECORD_INDEX);
  }
}
