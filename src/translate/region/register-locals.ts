// General and XMM registers of a region, each in a local.

import { XMM } from '../../core/layout.ts';
import type { Code } from '../../wasm/code.ts';
import { registerIndex, REGISTERS, type RegisterUse } from './region-registers.ts';

export class RegisterLocals {
  readonly #code: Code;
  readonly #use: RegisterUse;
  readonly #locals = new Uint16Array(REGISTERS);

  constructor(code: Code, use: RegisterUse) {
    this.#code = code;
    this.#use = use;
    for (const address of use.used)
      this.#locals[registerIndex(address)] = code.addLocal(address < XMM ? 'i64' : 'v128');
  }

  /** The local of a register, by the address of its first byte in the CPU state. */
  of(address: number): number {
    return this.#locals[registerIndex(address)]!;
  }

  /** Reads registers from the CPU state: all that the region uses, or some of them. */
  load(addresses: readonly number[] = this.#use.used): void {
    const code = this.#code;
    for (const address of addresses) {
      code.i32Const(0);
      if (address < XMM) code.i64Load(address);
      else code.v128Load(address);
      code.localSet(this.of(address));
    }
  }

  /** Writes registers back: all that the region writes, or some of them. */
  spill(addresses: readonly number[] = this.#use.written): void {
    const code = this.#code;
    for (const address of addresses) {
      code.i32Const(0);
      code.localGet(this.of(address));
      if (address < XMM) code.i64Store(address);
      else code.v128Store(address);
    }
  }
}
