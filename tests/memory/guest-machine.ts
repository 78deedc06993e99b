// A cell with a processor whose registers a test sets by hand: the core's memory half without decoder and interpreter.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestPhysical } from '../../src/base/address.ts';
import { MIB } from '../../src/base/units.ts';
import {
  ARENA_NEXT,
  BLOCK_ADDRESS,
  BLOCK_BYTES,
  BLOCK_COUNT,
  BLOCK_HEADER,
  BLOCK_MODE,
  BLOCK_SECOND,
  BUDGET,
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  DECODE_ADDRESS,
  DECODE_MODE,
  DELIVERING,
  FAULT_CODE,
  FAULT_VECTOR,
  FRAME_FLAGS,
  MSR_EFER,
  P2M,
  RECORD_LENGTH,
  RECORD_OFFSET,
  RECORD_REMAINING,
  RECORD_SIZE,
  RFLAGS,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_ES,
  SEGMENT_LIMIT,
  SLICE,
  SLICE_LEFT,
} from '../../src/core/layout.ts';
import { Cell } from '../../src/memory/cell.ts';
import type { CoreImports } from '../../src/memory/core-imports.ts';
import { pcMemoryAreas } from '../../src/memory/physical-map.ts';
import type { MemoryArea } from '../../src/memory/physical-map.ts';

const coreModule = new WebAssembly.Module(
  readFileSync(join(import.meta.dirname, '../../../core/core.wasm')) as Uint8Array<ArrayBuffer>,
);

export const PRESENT = 1n;
export const WRITABLE = 2n;
export const USER = 4n;
export const ACCESSED = 0x20n;
export const DIRTY = 0x40n;
export const LARGE = 0x80n;
export const GLOBAL = 0x100n;
export const NO_EXECUTE = 1n << 63n;

export const CR0_PE = 1;
export const CR0_WP = 0x10000;
export const CR0_AM = 0x40000;
export const CR0_PG = 0x80000000;
export const CR4_PSE = 0x10;
export const CR4_PAE = 0x20;
export const CR4_PGE = 0x80;
export const CR4_LA57 = 0x1000;
export const CR4_PCIDE = 0x20000;
export const CR4_SMEP = 0x100000;
export const CR4_SMAP = 0x200000;
export const EFER_LONG = 0x500;
export const EFER_NXE = 0x800;
export const FLAG_AC = 0x40000;

/** Thrown by the core's `unwind`. */
export const UNWOUND: unique symbol = Symbol('unwound');

export interface Fault {
  readonly vector: number;
  readonly code: number;
  readonly cr2: bigint;
}

export interface MmioAccess {
  readonly address: number;
  readonly size: number;
  /** What was written; undefined for a read. */
  readonly value?: number;
}

export interface Mode {
  readonly kind: 'real' | '32-bit' | 'pae' | 'long' | 'la57' | 'compatibility';
  readonly cr0?: number;
  readonly cr4?: number;
  readonly efer?: number;
  readonly cpl?: number;
  readonly flags?: number;
}

const kinds = {
  real: { cr0: 0, cr4: 0, efer: 0, code: 0x9b00 },
  '32-bit': { cr0: CR0_PG + CR0_PE, cr4: CR4_PSE, efer: 0, code: 0xc09b00 },
  pae: { cr0: CR0_PG + CR0_PE, cr4: CR4_PAE, efer: 0, code: 0xc09b00 },
  long: { cr0: CR0_PG + CR0_PE, cr4: CR4_PAE, efer: EFER_LONG, code: 0xa09b00 },
  la57: { cr0: CR0_PG + CR0_PE, cr4: CR4_PAE + CR4_LA57, efer: EFER_LONG, code: 0xa09b00 },
  compatibility: { cr0: CR0_PG + CR0_PE, cr4: CR4_PAE, efer: EFER_LONG, code: 0xc09b00 },
} as const;

export class GuestMachine {
  readonly cell: Cell;
  // oxlint-disable-next-line no-explicit-any -- tests call exports that nothing but generated code calls
  readonly core: Record<string, any>;
  readonly view: DataView;
  readonly mmio: MmioAccess[] = [];
  /** What reads of devices return, by address; all ones elsewhere. */
  readonly deviceBytes = new Map<number, number>();
  /** Called at each write to a device. */
  onDeviceWrite: () => void = () => {};
  /** Vectors that `acknowledgeInterrupt` hands out. */
  readonly interrupts: number[] = [];
  /** Guest-physical address of the page-table root. */
  root = 0x100000;
  #nextTable = 0x101000;

  constructor(areas: readonly MemoryArea[] = pcMemoryAreas(64 * MIB)) {
    this.cell = new Cell({ core: coreModule, imports: this.#imports(), areas });
    this.core = this.cell.exports;
    this.view = new DataView(this.cell.memory.buffer);
    this.view.setInt32(FAULT_VECTOR, -1, true);
    this.view.setInt32(DELIVERING, -1, true);
    for (let segment = SEGMENT_ES; segment < SEGMENT_ES + 6 * 32; segment += 32) {
      this.view.setUint32(segment + SEGMENT_LIMIT, 0xffffffff, true);
      this.view.setUint32(segment + SEGMENT_ATTRIBUTES, 0xc09300, true);
    }
  }

  #imports(): CoreImports {
    return {
      unwind: () => {
        throw UNWOUND;
      },
      portRead: () => 0xffffffff,
      portWrite: () => {},
      mmioRead: (gfn, offset, size) => {
        const address = (gfn >>> 0) * 4096 + offset;
        this.mmio.push({ address, size });
        let value = 0;
        for (let i = 0; i < size; i += 1) value |= (this.deviceBytes.get(address + i) ?? 0xff) << (i * 8);
        return value;
      },
      mmioWrite: (gfn, offset, size, value) => {
        this.mmio.push({ address: (gfn >>> 0) * 4096 + offset, size, value: value >>> 0 });
        this.onDeviceWrite();
      },
      acknowledgeInterrupt: () => this.interrupts.shift() ?? -1,
      readTsc: () => 0,
      msrRead: () => 0,
      msrWrite: () => 0,
      cpuid: () => {},
      cr8Read: () => 0,
      cr8Write: () => {},
      randomWord: () => 4,
      timeStampChanged: () => {},
    };
  }

  /** Sets control registers, CS and CPL; everything that derives from them follows. Empties the TLB. */
  enter({ kind, cr0 = 0, cr4 = 0, efer = 0, cpl = 0, flags = 0 }: Mode): void {
    const base = kinds[kind];
    this.view.setBigUint64(CR0, BigInt(base.cr0 + cr0), true);
    this.view.setBigUint64(CR3, BigInt(this.root), true);
    this.view.setBigUint64(CR4, BigInt(base.cr4 + cr4), true);
    this.view.setBigUint64(MSR_EFER, BigInt(base.efer + efer), true);
    this.view.setUint32(SEGMENT_CS + SEGMENT_ATTRIBUTES, base.code, true);
    this.view.setUint32(CPL, cpl, true);
    this.view.setUint32(RFLAGS, 2 | flags, true);
    this.core['updateMode']();
    this.core['flushAll']();
  }

  /** Sets CS's base and limit. */
  setCode(base: number, limit: number): void {
    this.view.setBigUint64(SEGMENT_CS + SEGMENT_BASE, BigInt(base), true);
    this.view.setUint32(SEGMENT_CS + SEGMENT_LIMIT, limit, true);
    this.core['updateMode']();
  }

  /** A zeroed page for page tables. */
  newTable(): number {
    this.#nextTable += 4096;
    return this.#nextTable - 4096;
  }

  get64(physical: number): bigint {
    return this.cell.guestMemory.read64(guestPhysical(physical));
  }

  set64(physical: number, value: bigint): void {
    this.cell.guestMemory.write64(guestPhysical(physical), value);
  }

  get32(physical: number): number {
    return this.cell.guestMemory.read32(guestPhysical(physical));
  }

  set32(physical: number, value: number): void {
    this.cell.guestMemory.write32(guestPhysical(physical), value);
  }

  /**
   * Maps a page of 2^`shift` bytes (12, 21, 30) in the long-mode tables below `table` (of `levels` levels), and returns the
   * guest-physical address of the leaf entry. Entries on the way have `above`.
   */
  map(
    linear: bigint,
    entry: bigint,
    shift = 12,
    above = PRESENT | WRITABLE | USER,
    levels = 4,
    table = this.root,
  ): number {
    let at = table;
    for (let level = levels; ; level -= 1) {
      const bit = 12 + 9 * (level - 1);
      const slot = at + Number((linear >> BigInt(bit)) & 511n) * 8;
      if (bit === shift) {
        this.set64(slot, entry | (shift > 12 ? LARGE : 0n));
        return slot;
      }
      if ((this.get64(slot) & PRESENT) === 0n) this.set64(slot, BigInt(this.newTable()) | above);
      at = Number(this.get64(slot) & 0xfffffff000n);
    }
  }

  #result(machine: number): number | Fault {
    if (machine !== 0) return machine >>> 0;
    return {
      vector: this.view.getInt32(FAULT_VECTOR, true),
      code: this.view.getInt32(FAULT_CODE, true),
      cr2: this.view.getBigUint64(CR2, true),
    };
  }

  load(linear: bigint, access = 1): number | Fault {
    return this.#result(this.core['loadMiss'](linear, access, 0));
  }

  store(linear: bigint, access = 1): number | Fault {
    return this.#result(this.core['storeMiss'](linear, access, 0));
  }

  fetch(linear: bigint): number | Fault {
    return this.#result(this.core['translateFetch'](linear));
  }

  /** Machine address of a guest-physical address that has a frame. */
  machineOf(physical: number): number {
    const entry = this.view.getUint32(this.view.getUint32(P2M, true) + Math.floor(physical / 4096) * 4, true);
    return ((entry & 0xfffff000) >>> 0) + (physical % 4096);
  }

  frameFlags(machine: number): number {
    return this.view.getUint8(this.view.getUint32(FRAME_FLAGS, true) + Math.floor(machine / 4096));
  }

  /** Begins a slice of `budget` instructions at `rip`. */
  beginSlice(rip: bigint, budget = 1000): void {
    this.view.setBigUint64(RIP, rip, true);
    this.view.setInt32(BUDGET, budget, true);
    this.view.setInt32(SLICE_LEFT, 0, true);
    this.view.setInt32(SLICE, budget, true);
  }

  /**
   * What the decoder does after EXIT_DECODE: a block of `count` instructions of `length` bytes each at DECODE_ADDRESS,
   * for DECODE_MODE. Returns its first record.
   */
  decode(count = 1, length = 1, second = 0): number {
    const { view } = this;
    const address = view.getUint32(DECODE_ADDRESS, true);
    const block = view.getUint32(ARENA_NEXT, true);
    new Uint8Array(view.buffer, block, BLOCK_HEADER + count * RECORD_SIZE).fill(0);
    view.setUint32(block + BLOCK_ADDRESS, address, true);
    view.setUint32(block + BLOCK_MODE, view.getUint32(DECODE_MODE, true), true);
    view.setUint32(block + BLOCK_COUNT, count, true);
    view.setUint32(block + BLOCK_SECOND, second, true);
    view.setUint16(block + BLOCK_BYTES, count * length, true);
    for (let i = 0; i < count; i += 1) {
      const record = block + BLOCK_HEADER + i * RECORD_SIZE;
      view.setUint16(record + RECORD_OFFSET, (address + i * length) & 0xfff, true);
      view.setUint8(record + RECORD_LENGTH, length);
      view.setUint8(record + RECORD_REMAINING, count - i);
    }
    view.setUint32(ARENA_NEXT, block + BLOCK_HEADER + count * RECORD_SIZE, true);
    return this.core['noteCode'](block) >>> 0;
  }
}
