// A cell: one machine memory, the core in it, and one domain's guest-physical memory.

import { PAGE_SIZE } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import { MIB } from '../base/units.ts';
import {
  ARENA,
  ARENA_END,
  ARENA_NEXT,
  ARENA_SIZE,
  CODE_MAPS,
  FRAME_BLOCKS,
  FRAME_END,
  FRAME_FLAGS,
  FRAME_NEXT,
  FRAMES_USED,
  OPEN_BUS_FRAME,
  P2M,
  P2M_COUNT,
  WRITE_LINES,
  ZERO_FRAME,
} from '../core/layout.ts';
import type { CoreExports } from './core-exports.ts';
import type { CoreImports } from './core-imports.ts';
import { DomainMemory } from './domain-memory.ts';
import { layOutMachine, WASM_PAGE } from './machine-layout.ts';
import type { MachineLayout } from './machine-layout.ts';
import { framesOf, p2mEntriesOf } from './physical-map.ts';
import type { MemoryArea } from './physical-map.ts';

export interface CellOptions {
  /** core.wasm: its bytes, or the compiled module. */
  readonly core: Uint8Array | WebAssembly.Module;
  readonly imports: CoreImports;
  /** Guest-physical memory. */
  readonly areas: readonly MemoryArea[];
}

export class Cell {
  /** Machine memory. It never grows, so views of its buffer stay valid. */
  readonly memory: WebAssembly.Memory;
  /** Every export of core.wasm, for modules that import them by name. */
  // oxlint-disable-next-line no-explicit-any -- the exports of a module are whatever it says they are
  readonly exports: Record<string, any>;
  readonly core: CoreExports;
  /** The domain's memory, as devices and boot loaders reach it. */
  readonly guestMemory: DomainMemory;
  readonly #view: DataView;

  /**
   * @throws UserError when the guest does not fit a cell, or the host has no address space left for it.
   */
  constructor(options: CellOptions) {
    const layout = layOutMachine(framesOf(options.areas), p2mEntriesOf(options.areas));
    this.memory = allocateMemory(layout.end);
    this.#view = new DataView(this.memory.buffer);
    this.#writeLayout(layout, p2mEntriesOf(options.areas));
    const module = options.core instanceof Uint8Array ? new WebAssembly.Module(options.core) : options.core;
    const outOfFrames = (): never => {
      // The layout has a frame for each page of the guest, so only the monitor's own frames can have used them up.
      throw new Error(`The cell has used all of its ${(layout.end - layout.frames) / PAGE_SIZE} frames.`);
    };
    const env = { ...bound(options.imports), memory: this.memory, outOfFrames };
    this.exports = new WebAssembly.Instance(module, { env }).exports;
    this.core = this.exports as unknown as CoreExports;
    this.core.resetTlb();
    this.#takeOwnFrames();
    for (const { address, length, rom } of options.areas) {
      this.core.mapMemory(address / PAGE_SIZE, length / PAGE_SIZE, rom ? 1 : 0);
    }
    this.guestMemory = new DomainMemory(this.memory, this.core);
  }

  /** Machine frames that hold something now: an upper bound of what the guest costs, in frames. */
  get framesUsed(): number {
    return this.#view.getUint32(FRAMES_USED, true);
  }

  #writeLayout(layout: MachineLayout, p2mEntries: number): void {
    const values: readonly (readonly [address: number, value: number])[] = [
      [FRAME_FLAGS, layout.frameFlags],
      [CODE_MAPS, layout.codeMaps],
      [FRAME_BLOCKS, layout.frameBlocks],
      [WRITE_LINES, layout.writeLines],
      [P2M, layout.p2m],
      [P2M_COUNT, p2mEntries],
      [FRAME_NEXT, layout.frames],
      [FRAME_END, layout.end % 2 ** 32],
      [ARENA_NEXT, ARENA],
      [ARENA_END, ARENA + ARENA_SIZE],
    ];
    for (const [address, value] of values) this.#view.setUint32(address, value, true);
  }

  #takeOwnFrames(): void {
    this.#view.setUint32(ZERO_FRAME, this.core.allocateFrame(), true);
    const ones = this.core.allocateFrame() >>> 0;
    new Uint8Array(this.memory.buffer, ones, PAGE_SIZE).fill(0xff);
    this.#view.setUint32(OPEN_BUS_FRAME, ones, true);
  }
}

/** The callbacks as functions of their own, for a class may implement them. */
function bound(imports: CoreImports): CoreImports {
  return {
    unwind: () => imports.unwind(),
    portRead: (port, size) => imports.portRead(port, size),
    portWrite: (port, size, value) => imports.portWrite(port, size, value),
    mmioRead: (gfn, offset, size) => imports.mmioRead(gfn, offset, size),
    mmioWrite: (gfn, offset, size, value) => imports.mmioWrite(gfn, offset, size, value),
    acknowledgeInterrupt: () => imports.acknowledgeInterrupt(),
    readTsc: () => imports.readTsc(),
    msrRead: (index) => imports.msrRead(index),
    msrWrite: (index) => imports.msrWrite(index),
    cpuid: () => imports.cpuid(),
    cr8Read: () => imports.cr8Read(),
    cr8Write: (value) => imports.cr8Write(value),
    randomWord: () => imports.randomWord(),
    timeStampChanged: () => imports.timeStampChanged(),
  };
}

function allocateMemory(bytes: number): WebAssembly.Memory {
  const pages = bytes / WASM_PAGE;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new UserError(
      `The host refuses ${Math.ceil(bytes / MIB)} MiB of address space for machine memory; give the guest less with --memory.`,
      { cause },
    );
  }
}
