// Guest memory for the oracle: segments and canonical addresses by its own rules, then the core's accesses by linear address.

import * as layout from '../../src/core/layout.ts';
import { unwound } from '../../src/cpu/vcpu.ts';

const SS = 2;
const STACK_FAULT = 12;
const GENERAL_PROTECTION = 13;
const SEGMENT_SIZE = 32;

type Core = Record<string, (...values: (number | bigint)[]) => unknown>;

export class OracleMemory {
  readonly #core: Core;
  readonly #view: DataView;

  constructor(core: Core, view: DataView) {
    this.#core = core;
    this.#view = view;
  }

  /** The sum of a segment's base and an offset. */
  segmented(segment: number, offset: bigint): bigint {
    const isLong = this.#isLong;
    const base = isLong && segment < 4 ? 0n : this.#view.getBigUint64(layout.SEGMENT_ES + segment * SEGMENT_SIZE, true);
    return BigInt.asUintN(isLong ? 64 : 32, base + offset);
  }

  get #isLong(): boolean {
    return (this.#view.getUint32(layout.MODE, true) & layout.MODE_CODE_MASK) === layout.MODE_CODE_64;
  }

  /**
   * The linear address of `bytes` bytes at an offset of a segment (ES CS SS DS FS GS). In 64-bit mode an address that is not
   * canonical raises #SS(0) in the stack's segment, #GP(0) elsewhere (SDM vol. 1 section 3.3.7.1); in the others so do null
   * segments, bytes beyond the limit, and writes to code.
   */
  linear(segment: number, offset: bigint, bytes: number, write: boolean): bigint {
    const linear = this.segmented(segment, offset);
    const allowed = this.#isLong
      ? isCanonical(linear) && isCanonical(linear + BigInt(bytes) - 1n)
      : this.#isInside(segment, offset, bytes) && !(write && this.#isCode(segment));
    if (!allowed) this.fault(segment === SS ? STACK_FAULT : GENERAL_PROTECTION);
    return linear;
  }

  #attributes(segment: number): number {
    return this.#view.getUint32(layout.SEGMENT_ES + segment * SEGMENT_SIZE + layout.SEGMENT_ATTRIBUTES, true);
  }
  #isCode(segment: number): boolean {
    return (this.#attributes(segment) & 0x800) !== 0;
  }
  #isInside(segment: number, offset: bigint, bytes: number): boolean {
    const limit = this.#view.getUint32(layout.SEGMENT_ES + segment * SEGMENT_SIZE + layout.SEGMENT_LIMIT, true);
    return (this.#attributes(segment) & 1) === 0 && offset + BigInt(bytes) - 1n <= BigInt(limit);
  }

  /** Leaves an exception with error code 0 where the core leaves its own. */
  fault(vector: number): never {
    this.#view.setInt32(layout.FAULT_VECTOR, vector, true);
    this.#view.setInt32(layout.FAULT_CODE, 0, true);
    throw unwound;
  }

  #call(name: string, ...values: (number | bigint)[]): unknown {
    return (this.#core[name] as Core[string])(...values);
  }

  checkWrite(linear: bigint, bytes: number): void {
    this.#call('checkWrite', linear, bytes);
  }

  read(linear: bigint, bytes: number): bigint {
    switch (bytes) {
      case 8:
        return BigInt.asUintN(64, this.#call('read64', linear) as bigint);
      case 16: {
        this.#call('checkRead', linear, bytes);
        return this.read(linear, 8) | (this.read(linear + 8n, 8) << 64n);
      }
      default:
        return BigInt((this.#call(`read${bytes * 8}`, linear) as number) >>> 0);
    }
  }

  write(linear: bigint, bytes: number, value: bigint): void {
    switch (bytes) {
      case 8:
        this.#call('write64', linear, value);
        return;
      case 16:
        this.checkWrite(linear, bytes);
        this.write(linear, 8, BigInt.asUintN(64, value));
        this.write(linear + 8n, 8, value >> 64n);
        return;
      default:
        this.#call(`write${bytes * 8}`, linear, Number(BigInt.asIntN(32, value)));
    }
  }
}

function isCanonical(linear: bigint): boolean {
  const top = BigInt.asUintN(64, linear) >> 47n;
  return top === 0n || top === 0x1ffffn;
}
