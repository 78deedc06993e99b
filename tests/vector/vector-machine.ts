// A processor in 64-bit mode that executes one instruction at a time, with registers that a test sets. An exception ends
// the instruction at a handler that stands for its vector.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestPhysical } from '../../src/base/address.ts';
import { MIB } from '../../src/base/units.ts';
import * as layout from '../../src/core/layout.ts';
import { unwound, Vcpu } from '../../src/cpu/vcpu.ts';
import { Cell } from '../../src/memory/cell.ts';
import { pcMemoryAreas } from '../../src/memory/physical-map.ts';

const build = join(import.meta.dirname, '../../..');
const core = new WebAssembly.Module(readFileSync(join(build, 'core/core.wasm')) as Uint8Array<ArrayBuffer>);
const interpreter = new WebAssembly.Module(readFileSync(join(build, 'interpreter.wasm')) as Uint8Array<ArrayBuffer>);

const TABLES = 0x1000;
const INTERRUPTS = 0x10000;
const HANDLERS = 0x20000;
const GDT = 0x30000;
const STACK = 0x40000;
const CODE = 0x100000;
/** A page to load from and store to. The page after it is not present. */
export const DATA = 0x200000;

/** An exception, with the error code if it has one. */
export interface Raised {
  readonly vector: number;
  readonly code?: number;
}

const WITH_CODE: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17]);

export class VectorMachine {
  readonly view: DataView;
  readonly #cell: Cell;
  readonly #vcpu: Vcpu;
  #next = CODE;

  constructor() {
    const imports = {
      unwind: () => {
        throw unwound;
      },
      portRead: () => 0,
      portWrite: () => {},
      mmioRead: () => 0,
      mmioWrite: () => {},
      acknowledgeInterrupt: () => -1,
      readTsc: () => 0,
      msrRead: () => 0,
      msrWrite: () => 0,
      cpuid: () => {},
      cr8Read: () => 0,
      cr8Write: () => {},
      randomWord: () => 4,
      timeStampChanged: () => {},
    };
    this.#cell = new Cell({ core, imports, areas: pcMemoryAreas(16 * MIB) });
    this.view = new DataView(this.#cell.memory.buffer);
    const { exports } = new WebAssembly.Instance(interpreter, {
      env: { memory: this.#cell.memory },
      core: this.#cell.exports,
    });
    this.#vcpu = new Vcpu(this.#cell.memory, this.#cell.core, exports['run'] as () => number, null);
    this.#fillMemory();
    this.#enterLongMode();
  }

  #fillMemory(): void {
    this.write(TABLES, BigInt(TABLES + 0x1003), 8);
    this.write(TABLES + 0x1000, BigInt(TABLES + 0x2003), 8);
    this.write(TABLES + 0x2000, 0x83n, 8);
    this.write(TABLES + 0x2008, BigInt(TABLES + 0x3003), 8);
    this.write(TABLES + 0x3000, BigInt(DATA + 3), 8);
    this.write(GDT + 8, 0x00af9b000000ffffn, 8);
    for (let vector = 0; vector < 32; vector++) {
      const handler = BigInt(HANDLERS + vector);
      this.write(HANDLERS + vector, 0xf4n, 1);
      this.write(INTERRUPTS + vector * 16, (handler & 0xffffn) | 0x8e00_0008_0000n | ((handler >> 16n) << 48n), 8);
    }
  }

  #enterLongMode(): void {
    const { view } = this;
    const set64 = (address: number, value: number): void => view.setBigUint64(address, BigInt(value), true);
    view.setUint32(layout.RFLAGS, 2, true);
    set64(layout.FLAG_RESULT, 1);
    set64(layout.CR0, 0x80000033);
    set64(layout.CR3, TABLES);
    set64(layout.CR4, 0x620);
    set64(layout.MSR_EFER, 0x500);
    view.setUint16(layout.FPU_CONTROL, 0x37f, true);
    view.setUint32(layout.MXCSR, 0x1f80, true);
    view.setInt32(layout.FAULT_VECTOR, -1, true);
    view.setInt32(layout.DELIVERING, -1, true);
    for (let segment = layout.SEGMENT_ES; segment <= layout.SEGMENT_GS; segment += 32) {
      view.setUint32(segment + layout.SEGMENT_LIMIT, 0xffffffff, true);
      view.setUint32(segment + layout.SEGMENT_ATTRIBUTES, segment === layout.SEGMENT_CS ? 0xa09b00 : 0xc09300, true);
    }
    view.setUint32(layout.SEGMENT_CS + layout.SEGMENT_SELECTOR, 8, true);
    set64(layout.SEGMENT_GDTR, GDT);
    view.setUint32(layout.SEGMENT_GDTR + layout.SEGMENT_LIMIT, 15, true);
    set64(layout.SEGMENT_IDTR, INTERRUPTS);
    view.setUint32(layout.SEGMENT_IDTR + layout.SEGMENT_LIMIT, 32 * 16 - 1, true);
    this.#cell.core['updateMode']();
  }

  /** Writes guest memory, lowest byte first. */
  write(address: number, value: bigint, bytes: number): void {
    const image = Uint8Array.from({ length: bytes }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
    this.#cell.guestMemory.writeBytes(guestPhysical(address), image);
  }

  read(address: number, bytes: number): bigint {
    return valueOf(this.#cell.guestMemory.readBytes(guestPhysical(address), bytes));
  }

  xmm(number: number): bigint {
    return valueOf(new Uint8Array(this.view.buffer, layout.XMM + number * layout.XMM_STRIDE, 16));
  }

  setXmm(number: number, value: bigint): void {
    const address = layout.XMM + number * layout.XMM_STRIDE;
    this.view.setBigUint64(address, BigInt.asUintN(64, value), true);
    this.view.setBigUint64(address + 8, BigInt.asUintN(64, value >> 64n), true);
  }

  register(number: number): bigint {
    return this.view.getBigUint64(layout.GPR + number * 8, true);
  }

  setRegister(number: number, value: bigint): void {
    this.view.setBigUint64(layout.GPR + number * 8, BigInt.asUintN(64, value), true);
  }

  /** CF PF AF ZF SF OF in their places. */
  get arithmeticFlags(): number {
    return this.#cell.exports['getFlags']() & 0x8d5;
  }

  /** Executes the instruction of these bytes, in hexadecimal; null when it raised nothing. */
  execute(bytes: string): Raised | null {
    const { view } = this;
    const length = bytes.replaceAll(' ', '').length / 2;
    const at = this.#next;
    this.#next = at + 64 < DATA ? at + 64 : CODE;
    const code = bytes.replaceAll(' ', '').match(/../g)!.toReversed().join('');
    this.write(at, BigInt(`0xf4${code}`), length + 1);
    view.setBigUint64(layout.RIP, BigInt(at), true);
    this.setRegister(4, BigInt(STACK));
    const stop = this.#vcpu.run(100);
    if (stop !== 'halt') throw new Error(`the instruction ${bytes} stopped with ${stop}`);
    const halted = Number(view.getBigUint64(layout.RIP, true)) - 1;
    if (halted === at + length) return null;
    const vector = halted - HANDLERS;
    if (!WITH_CODE.has(vector)) return { vector };
    return { vector, code: Number(this.read(Number(this.register(4)), 8)) };
  }

  /** XMM1 after the instruction whose ModRM byte CA names XMM1 and XMM2, which are set before. */
  combine(bytes: string, first: bigint, second: bigint): bigint {
    this.setXmm(1, first);
    this.setXmm(2, second);
    const raised = this.execute(bytes);
    if (raised) throw new Error(`the instruction ${bytes} raised vector ${raised.vector}`);
    return this.xmm(1);
  }
}

function valueOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** A generator of 128-bit numbers from a seed. */
export function randomVectors(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    let value = 0n;
    for (let part = 0; part < 4; part++) {
      state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
      value = (value << 32n) | (state >> 32n);
    }
    return value;
  };
}
