// A cell with a processor in long mode at CPL 3, as a program of 64-bit Linux finds it: the same selectors, flat segments,
// the code and data of state-image.ts. Whatever ends the instruction (INT3 behind it, or a fault) goes through the IDT to a
// handler that halts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestPhysical } from '../../src/base/address.ts';
import { MIB } from '../../src/base/units.ts';
import * as layout from '../../src/core/layout.ts';
import { unwound, Vcpu } from '../../src/cpu/vcpu.ts';
import { Cell } from '../../src/memory/cell.ts';
import type { CoreImports } from '../../src/memory/core-imports.ts';
import { pcMemoryAreas } from '../../src/memory/physical-map.ts';
import { Translator, type InterpreterExports, type TranslatorOptions } from '../../src/translate/region/translator.ts';
import type { Thresholds } from '../../src/translate/region/thresholds.ts';
import {
  buildTables,
  CODE_FRAMES,
  DATA_FRAMES,
  GDT,
  HANDLERS,
  IDT,
  LDT,
  LDT_CODE_16,
  LDT_SMALL,
  PML4,
  STACK_END,
  SYSTEM,
  TSS,
  USER32_CS,
  USER_CS,
  USER_DS,
} from './guest-tables.ts';
import { CODE, DATA, pattern, SMALL_BASE, SMALL_LIMIT, WINDOW, WINDOW_SIZE, type StateImage } from './state-image.ts';

const build = join(import.meta.dirname, '../../..');
const load = (file: string): WebAssembly.Module =>
  new WebAssembly.Module(readFileSync(join(build, file)) as Uint8Array<ArrayBuffer>);

const PAGE = 4096;
/** HOT_MASK of a cell that translates nothing. */
const NEVER_HOT = 0xffff_ffff;
// Attributes as layout.ts keeps them.
const CODE_64 = 0xa0fb00;
const CODE_32 = 0xcffb00;
const CODE_16 = 0x00fb00;
const DATA_32 = 0xcff300;
const DATA_SMALL = 0x40f300;
const FLAT = 0xffffffff;

const ALL_FLAGS = 0xffffffff | 0;
const CR0 = 0x80050033n; // PG AM WP NE ET MP PE
const CR4 = 0x50660n; // PAE MCE OSFXSR OSXMMEXCPT FSGSBASE OSXSAVE
const EFER = 0xd01n; // SCE LME LMA NXE

/** Regions that lead to each other soon become larger ones, so that tests see both. */
const thresholds = (hot: number): Thresholds => ({ hot, busy: 4 * hot });

const withErrorCode = new Set([8, 10, 11, 12, 13, 14, 17]);

export class TestCell {
  readonly cell: Cell;
  readonly vcpu: Vcpu;
  // oxlint-disable-next-line typescript/no-explicit-any -- core routines are called by name
  readonly core: Record<string, any>;
  readonly view: DataView;
  readonly #bytes: Uint8Array;
  /** The state that every case starts from. */
  readonly #fresh: Uint8Array;
  readonly #stack: number;
  /** Frames by the pages that share them, or did. */
  readonly #shared = new Map<number, number>();

  /**
   * @param translateAfter executions, a power of two, after which a block is translated; null: never
   * @param interpreter the built one, or another
   * @param options of the translator
   * @param board answers of its own to what the core asks of a board
   */
  constructor(
    translateAfter: number | null = null,
    interpreter = load('interpreter.wasm'),
    options: TranslatorOptions = {},
    board: Partial<CoreImports> = {},
  ) {
    const imports = { ...this.#imports(), ...board };
    const cell = new Cell({ core: load('core/core.wasm'), imports, areas: pcMemoryAreas(2 * MIB) });
    this.cell = cell;
    const { memory } = cell;
    this.view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.core = cell.exports;
    const instance = new WebAssembly.Instance(interpreter, { env: { memory }, core: cell.exports });
    const exports = instance.exports as InterpreterExports;
    this.view.setUint32(layout.HOT_MASK, NEVER_HOT, true);
    const translator =
      translateAfter === null
        ? null
        : new Translator(memory, cell.exports, exports, thresholds(translateAfter), options);
    this.vcpu = new Vcpu(memory, cell.core, exports['run'] as () => number, translator);
    buildTables(cell.guestMemory);
    this.#stack = this.#machine(STACK_END - PAGE);
    this.#bytes.fill(0, layout.STATE, layout.CORE_PRIVATE);
    this.#writeProcessor();
    this.#fresh = this.#bytes.slice(layout.STATE, layout.CORE_PRIVATE);
  }

  /** Has a page share its frame, as with another domain, so that the first store to it gives it another one. */
  share(physical: number): void {
    const entry = this.view.getUint32(layout.P2M, true) + (physical / PAGE) * 4;
    const mapping = this.view.getUint32(entry, true);
    if ((mapping & layout.P2M_RAM) === 0) return;
    const frame = (mapping & ~(PAGE - 1)) >>> 0;
    const earlier = this.#shared.get(physical);
    if (earlier !== undefined && earlier !== frame) this.core['freeFrame'](earlier);
    this.#shared.set(physical, frame);
    this.view.setUint32(entry, (mapping | layout.P2M_READ_ONLY) >>> 0, true);
    this.core['flushAll']();
  }

  #machine(physical: number): number {
    return this.cell.core.frameForWrite(physical / PAGE) >>> 0;
  }

  /** Machine addresses of the two data pages. */
  get #data(): readonly [number, number] {
    return [this.#machine(DATA_FRAMES), this.#machine(DATA_FRAMES + PAGE)];
  }

  #imports() {
    const nothing = (): number => 0;
    return {
      unwind: () => {
        throw unwound;
      },
      portRead: nothing,
      portWrite: () => {},
      mmioRead: () => -1,
      mmioWrite: () => {},
      acknowledgeInterrupt: () => -1,
      readTsc: nothing,
      msrRead: nothing,
      msrWrite: nothing,
      cpuid: () => {},
      cr8Read: nothing,
      cr8Write: () => {},
      randomWord: nothing,
      timeStampChanged: () => {},
    };
  }

  #writeProcessor(): void {
    const { view } = this;
    const set64 = (address: number, value: bigint): void => view.setBigUint64(address, value, true);
    const segment = (address: number, selector: number, base: bigint, limit: number, attributes: number): void => {
      set64(address + layout.SEGMENT_BASE, base);
      view.setUint32(address + layout.SEGMENT_LIMIT, limit, true);
      view.setUint32(address + layout.SEGMENT_ATTRIBUTES, attributes, true);
      view.setUint32(address + layout.SEGMENT_SELECTOR, selector, true);
    };
    set64(layout.WIDE_STEP, 0x10000n);
    set64(layout.CR0, CR0);
    set64(layout.CR3, BigInt(PML4));
    set64(layout.CR4, CR4);
    set64(layout.MSR_EFER, EFER);
    set64(layout.XCR0, 3n);
    set64(layout.DR0 + 6 * 8, 0xffff0ff0n);
    set64(layout.DR0 + 7 * 8, 0x400n);
    segment(layout.SEGMENT_SS, USER_DS, 0n, FLAT, DATA_32);
    segment(layout.SEGMENT_ES, 0, 0n, 0, 1);
    segment(layout.SEGMENT_DS, 0, 0n, 0, 1);
    segment(layout.SEGMENT_FS, 0, 0n, 0, 1);
    segment(layout.SEGMENT_GS, 0, 0n, 0, 1);
    segment(layout.SEGMENT_LDTR, 0x50, SYSTEM + BigInt(LDT), 15, 0x8200);
    segment(layout.SEGMENT_TR, 0x40, SYSTEM + BigInt(TSS), 0x67, 0x8b00);
    segment(layout.SEGMENT_GDTR, 0, SYSTEM + BigInt(GDT), 0x7f, 0);
    segment(layout.SEGMENT_IDTR, 0, SYSTEM + BigInt(IDT), 0xfff, 0);
    view.setUint32(layout.CPL, 3, true);
    view.setInt32(layout.FAULT_VECTOR, -1, true);
    view.setInt32(layout.FAULT_CODE, -1, true);
    view.setInt32(layout.DELIVERING, -1, true);
  }

  /** Puts a case into processor and memory; without its code when that is there from the last time. */
  load(image: StateImage, withCode = true): void {
    const { view } = this;
    this.#bytes.set(this.#fresh, layout.STATE);
    const { codeSize } = image;
    const code = layout.SEGMENT_CS;
    view.setUint32(
      code + layout.SEGMENT_SELECTOR,
      codeSize === 64 ? USER_CS : codeSize === 32 ? USER32_CS : LDT_CODE_16,
      true,
    );
    view.setUint32(
      code + layout.SEGMENT_ATTRIBUTES,
      codeSize === 64 ? CODE_64 : codeSize === 32 ? CODE_32 : CODE_16,
      true,
    );
    view.setUint32(code + layout.SEGMENT_LIMIT, codeSize === 16 ? 0xffff : FLAT, true);
    view.setBigUint64(code + layout.SEGMENT_BASE, codeSize === 16 ? BigInt(CODE) : 0n, true);
    // A 64-bit program has null selectors here; one of another size needs data segments.
    for (const segment of codeSize === 64 ? [] : [layout.SEGMENT_ES, layout.SEGMENT_DS]) {
      view.setUint32(segment + layout.SEGMENT_SELECTOR, image.isSmall ? LDT_SMALL : USER_DS, true);
      view.setUint32(segment + layout.SEGMENT_ATTRIBUTES, image.isSmall ? DATA_SMALL : DATA_32, true);
      view.setUint32(segment + layout.SEGMENT_LIMIT, image.isSmall ? SMALL_LIMIT : FLAT, true);
      view.setBigUint64(segment + layout.SEGMENT_BASE, image.isSmall ? BigInt(SMALL_BASE) : 0n, true);
    }
    view.setBigUint64(layout.SEGMENT_FS, image.fsBase, true);
    view.setBigUint64(layout.SEGMENT_GS, image.gsBase, true);
    for (let i = 0; i < 16; i++) {
      view.setBigUint64(layout.GPR + i * 8, image.register(i), true);
      const xmm = image.xmm(i);
      view.setBigUint64(layout.XMM + i * layout.XMM_STRIDE, BigInt.asUintN(64, xmm), true);
      view.setBigUint64(layout.XMM + i * layout.XMM_STRIDE + 8, xmm >> 64n, true);
    }
    const top = (image.fpuStatus >> 11) & 7;
    for (let i = 0; i < 8; i++) {
      const value = image.st(i);
      const at = layout.FPR + ((top + i) & 7) * 16;
      view.setBigUint64(at, BigInt.asUintN(64, value), true);
      view.setUint16(at + 8, Number(value >> 64n), true);
    }
    view.setUint16(layout.FPU_CONTROL, image.fpuControl, true);
    view.setUint16(layout.FPU_STATUS, image.fpuStatus & ~0x3800, true);
    view.setUint32(layout.FPU_TOP, top, true);
    view.setUint8(layout.FPU_TAG, image.fpuTag);
    view.setUint32(layout.MXCSR, image.mxcsr, true);
    view.setBigUint64(layout.RIP, image.rip, true);
    this.core['updateMode']();
    this.core['setFlags'](image.flags, ALL_FLAGS);
    const data = this.#data;
    data.forEach((machine, page) => this.#bytes.set(pattern.subarray(page * PAGE, (page + 1) * PAGE), machine));
    const half = WINDOW_SIZE / 2;
    this.#bytes.set(image.window.subarray(0, half), data[0] + PAGE - half);
    this.#bytes.set(image.window.subarray(half), data[1]);
    if (withCode) this.#writeCode(image.rip, image.codeSize, image.instruction);
  }

  #writeCode(rip: bigint, codeSize: number, bytes: Uint8Array): void {
    const offset = codeSize === 16 ? Number(rip) : Number(rip) - CODE;
    this.cell.guestMemory.writeBytes(guestPhysical(CODE_FRAMES + offset), bytes);
  }

  /** Takes the instruction of a case out again. */
  clear(image: StateImage): void {
    this.#writeCode(image.rip, image.codeSize, image.instruction.slice().fill(0xcc));
  }

  /** Copies into an answer everything but exception, RIP, flags and stack pointer. */
  save(answer: StateImage): void {
    const { view } = this;
    answer.fsBase = view.getBigUint64(layout.SEGMENT_FS, true);
    answer.gsBase = view.getBigUint64(layout.SEGMENT_GS, true);
    for (let i = 0; i < 16; i++) {
      answer.setRegister(i, view.getBigUint64(layout.GPR + i * 8, true));
      const xmm = layout.XMM + i * layout.XMM_STRIDE;
      answer.setXmm(i, view.getBigUint64(xmm, true) | (view.getBigUint64(xmm + 8, true) << 64n));
    }
    const top = view.getUint32(layout.FPU_TOP, true);
    for (let i = 0; i < 8; i++) {
      const at = layout.FPR + ((top + i) & 7) * 16;
      answer.setSt(i, view.getBigUint64(at, true) | (BigInt(view.getUint16(at + 8, true)) << 64n));
    }
    answer.fpuControl = view.getUint16(layout.FPU_CONTROL, true);
    answer.fpuStatus = view.getUint16(layout.FPU_STATUS, true) | (top << 11);
    answer.fpuTag = view.getUint8(layout.FPU_TAG);
    answer.mxcsr = view.getUint32(layout.MXCSR, true);
    const half = WINDOW_SIZE / 2;
    const [first, second] = this.#data;
    answer.window.set(this.#bytes.subarray(first + PAGE - half, first + PAGE));
    answer.window.set(this.#bytes.subarray(second, second + half), half);
    answer.changedOutside =
      differs(this.#bytes, first, 0, WINDOW - DATA) || differs(this.#bytes, second + half, PAGE + half, PAGE - half);
  }

  /** After a run that ended in a handler: the exception and what it pushed. */
  saveException(answer: StateImage): void {
    const { view } = this;
    const vector = Number(view.getBigUint64(layout.RIP, true) - SYSTEM) - HANDLERS - 1;
    const pushed = Number(view.getBigUint64(layout.GPR + 4 * 8, true) - SYSTEM) - (STACK_END - PAGE) + this.#stack;
    const hasError = withErrorCode.has(vector);
    const frame = hasError ? pushed + 8 : pushed;
    const error = hasError ? view.getUint32(pushed, true) : 0;
    answer.setException(vector, error, view.getBigUint64(layout.CR2, true));
    answer.rip = view.getBigUint64(frame, true);
    answer.flags = view.getUint32(frame + 16, true);
    answer.setRegister(4, view.getBigUint64(frame + 24, true));
  }
}

function differs(bytes: Uint8Array, at: number, patternAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== pattern[patternAt + i]) return true;
  return false;
}
