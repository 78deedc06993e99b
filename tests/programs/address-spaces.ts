// The page tables of programs: two address spaces in which each page of the area, and each page of its copies behind it, lies
// in one of two frames. The second frames hold the same program with some instructions changed.

import { guestPhysical } from '../../src/base/address.ts';
import * as layout from '../../src/core/layout.ts';
import { CODE_FRAMES, CODE_TABLE, DIRECTORY, PML4, POINTERS } from '../instructions/guest-tables.ts';
import { CODE } from '../instructions/state-image.ts';
import type { TestCell } from '../instructions/test-cell.ts';
import { AREA, AREA_SIZE, COPIES, type Program } from './program.ts';

const PAGE = 4096;
const RIGHTS = 0x67;
/** Guest-physical addresses of the frames: as the program is, and changed. */
export const FRAMES: readonly [number, number] = [CODE_FRAMES + AREA - CODE, 0x50000];
/** Pages of the area and of its copies. */
export const PAGES = (COPIES * AREA_SIZE) / PAGE;

// The tables of the second space; all but the code is shared.
const SECOND_PML4 = 0x60000;
const SECOND_POINTERS = 0x61000;
const SECOND_DIRECTORY = 0x62000;
const SECOND_TABLE = 0x63000;
const roots = [PML4, SECOND_PML4] as const;
const tables = [CODE_TABLE, SECOND_TABLE] as const;
const CR4_PCIDE = 0x20000n;

export class AddressSpaces {
  readonly #test: TestCell;
  #current: 0 | 1 = 0;
  /** The last program used more than the first address space as it is at first. */
  #isChanged = false;

  constructor(test: TestCell) {
    this.#test = test;
    const copies = [
      [SECOND_PML4, PML4],
      [SECOND_POINTERS, POINTERS],
      [SECOND_DIRECTORY, DIRECTORY],
      [SECOND_TABLE, CODE_TABLE],
    ] as const;
    const { guestMemory } = test.cell;
    for (const [to, from] of copies) {
      guestMemory.writeBytes(guestPhysical(to), guestMemory.readBytes(guestPhysical(from), PAGE));
    }
    this.#set(SECOND_PML4, SECOND_POINTERS);
    this.#set(SECOND_POINTERS, SECOND_DIRECTORY);
    this.#set(SECOND_DIRECTORY + (CODE >>> 21) * 8, SECOND_TABLE);
    this.#mapAll(null);
    test.core['flushAll']();
  }

  #set(entry: number, frame: number): void {
    this.#test.cell.guestMemory.write64(guestPhysical(entry), BigInt(frame | RIGHTS));
  }

  #setPage(space: 0 | 1, page: number, which: 0 | 1): void {
    const index = (AREA - CODE) / PAGE + page;
    this.#set(tables[space] + index * 8, FRAMES[which] + ((page * PAGE) % AREA_SIZE));
  }

  #mapAll(frames: Program['frames']): void {
    for (let page = 0; page < PAGES; page++) {
      this.#setPage(0, page, frames?.[0][page] ?? 0);
      this.#setPage(1, page, frames?.[1][page] ?? 0);
    }
  }

  /** Goes back to the beginning, after the processor was loaded. */
  reset(frames: Program['frames']): void {
    const { view, core } = this.#test;
    const usesSpaces = frames !== null;
    this.#current = 0;
    if (!usesSpaces && !this.#isChanged) return;
    this.#isChanged = usesSpaces;
    this.#mapAll(frames);
    const cr4 = view.getBigUint64(layout.CR4, true);
    view.setBigUint64(layout.CR4, usesSpaces ? cr4 | CR4_PCIDE : cr4 & ~CR4_PCIDE, true);
    core['flushAll']();
    core['updateMode']();
  }

  /** Has a page of the current space lie in another frame, and does what INVLPG does. */
  map(page: number, which: 0 | 1): void {
    this.#isChanged = true;
    this.#setPage(this.#current, page, which);
    this.#test.core['flushPage'](BigInt(AREA + page * PAGE));
  }

  /** What MOV CR3 does. @param keeps bit 63: what is known of the PCID stays */
  enter(space: 0 | 1, pcid: number, keeps: boolean): void {
    this.#isChanged = true;
    this.#current = space;
    this.#test.view.setBigUint64(layout.CR3, BigInt(roots[space] | pcid), true);
    this.#test.core['loadAddressSpace'](keeps);
  }
}
