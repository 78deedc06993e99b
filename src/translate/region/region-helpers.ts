// The functions of a module of regions that store where the TLB does not have an address. What the TLB has is found in line:
// as a function that was a call for each access until an engine had optimized the region, and often after that.

import { BOUNCE } from '../../core/layout.ts';
import { Code } from '../../wasm/code.ts';
import type { ModuleBuilder } from '../../wasm/module-builder.ts';
import type { ValueType } from '../../wasm/value-type.ts';
import { emitStore, wasmType } from '../emit-pure.ts';

/** What a store gives back besides 0: the access faulted; it dropped decoded code. */
export const STORE_FAULTED = 1;
export const STORE_DROPPED = 2;

/** The core's routine for an access that the TLB does not have. */
export const missRoutines = { read: 'regionLoad', write: 'regionStore', update: 'regionUpdate' } as const;

/** Their code, which is the same in all modules: those import what it calls before all else. */
const codes = new Map<number, Code>();

export class RegionHelpers {
  readonly #builder: ModuleBuilder;
  readonly #core: (name: string) => number;
  /** By the width of what they store. */
  readonly #functions = new Map<number, number>();

  /** @param core gives the index of a core function */
  constructor(builder: ModuleBuilder, core: (name: string) => number) {
    this.#builder = builder;
    this.#core = core;
  }

  /**
   * (address i64, value, ip i32) -> i32: stores where the TLB does not have the address; gives 0, STORE_FAULTED or
   * STORE_DROPPED. Bit 0 of ip says that the segment is SS.
   */
  storeMissed(bits: number): number {
    return this.#functions.get(bits) ?? this.#define(bits);
  }

  #define(bits: number): number {
    const parameters: ValueType[] = ['i64', wasmType(bits), 'i32'];
    let code = codes.get(bits);
    if (!code) codes.set(bits, (code = this.#code(bits)));
    const type = this.#builder.type(parameters, ['i32']);
    const index = this.#builder.declareFunction(type, `storeMissed${bits}`, code);
    this.#functions.set(bits, index);
    return index;
  }

  #code(bits: number): Code {
    const code = new Code(3);
    const machine = code.addLocal('i32');
    code.localGet(0);
    code.i32Const(bits / 8);
    code.localGet(2);
    code.call(this.#core(missRoutines.write));
    code.localTee(machine);
    code.i32Eqz();
    code.if(undefined);
    code.i32Const(STORE_FAULTED);
    code.return();
    code.end();
    code.localGet(machine);
    code.localGet(1);
    emitStore(code, bits, 0, 0);
    code.localGet(machine);
    code.i32Const(BOUNCE);
    code.i32Eq();
    code.if(undefined);
    code.call(this.#core('storeCommit'));
    code.i32Const(Math.log2(STORE_DROPPED));
    code.i32Shl();
    code.return();
    code.end();
    code.i32Const(0);
    return code;
  }
}
