// A test cell that runs whole programs: exceptions go to handlers.ts, and it tells how many instructions were retired.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guestPhysical } from '../../src/base/address.ts';
import * as layout from '../../src/core/layout.ts';
import { DATA_FRAMES, DATA_TABLE } from '../instructions/guest-tables.ts';
import { DATA, DATA_SIZE, StateImage } from '../instructions/state-image.ts';
import { TestCell } from '../instructions/test-cell.ts';
import { AddressSpaces, FRAMES } from './address-spaces.ts';
import { Board } from './board.ts';
import { installHandlers, readFaults, resetHandlers, type Fault } from './handlers.ts';
import { DEVICE } from './plan.ts';
import { AREA, AREA_SIZE, type Assembled, type Intervention } from './program.ts';

/** The data and the page behind it that can only be read. */
export const DATA_PAGES = 3;
/** Bytes of code that are looked at together. */
const CHUNK = 1024;
const NO_EXECUTE = 1n << 63n;
/** The page of the device among those of the data, and its entry: present, writable, for users, used, of no memory. */
const DEVICE_PAGE = (DEVICE - DATA) / 4096;
const DEVICE_ENTRY = 0xfee00067n | NO_EXECUTE;

const interpreter = new WebAssembly.Module(
  readFileSync(join(import.meta.dirname, '../../..', 'interpreter.wasm')) as Uint8Array<ArrayBuffer>,
);

/** What a program has done when it ended, or when it had run as many instructions as it may. */
export interface Outcome {
  /** Registers; without exception when the program did not end. */
  readonly state: StateImage;
  readonly data: Uint8Array;
  /** The area in its first and second frames. */
  readonly code: readonly [Uint8Array, Uint8Array];
  readonly faults: readonly Fault[];
  readonly faultCount: number;
  /** Instructions, with those of the handlers; -1 when nobody counted. */
  readonly retired: number;
  readonly ended: boolean;
  /** Follows from what devices saw. */
  readonly board: number;
}

export class ProgramCell {
  readonly test: TestCell;
  readonly #spaces: AddressSpaces;
  readonly #board = new Board();
  #ended = false;
  #hasDevice = false;
  #eventsBefore = 0;

  /** @param translateAfter executions after which a block is translated; null: never */
  constructor(translateAfter: number | null) {
    this.test = new TestCell(translateAfter, interpreter, {}, this.#board.imports);
    this.#board.connect(this.test);
    installHandlers(this.#memory);
    this.#forbidExecutingData();
    this.#spaces = new AddressSpaces(this.test);
  }

  /** As in programs of Linux. */
  #forbidExecutingData(): void {
    for (let page = 0; page < DATA_PAGES; page++) {
      const entry = guestPhysical(DATA_TABLE + page * 8);
      this.#memory.write64(entry, this.#memory.read64(entry) | NO_EXECUTE);
    }
    this.test.core['flushAll']();
  }

  /** The device is there for programs that use it alone: others must find nothing there. */
  #mapDevice(isThere: boolean): void {
    if (isThere === this.#hasDevice) return;
    this.#hasDevice = isThere;
    this.#memory.write64(guestPhysical(DATA_TABLE + DEVICE_PAGE * 8), isThere ? DEVICE_ENTRY : 0n);
    this.test.core['flushPage'](BigInt(DEVICE));
  }

  get #memory(): TestCell['cell']['guestMemory'] {
    return this.test.cell.guestMemory;
  }

  get regions(): number {
    return this.test.vcpu.translator?.statistics.regions ?? 0;
  }

  /** Has the translator give up regions, as it does when there are too many. */
  evict(chosen: () => boolean): void {
    this.test.vcpu.translator?.evict(chosen);
  }

  /** Has a page of the data share its frame, so that the first store to it moves the page. */
  share(page: number): void {
    this.test.share(DATA_FRAMES + page * 4096);
  }

  get retired(): number {
    return this.test.vcpu.retired;
  }

  /** Exceptions and interrupts since the program began. */
  get events(): number {
    const count = (address: number): number => Number(this.test.view.getBigUint64(address, true));
    return count(layout.COUNT_EXCEPTIONS) + count(layout.COUNT_INTERRUPTS) - this.#eventsBefore;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Begins a program. Only code that is not there already is written, so that what was translated stays. */
  load({ state, data, code, alternate, lengths, frames, hasDevice }: Assembled): void {
    this.#ended = false;
    this.test.load(state, false);
    this.#eventsBefore += this.events;
    this.#board.reset();
    this.#mapDevice(hasDevice);
    this.#spaces.reset(frames);
    const memory = this.#memory;
    memory.writeBytes(guestPhysical(DATA_FRAMES), data);
    resetHandlers(memory, lengths);
    [code, alternate].forEach((wanted, which) => {
      const frame = FRAMES[which]!;
      const present = memory.readBytes(guestPhysical(frame), AREA_SIZE);
      for (let at = 0; at < AREA_SIZE; at += CHUNK) {
        const chunk = wanted.subarray(at, at + CHUNK);
        if (Buffer.compare(chunk, present.subarray(at, at + CHUNK)) === 0) continue;
        chunk.forEach((byte, i) => {
          if (present[at + i] !== byte) memory.write8(guestPhysical(frame + at + i), byte);
        });
      }
    });
  }

  /** Does what happens from outside. */
  intervene(intervention: Intervention, { resolve }: Assembled): void {
    switch (intervention.kind) {
      case 'write': {
        const at = FRAMES[0] + resolve(intervention) - AREA;
        return this.#memory.writeBytes(guestPhysical(at), Uint8Array.from(intervention.bytes));
      }
      case 'interrupt':
        return this.#board.interrupt(intervention.number);
      case 'map':
        return this.#spaces.map(intervention.page, intervention.which);
      case 'enter':
        return this.#spaces.enter(intervention.space, intervention.pcid, intervention.keeps);
    }
  }

  /** Runs on, at most `budget` instructions. */
  run(budget: number): void {
    const stop = this.test.vcpu.run(budget);
    if (stop === 'halt') this.#ended = true;
    else if (stop !== 'budget') throw new Error(`The program stopped with "${stop}".`);
  }

  outcome(): Outcome {
    const state = new StateImage();
    const { test } = this;
    test.save(state);
    if (this.#ended) test.saveException(state);
    else {
      state.rip = test.view.getBigUint64(layout.RIP, true);
      state.flags = test.core['getFlags']() as number;
    }
    const memory = this.#memory;
    const { count, faults } = readFaults(memory);
    return {
      state,
      data: memory.readBytes(guestPhysical(DATA_FRAMES), DATA_SIZE),
      code: [
        memory.readBytes(guestPhysical(FRAMES[0]), AREA_SIZE),
        memory.readBytes(guestPhysical(FRAMES[1]), AREA_SIZE),
      ],
      faults,
      faultCount: count,
      retired: this.retired,
      ended: this.#ended,
      board: this.#board.digest,
    };
  }
}
