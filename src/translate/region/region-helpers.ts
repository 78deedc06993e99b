// The functions of a module of regions that do what its instructions do to memory: look into the TLB, and ask the core when
// that misses. As functions they keep regions small, which is what compiling costs go by; an engine puts those that are
// called often in line.

import { BOUNCE, TLB_ADDEND, TLB_BASE } from '../../core/layout.ts';
import { Code } from '../../wasm/code.ts';
import type { ModuleBuilder } from '../../wasm/module-builder.ts';
import type { ValueType } from '../../wasm/value-type.ts';
import { emitTagCompare } from '../emit-probe.ts';
import { emitStore, wasmType } from '../emit-pure.ts';
import type { ProbeKind } from '../ir.ts';

/** What a store gives back besides 0: the access faulted; it dropped decoded code. */
export const STORE_FAULTED = 1;
export const STORE_DROPPED = 2;

/** The core's routine for an access that the TLB does not have. */
export const missRoutines = { read: 'regionLoad', write: 'regionStore', update: 'regionUpdate' } as const;

/** The code of helpers, which is the same in all modules: those import what it calls before all else. */
const codes = new Map<number, Code>();

export class RegionHelpers {
  readonly #builder: ModuleBuilder;
  readonly #core: (name: string) => number;
  /** By a number for what each does. */
  readonly #functions = new Map<number, number>();

  /** @param core gives the index of a core function */
  constructor(builder: ModuleBuilder, core: (name: string) => number) {
    this.#builder = builder;
    this.#core = core;
  }

  /**
   * (address i64, ip i32) -> i32: the machine address of so many bytes at a linear address; 0 when the access faults, or the
   * interpreter has to do it. Bit 0 of ip says that the segment is SS.
   */
  probe(kind: ProbeKind, bytes: number): number {
    const id = 4 * bytes + (kind === 'read' ? 0 : kind === 'write' ? 1 : 2);
    return (
      this.#functions.get(id) ??
      this.#define(id, `${kind}${bytes}`, ['i64', 'i32'], (code) => this.#address(code, kind, bytes, 1))
    );
  }

  /** (address i64, value, ip i32) -> i32: stores; gives 0, STORE_FAULTED or STORE_DROPPED. */
  store(bits: number): number {
    const id = 4 * bits + 3;
    const known = this.#functions.get(id);
    if (known !== undefined) return known;
    return this.#define(id, `store${bits}`, ['i64', wasmType(bits), 'i32'], (code) => {
      const machine = code.addLocal('i32');
      const entry = code.addLocal('i32');
      const store = (pushAddress: () => void): void => {
        pushAddress();
        code.localGet(1);
        emitStore(code, bits, 0, 0);
      };
      this.#compareTag(code, 'write', bits / 8, entry);
      code.if('i32');
      store(() => this.#pushHit(code, entry));
      code.i32Const(0);
      code.else();
      this.#callMiss(code, 'write', bits / 8, 2);
      code.localTee(machine);
      code.if('i32');
      store(() => code.localGet(machine));
      this.#pushCommitted(code, machine);
      code.else();
      code.i32Const(STORE_FAULTED);
      code.end();
      code.end();
    });
  }

  /** (machine i32) -> i32: carries bytes on that had to be stored to BOUNCE; gives 0 or STORE_DROPPED. */
  commit(): number {
    return this.#functions.get(3) ?? this.#define(3, 'commit', ['i32'], (code) => this.#pushCommitted(code, 0));
  }

  #define(id: number, name: string, parameters: readonly ValueType[], emit: (code: Code) => void): number {
    let code = codes.get(id);
    if (!code) {
      code = new Code(parameters.length);
      emit(code);
      codes.set(id, code);
    }
    const index = this.#builder.declareFunction(this.#builder.type(parameters, ['i32']), name, code);
    this.#functions.set(id, index);
    return index;
  }

  /** Pushes the machine address for the linear one in local 0; `ip` is the local with the record. */
  #address(code: Code, kind: ProbeKind, bytes: number, ip: number): void {
    const entry = code.addLocal('i32');
    this.#compareTag(code, kind, bytes, entry);
    code.if('i32');
    this.#pushHit(code, entry);
    code.else();
    this.#callMiss(code, kind, bytes, ip);
    code.end();
  }

  /** Pushes whether the TLB has the address in local 0, and expects that. */
  #compareTag(code: Code, kind: ProbeKind, bytes: number, entry: number): void {
    emitTagCompare(code, { kind, bytes }, 0, entry, () => {
      code.i32Const(0);
      code.i32Load(TLB_BASE);
    });
    code.expect(true);
  }

  #pushHit(code: Code, entry: number): void {
    code.localGet(0);
    code.i32WrapI64();
    code.localGet(entry);
    code.i32Load(TLB_ADDEND);
    code.i32Add();
  }

  #callMiss(code: Code, kind: ProbeKind, bytes: number, ip: number): void {
    code.localGet(0);
    code.i32Const(bytes);
    code.localGet(ip);
    code.call(this.#core(missRoutines[kind]));
  }

  #pushCommitted(code: Code, machine: number): void {
    code.localGet(machine);
    code.i32Const(BOUNCE);
    code.i32Eq();
    code.expect(false);
    code.if('i32');
    code.call(this.#core('storeCommit'));
    code.i32Const(Math.log2(STORE_DROPPED));
    code.i32Shl();
    code.else();
    code.i32Const(0);
    code.end();
  }
}
