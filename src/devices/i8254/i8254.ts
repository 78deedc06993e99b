import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore } from '../../base/disposable.ts';
import { ticksIn, timeOfTick } from '../../base/frequency.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { Timer } from '../../base/timer.ts';
import { Counter } from './counter.ts';
import { i8254State } from './i8254-state.ts';
import type { I8254State } from './i8254-state.ts';

/** The PC's 14.31818 MHz crystal divided by 12. */
export const PIT_HERTZ = 1_193_182;
/** The refresh request toggles bit 4 of port 0x61 every 18 ticks, about 15 µs. */
const REFRESH_TICKS = 18;
/** IRQ0 is not raised more often than this, or a hostile count would hold the monitor: 20 µs. */
const SHORTEST_PERIOD_TICKS = 24;

/** The 8254 interval timer: counter 0 on IRQ0, counter 2 on the speaker at port 0x61. */
export class I8254 implements Device {
  readonly name = 'i8254';
  readonly schema = i8254State;
  readonly #claims = new DisposableStore();
  readonly #board: Board;
  readonly #interrupt: InterruptLine;
  readonly #timer: Timer;
  readonly #counters: readonly [Counter, Counter, Counter];
  #state: I8254State = i8254State.initial();
  #interruptConnected = true;

  constructor(board: Board) {
    this.#board = board;
    this.#interrupt = board.interruptLine(0);
    this.#timer = board.timer(() => this.#rise());
    const [a, b, c] = this.#state.channels;
    this.#counters = [new Counter(a!), new Counter(b!), new Counter(c!)];
    this.reset();
    const handler = {
      read: (port: number) => this.#read(port & 3),
      write: (port: number, _size: number, value: number) => this.#write(port & 3, value),
    };
    this.#claims.add(board.claimPorts({ owner: this.name, first: 0x40, count: 4, handler }));
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        first: 0x61,
        count: 1,
        handler: { read: () => this.#readSpeaker(), write: (_port, _size, value) => this.#writeSpeaker(value) },
      }),
    );
  }

  /** Cuts counter 0 off IRQ0 while the HPET's legacy replacement drives it. */
  connectInterrupt(connected: boolean): void {
    this.#interruptConnected = connected;
    this.#schedule();
  }

  /** All counters stop; counters 0 and 1 have their gates tied high, counter 2 that of port 0x61. */
  reset(): void {
    this.#load(i8254State.initial());
    this.#counters[2].state.gate = false;
    this.#schedule();
  }

  save(): SavedState {
    return i8254State.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#load(i8254State.decode(saved));
    this.#schedule();
  }

  dispose(): void {
    this.#timer.cancel();
    this.#claims.dispose();
  }

  #load(state: I8254State): void {
    this.#state = state;
    for (const [index, counter] of this.#counters.entries()) counter.state = state.channels[index]!;
  }

  #tick(): number {
    return ticksIn(this.#board.clock.now(), PIT_HERTZ);
  }

  #read(register: number): number {
    // The control word register cannot be read; the bus floats high.
    return register === 3 ? 0xff : this.#counters[register]!.read(this.#tick());
  }

  #write(register: number, value: number): void {
    // A rise that is due comes before the write.
    if (this.#timer.deadline <= this.#board.clock.now()) this.#rise();
    const tick = this.#tick();
    if (register < 3) this.#counters[register]!.write(value, tick);
    else if (value >> 6 === 3) this.#readBack(value, tick);
    else if ((value & 0x30) === 0) this.#counters[value >> 6]!.latchCount(tick);
    else {
      // Modes 6 and 7 are modes 2 and 3: bit 2 does not count there.
      const mode = (value >> 1) & 7;
      this.#counters[value >> 6]!.program(mode > 5 ? mode - 4 : mode, (value >> 4) & 3, (value & 1) !== 0);
    }
    if (register === 0 || (register === 3 && value >> 6 === 0)) this.#schedule();
  }

  #readBack(value: number, tick: number): void {
    for (const [index, counter] of this.#counters.entries()) {
      if ((value & (2 << index)) === 0) continue;
      if ((value & 0x20) === 0) counter.latchCount(tick);
      if ((value & 0x10) === 0) counter.latchStatus(tick);
    }
  }

  #readSpeaker(): number {
    const tick = this.#tick();
    const refresh = Math.floor(tick / REFRESH_TICKS) & 1;
    return this.#state.speaker | (refresh << 4) | (this.#counters[2].output(tick) ? 0x20 : 0);
  }

  #writeSpeaker(value: number): void {
    this.#state.speaker = value & 0x0f;
    this.#counters[2].setGate((value & 1) !== 0, this.#tick());
  }

  /** OUT of counter 0 goes high. In modes 2 and 3 it was low just before. */
  #rise(): void {
    this.#interrupt.setLevel(false);
    this.#interrupt.setLevel(this.#interruptConnected);
    this.#schedule(SHORTEST_PERIOD_TICKS);
  }

  /** Drives IRQ0 as OUT is now and arms the timer for its next rise, `least` ticks from now or later. */
  #schedule(least = 1): void {
    const tick = this.#tick();
    const counter = this.#counters[0];
    const output = counter.output(tick);
    if (!output || !this.#interruptConnected) this.#interrupt.setLevel(false);
    const rise = this.#interruptConnected ? counter.nextRise(tick) : Infinity;
    if (rise === Infinity) this.#timer.cancel();
    else this.#timer.arm(timeOfTick(Math.max(rise, tick + least), PIT_HERTZ));
  }
}

/** Puts the interval timer and the speaker port of a PC on the board. */
export const createI8254 = (board: Board): I8254 => new I8254(board);
