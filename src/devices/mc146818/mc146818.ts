import type { Board } from '../../base/board.ts';
import { wallClockMilliseconds } from '../../base/clock.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import { StateError } from '../../base/errors.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { Timer } from '../../base/timer.ts';
import { NEVER, SECOND } from '../../base/units.ts';
import { initialMemory } from './cmos-memory.ts';
import type { MemorySize } from './cmos-memory.ts';
import { CMOS, mc146818State } from './mc146818-state.ts';
import type { Mc146818State } from './mc146818-state.ts';
import { loadTime, nextAlarm, storeTime, TIME_REGISTERS } from './time-registers.ts';

export interface Mc146818Options {
  readonly memory: MemorySize;
  /** Told whether bit 7 of port 0x70 masks non-maskable interrupts. */
  readonly onNonMaskableMask?: (masked: boolean) => void;
}

const UPDATE = 0x10;
const ALARM = 0x20;
const PERIODIC = 0x40;
const INTERRUPT = 0x80;
const SET = 0x80;
const UPDATE_IN_PROGRESS = 0x80;
/** Register A says so from 244 µs before a second begins. */
const UPDATE_WARNING = 244_000;
/** The furthest time from 1970 that a date can have. */
const LAST_SECOND = 8.64e12;
const CRYSTAL_HERTZ = 32_768;

/** The real-time clock and its CMOS memory at ports 0x70 and 0x71, on IRQ8. */
export class Mc146818 implements Device {
  readonly name = 'mc146818';
  readonly schema = mc146818State;
  readonly #board: Board;
  readonly #options: Mc146818Options;
  readonly #claim: Disposable;
  readonly #interrupt: InterruptLine;
  readonly #timer: Timer;
  #state: Mc146818State = mc146818State.initial();
  #interruptConnected = true;

  constructor(board: Board, options: Mc146818Options) {
    this.#board = board;
    this.#options = options;
    this.#interrupt = board.interruptLine(8);
    this.#timer = board.timer(() => this.#update());
    this.#state.memory = initialMemory(options.memory);
    // The battery kept the clock running: it shows the wall clock's time.
    const milliseconds = wallClockMilliseconds(board.clock);
    const now = board.clock.now();
    this.#state.seconds = Math.floor(milliseconds / 1000);
    this.#state.since = now - (milliseconds - this.#state.seconds * 1000) * 1e6;
    this.#state.checked = now;
    this.#claim = board.claimPorts({
      owner: this.name,
      first: 0x70,
      count: 2,
      handler: {
        read: (port) => (port === 0x70 ? 0xff : this.#read(this.#state.index & 0x7f)),
        write: (port, _size, value) => {
          if (port === 0x71) this.#write(this.#state.index & 0x7f, value);
          else this.#writeIndex(value);
        },
      },
    });
  }

  /** Cuts the clock off IRQ8 while the HPET's legacy replacement drives it. */
  connectInterrupt(connected: boolean): void {
    this.#interruptConnected = connected;
    this.#update();
  }

  /** Sets a byte of the CMOS memory that means something to firmware, such as the boot order. */
  setMemory(offset: number, value: number): void {
    this.#state.memory[offset] = value;
  }

  /** The reset pin disables interrupts and clears their flags; time and memory stay (data sheet, "RESET"). */
  reset(): void {
    this.#state.memory[CMOS.b] = this.#registerB() & ~0x78;
    this.#state.flags = 0;
    this.#state.checked = this.#board.clock.now();
    this.#writeIndex(0);
    this.#update();
  }

  save(): SavedState {
    return mc146818State.encode(this.#state);
  }

  restore(saved: SavedState): void {
    const state = mc146818State.decode(saved);
    if (!Number.isInteger(state.seconds) || Math.abs(state.seconds) > LAST_SECOND) {
      throw new StateError(
        `The saved state of '${this.name}' has a time that no calendar has: ${state.seconds} seconds.`,
      );
    }
    this.#state = state;
    this.#options.onNonMaskableMask?.((this.#state.index & 0x80) !== 0);
    this.#update();
  }

  dispose(): void {
    this.#timer.cancel();
    this.#interrupt.setLevel(false);
    this.#claim.dispose();
  }

  #writeIndex(value: number): void {
    this.#state.index = value;
    this.#options.onNonMaskableMask?.((value & 0x80) !== 0);
  }

  #read(register: number): number {
    const { memory } = this.#state;
    if (register === CMOS.a) return (memory[CMOS.a] as number) | (this.#isUpdating() ? UPDATE_IN_PROGRESS : 0);
    if (register === CMOS.c) return this.#readFlags();
    if (TIME_REGISTERS.includes(register) && this.#isRunning()) storeTime(memory, this.#secondsNow());
    return memory[register] as number;
  }

  #write(register: number, value: number): void {
    const state = this.#state;
    if (register === CMOS.c || register === CMOS.d) return;
    this.#collectFlags();
    if (register === CMOS.a || register === CMOS.b) {
      const wasRunning = this.#isRunning();
      if (wasRunning) storeTime(state.memory, this.#secondsNow());
      const heldInReset = this.#isHeldInReset();
      state.memory[register] = register === CMOS.a ? value & 0x7f : value;
      // Setting SET also turns the update interrupt off.
      if ((this.#registerB() & SET) !== 0) state.memory[CMOS.b] = this.#registerB() & ~UPDATE;
      if (!wasRunning && this.#isRunning()) this.#start(heldInReset);
    } else if (TIME_REGISTERS.includes(register) && this.#isRunning()) {
      storeTime(state.memory, this.#secondsNow());
      state.memory[register] = value;
      state.since += this.#wholeSeconds() * SECOND;
      state.seconds = loadTime(state.memory);
    } else state.memory[register] = value;
    this.#update();
  }

  /** Reading register C clears the flags and takes the interrupt back. */
  #readFlags(): number {
    this.#collectFlags();
    const { flags } = this.#state;
    this.#state.flags = 0;
    this.#update();
    return flags | ((flags & this.#registerB() & 0x70) !== 0 ? INTERRUPT : 0);
  }

  /** Lets the clock go on from what its registers say. The first second after a divider reset takes half as long. */
  #start(afterDividerReset: boolean): void {
    const state = this.#state;
    const now = this.#board.clock.now();
    state.seconds = loadTime(state.memory);
    if (afterDividerReset) state.since = now - SECOND / 2;
    else state.since += this.#wholeSeconds() * SECOND;
    state.checked = now;
  }

  /** Sets the flags of what happened since they were last looked at. */
  #collectFlags(): void {
    const state = this.#state;
    const now = this.#board.clock.now();
    const { checked } = state;
    state.checked = now;
    const period = this.#period();
    if (period > 0 && ticks(now - state.since, period) > ticks(checked - state.since, period)) state.flags |= PERIODIC;
    if (!this.#isRunning()) return;
    const before = Math.floor((checked - state.since) / SECOND);
    const after = Math.floor((now - state.since) / SECOND);
    if (after <= before) return;
    state.flags |= UPDATE;
    if (nextAlarm(state.memory, state.seconds + before) <= state.seconds + after) state.flags |= ALARM;
  }

  /** Drives IRQ8 and arms the timer for the next flag whose interrupt is enabled. */
  #update(): void {
    this.#collectFlags();
    const state = this.#state;
    const enabled = this.#registerB() & 0x70;
    this.#interrupt.setLevel(this.#interruptConnected && (state.flags & enabled) !== 0);
    // While a flag is set the line is high, and nothing more can happen on it.
    const wanted = enabled & ~state.flags;
    const now = this.#board.clock.now();
    let next = NEVER;
    const period = this.#period();
    if ((wanted & PERIODIC) !== 0 && period > 0) {
      next = state.since + Math.ceil(((ticks(now - state.since, period) + 1) * period * SECOND) / CRYSTAL_HERTZ);
    }
    if (this.#isRunning()) {
      const elapsed = this.#wholeSeconds();
      if ((wanted & UPDATE) !== 0) next = Math.min(next, state.since + (elapsed + 1) * SECOND);
      if ((wanted & ALARM) !== 0) {
        const alarm = nextAlarm(state.memory, state.seconds + elapsed);
        next = Math.min(next, state.since + (alarm - state.seconds) * SECOND);
      }
    }
    if (next === NEVER) this.#timer.cancel();
    else this.#timer.arm(Math.max(next, now + 1));
  }

  #registerB(): number {
    return this.#state.memory[CMOS.b] as number;
  }

  #isHeldInReset(): boolean {
    return ((this.#state.memory[CMOS.a] as number) & 0x60) === 0x60;
  }

  #isRunning(): boolean {
    return (this.#registerB() & SET) === 0 && !this.#isHeldInReset();
  }

  #isUpdating(): boolean {
    const fraction = (this.#board.clock.now() - this.#state.since) / SECOND;
    return this.#isRunning() && (fraction - Math.floor(fraction)) * SECOND >= SECOND - UPDATE_WARNING;
  }

  #wholeSeconds(): number {
    return Math.floor((this.#board.clock.now() - this.#state.since) / SECOND);
  }

  #secondsNow(): number {
    return this.#state.seconds + this.#wholeSeconds();
  }

  /** The period of the periodic interrupt in ticks of the crystal, 0 for none (data sheet, table 5). */
  #period(): number {
    const rate = (this.#state.memory[CMOS.a] as number) & 15;
    if (rate === 0 || this.#isHeldInReset()) return 0;
    return rate < 3 ? 1 << (rate + 6) : 1 << (rate - 1);
  }
}

/** How many periods fit into `time`. */
const ticks = (time: number, period: number): number => Math.floor((time * CRYSTAL_HERTZ) / SECOND / period);

/** Puts the real-time clock and its CMOS memory on the board. */
export const createMc146818 = (board: Board, options: Mc146818Options): Mc146818 => new Mc146818(board, options);
