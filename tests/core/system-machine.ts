// A machine for tests of the core's system routines: the compiled core on a memory of its own, with a small guest
// memory. No instruction is interpreted; a test calls the routine that an instruction would call and looks at what became
// of registers and memory.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as layout from '../../src/core/layout.ts';

type Routine = (...values: (number | bigint)[]) => number | bigint;

function findCore(): Uint8Array<ArrayBuffer> {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return new Uint8Array(readFileSync(process.env['LODGE_CORE'] ?? join(folder, 'build/core/core.wasm')));
}

const module = new WebAssembly.Module(findCore());

const PAGE = 4096;
const GUEST_FRAMES = 4096;
/** What the layout fixes, and 18 MiB for the guest and the tables. */
const MEMORY_PAGES = Math.ceil(layout.DYNAMIC / 65536) + 288;
/** The registers by encoding number, as cells. */
export const RAX = layout.GPR;
export const RCX = layout.GPR + 8;
export const RDX = layout.GPR + 16;
export const RSP = layout.GPR + 32;
export const R11 = layout.GPR + 88;

/** What `execute` saw: vectors raised by routines in order, and whether the vCPU shut down. */
export interface Outcome {
  readonly raised: readonly { readonly vector: number; readonly code: number }[];
  readonly isShutDown: boolean;
  readonly result: number | bigint;
}

class Unwound extends Error {}

export class SystemMachine {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #exports: Record<string, unknown>;
  readonly portReads: number[] = [];
  readonly portWrites: (readonly [port: number, size: number, value: number])[] = [];
  readonly msrs = new Map<number, bigint>();
  tsc = 1000;
  interrupts: number[] = [];

  constructor() {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: 65536 });
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    const env = {
      memory,
      unwind: () => {
        throw new Unwound();
      },
      portRead: (port: number) => {
        this.portReads.push(port);
        return 0x5a;
      },
      portWrite: (port: number, size: number, value: number) => {
        this.portWrites.push([port, size, value]);
      },
      mmioRead: () => 0xffffffff,
      mmioWrite: () => {},
      acknowledgeInterrupt: () => this.interrupts.shift() ?? -1,
      readTsc: () => this.tsc,
      msrRead: (index: number) => {
        const value = this.msrs.get(index >>> 0);
        if (value === undefined) return 0;
        this.set64(layout.RESULT, value);
        return 1;
      },
      msrWrite: (index: number) => {
        if (!this.msrs.has(index >>> 0)) return 0;
        this.msrs.set(index >>> 0, this.get64(layout.RESULT));
        return 1;
      },
      cpuid: () => {},
      cr8Read: () => 5,
      cr8Write: () => {},
      randomWord: () => 4,
      timeStampChanged: () => {},
      outOfFrames: () => 0,
      abort: () => {
        throw new Error('the core aborted');
      },
    };
    this.#exports = new WebAssembly.Instance(module, { env }).exports;
    this.#setUpCell();
    this.set32(layout.RFLAGS, 2);
    this.set64(layout.FLAG_RESULT, 0x100n);
    this.set64(layout.FLAG_AUX, 0x100n);
    this.set32(layout.DELIVERING, 0xffffffff);
    this.set64(layout.CR0, 0x10n);
    for (let segment = layout.SEGMENT_ES; segment <= layout.SEGMENT_GS; segment += 32) {
      this.setSegment(segment, 0, 0n, 0xffff, 0x9300);
    }
    this.setSegment(layout.SEGMENT_LDTR, 0, 0n, 0xffff, 1);
    this.setSegment(layout.SEGMENT_TR, 0, 0n, 0xffff, 0x8b00);
    this.set32(layout.SEGMENT_IDTR + layout.SEGMENT_LIMIT, 0x3ff);
    this.core('updateMode');
  }

  /** Tables of the cell and 16 MiB of guest memory from guest-physical address 0. */
  #setUpCell(): void {
    const frames = (MEMORY_PAGES * 65536) / PAGE;
    let next = layout.DYNAMIC;
    const table = (cell: number, bytes: number): void => {
      this.set32(cell, next);
      next += Math.ceil(bytes / PAGE) * PAGE;
    };
    table(layout.FRAME_FLAGS, frames);
    table(layout.CODE_MAPS, frames * 8);
    table(layout.FRAME_BLOCKS, frames * 4);
    table(layout.WRITE_LINES, frames * 4);
    table(layout.P2M, GUEST_FRAMES * 4);
    table(layout.ZERO_FRAME, PAGE);
    table(layout.OPEN_BUS_FRAME, PAGE);
    const openBus = this.get32(layout.OPEN_BUS_FRAME);
    this.#bytes.fill(0xff, openBus, openBus + PAGE);
    this.set32(layout.P2M_COUNT, GUEST_FRAMES);
    this.set32(layout.FRAME_NEXT, next);
    this.set32(layout.FRAME_END, MEMORY_PAGES * 65536);
    this.set32(layout.ARENA_NEXT, layout.ARENA);
    this.set32(layout.ARENA_END, layout.ARENA + layout.ARENA_SIZE);
    this.core('resetTlb');
    this.core('mapMemory', 0, GUEST_FRAMES, 0);
  }

  // ---- State cells. ----
  get32(address: number): number {
    return this.#view.getUint32(address, true);
  }
  set32(address: number, value: number): void {
    this.#view.setUint32(address, value, true);
  }
  get64(address: number): bigint {
    return this.#view.getBigUint64(address, true);
  }
  set64(address: number, value: bigint): void {
    this.#view.setBigUint64(address, BigInt.asUintN(64, value), true);
  }
  setSegment(segment: number, selector: number, base: bigint, limit: number, attributes: number): void {
    this.set64(segment + layout.SEGMENT_BASE, base);
    this.set32(segment + layout.SEGMENT_LIMIT, limit);
    this.set32(segment + layout.SEGMENT_ATTRIBUTES, attributes);
    this.set32(segment + layout.SEGMENT_SELECTOR, selector);
  }
  selector(segment: number): number {
    return this.get32(segment + layout.SEGMENT_SELECTOR);
  }
  get rip(): bigint {
    return this.get64(layout.RIP);
  }
  get flags(): number {
    return this.core('getFlags') as number;
  }

  // ---- Guest memory by guest-physical address. ----
  #machine(physical: number): number {
    const frame = this.core('frameForWrite', physical >>> 12) as number;
    if (frame === 0) throw new Error(`guest-physical address ${physical.toString(16)} is not memory`);
    return frame + (physical & 0xfff);
  }
  poke(physical: number, size: 1 | 2 | 4 | 8, value: number | bigint): void {
    for (let i = 0; i < size; i++) {
      this.#bytes[this.#machine(physical + i)] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn);
    }
  }
  peek(physical: number, size: 1 | 2 | 4 | 8): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) value |= BigInt(this.#bytes[this.#machine(physical + i)]!) << BigInt(8 * i);
    return value;
  }
  /** `count` values of `size` bytes from `physical` on. */
  words(physical: number, size: 2 | 4 | 8, count: number): bigint[] {
    return Array.from({ length: count }, (_, i) => this.peek(physical + i * size, size));
  }
  /** A descriptor of 8 bytes: attributes as in layout.ts, limit in units of G. */
  descriptor(physical: number, base: number, limit: number, attributes: number): void {
    const high = ((base & 0xff000000) >>> 0) + ((base >>> 16) & 0xff) + (limit & 0xf0000) + attributes;
    this.poke(physical, 4, (((base & 0xffff) << 16) >>> 0) + (limit & 0xffff));
    this.poke(physical + 4, 4, high);
  }
  /** A gate: `attributes` has the type, DPL and P; the low byte the IST index or the number of parameters. */
  gate(physical: number, selector: number, offset: bigint, attributes: number, isLong = false): void {
    this.poke(physical, 4, (BigInt(selector) << 16n) | (offset & 0xffffn));
    this.poke(physical + 4, 4, (offset & 0xffff0000n) | BigInt(attributes));
    if (isLong) this.poke(physical + 8, 8, offset >> 32n);
  }

  // ---- Running. ----
  /** Calls an export of the core without an instruction around it. */
  core(name: string, ...values: (number | bigint)[]): number | bigint {
    const routine = this.#exports[name];
    if (typeof routine !== 'function') throw new Error(`the core has no export ${name}`);
    return (routine as Routine)(...values);
  }

  /** Calls a routine as the instruction of `length` bytes at `rip` would, and delivers what it raises. */
  execute(rip: bigint, length: number, name: string, ...values: (number | bigint)[]): Outcome {
    const record = layout.RESULT + 0x40;
    this.set32(layout.CURRENT, record);
    this.set64(layout.CODE_PAGE, rip - 0x10n);
    this.#view.setUint16(record + layout.RECORD_OFFSET, 0x10, true);
    this.#view.setUint8(record + layout.RECORD_LENGTH, length);
    this.#view.setUint8(record + layout.RECORD_REMAINING, 1);
    this.set32(layout.BUDGET, 100);
    return this.run(() => this.core(name, ...values));
  }

  /** Raises an exception in the instruction at `rip`. */
  fault(rip: bigint, vector: number, code: number): Outcome {
    return this.execute(rip, 2, 'raise', vector, code);
  }

  /** Runs `action` as the run loop does: what is raised is delivered, and so is what that raises. */
  run(action: () => number | bigint): Outcome {
    const raised: { vector: number; code: number }[] = [];
    let next = action;
    this.set32(layout.EXIT_REASON, layout.EXIT_RESUME);
    for (;;) {
      try {
        const result = next();
        return { raised, isShutDown: this.get32(layout.EXIT_REASON) === layout.EXIT_SHUTDOWN, result };
      } catch (error) {
        if (!(error instanceof Unwound)) throw error;
        const code = this.get32(layout.FAULT_CODE) | 0;
        raised.push({ vector: this.get32(layout.FAULT_VECTOR), code });
        next = () => this.core('deliverCurrent');
      }
    }
  }
}
