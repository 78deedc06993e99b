import type { ChannelState } from './i8254-state.ts';

/**
 * One counter of an 8254 (Intel data sheet 231164). It is not stepped: what it shows at a tick follows
 * from when its count was loaded. Ticks are counted from power-on; a count written at tick t is loaded
 * with the next clock pulse, at t + 1.
 */
export class Counter {
  state: ChannelState;

  constructor(state: ChannelState) {
    this.state = state;
  }

  /** A control word for this counter: forgets the count, and OUT takes its initial level. */
  program(mode: number, access: number, bcd: boolean): void {
    const { state } = this;
    state.mode = mode;
    state.access = access;
    state.bcd = bcd;
    state.programmed = false;
    state.counting = false;
    state.held = 0;
    state.nextCount = 0;
    state.writeHigh = false;
    state.readHigh = false;
    state.latched = false;
    state.statusLatched = false;
  }

  /** A write to the counter's port. */
  write(value: number, tick: number): void {
    const { state } = this;
    if (state.access === 1) this.#setCount(value, tick);
    else if (state.access === 2) this.#setCount(value << 8, tick);
    else if (state.writeHigh) {
      state.writeHigh = false;
      this.#setCount((value << 8) | state.writeLow, tick);
    } else {
      state.writeLow = value;
      state.writeHigh = true;
      // In mode 0 the first byte stops the counting and OUT goes low at once.
      if (state.mode === 0) {
        this.#settle(tick);
        state.programmed = false;
        state.counting = false;
        state.held = 0;
      }
    }
  }

  /** A read of the counter's port: latched status, latched count or the count itself. */
  read(tick: number): number {
    const { state } = this;
    if (state.statusLatched) {
      state.statusLatched = false;
      return state.status;
    }
    const value = state.latched ? state.latch : this.current(tick);
    if (state.access === 3) {
      state.readHigh = !state.readHigh;
      if (state.readHigh) return value & 0xff;
      state.latched = false;
      return value >> 8;
    }
    state.latched = false;
    return state.access === 2 ? value >> 8 : value & 0xff;
  }

  /** The counter latch command: a second one before the latch was read is ignored. */
  latchCount(tick: number): void {
    const { state } = this;
    if (state.latched) return;
    state.latch = this.current(tick);
    state.latched = true;
  }

  /** The read-back command's status byte: OUT, NULL COUNT and the mode as it was programmed. */
  latchStatus(tick: number): void {
    const { state } = this;
    if (state.statusLatched) return;
    const output = this.output(tick) ? 0x80 : 0;
    const nullCount = this.#isNullCount(tick) ? 0x40 : 0;
    state.status = output | nullCount | (state.access << 4) | (state.mode << 1) | (state.bcd ? 1 : 0);
    state.statusLatched = true;
  }

  setGate(high: boolean, tick: number): void {
    const { state } = this;
    if (high === state.gate) return;
    this.#settle(tick);
    const rising = high;
    if (!rising && state.counting && state.mode !== 1 && state.mode !== 5) {
      state.held = Math.max(0, tick - state.start);
      state.counting = false;
    }
    state.gate = high;
    if (!rising || !state.programmed) return;
    if (state.mode === 0 || state.mode === 4) {
      state.start = tick - state.held;
      state.counting = true;
    } else this.#load(tick + 1);
  }

  /** The level of OUT. */
  output(tick: number): boolean {
    this.#settle(tick);
    const { state } = this;
    const elapsed = this.#elapsed(tick);
    switch (state.mode) {
      case 0:
        return state.programmed && elapsed >= state.count;
      case 1:
        return elapsed < 0 ? state.before : !(state.counting && elapsed < state.count);
      case 2:
        return !state.counting || state.count === 1 || mod(elapsed, state.count) !== state.count - 1;
      case 3:
        return !state.counting || mod(elapsed, state.count) < Math.ceil(state.count / 2);
      default:
        return !(state.programmed && (state.mode === 4 || state.counting) && elapsed === state.count);
    }
  }

  /** What the counting element holds: binary or BCD, 16 bits. */
  current(tick: number): number {
    this.#settle(tick);
    const { state } = this;
    if (state.count === 0) return 0;
    const range = state.bcd ? 10_000 : 0x10000;
    const elapsed = Math.max(0, this.#elapsed(tick));
    let value: number;
    if (state.mode === 2) value = state.count - mod(elapsed, state.count);
    else if (state.mode === 3) {
      const position = mod(elapsed, state.count);
      const high = Math.ceil(state.count / 2);
      value = (state.count & ~1) - 2 * (position < high ? position : position - high);
      if (value <= 0) value = state.count & ~1;
    } else value = mod(state.count - elapsed, range);
    value %= range;
    return state.bcd ? toBcd(value) : value;
  }

  /** The first tick after `tick` at which OUT rises, or Infinity when it will not without the guest's doing. */
  nextRise(tick: number): number {
    this.#settle(tick);
    const { state } = this;
    if (!state.counting) return Infinity;
    const elapsed = tick - state.start;
    switch (state.mode) {
      case 0:
      case 1:
        return elapsed < state.count ? state.start + state.count : Infinity;
      case 2:
      case 3: {
        const next = state.start + (Math.floor(Math.max(elapsed, 0) / state.count) + 1) * state.count;
        // The cycle after the take-over may begin with its low half (see #setCount).
        return state.nextCount > 0 && state.nextStart < next ? this.#riseAfterTakeOver() : next;
      }
      default:
        return elapsed <= state.count ? state.start + state.count + 1 : Infinity;
    }
  }

  #riseAfterTakeOver(): number {
    const { state } = this;
    return state.nextStart + Math.floor(state.nextCount / 2);
  }

  #setCount(reload: number, tick: number): void {
    const { state } = this;
    this.#settle(tick);
    state.reload = reload;
    const wasProgrammed = state.programmed;
    state.programmed = true;
    const count = this.#initialCount();
    if (state.mode === 1 || state.mode === 5) return; // loaded by the next trigger
    if (state.mode === 0 || state.mode === 4 || !wasProgrammed || !state.counting) {
      state.nextCount = 0;
      this.#load(tick + 1);
      return;
    }
    // Modes 2 and 3 finish the current cycle or half-cycle first.
    state.nextCount = count;
    const position = mod(tick - state.start, state.count);
    const cycle = tick - position;
    const half = Math.ceil(state.count / 2);
    state.nextStart = state.mode === 3 && position < half ? cycle + half : cycle + state.count;
  }

  /** Loads the count register into the counting element at tick `start`. */
  #load(start: number): void {
    const { state } = this;
    state.before = this.output(start - 1);
    state.count = this.#initialCount();
    state.start = start;
    state.held = 0;
    state.counting = state.gate || state.mode === 1 || state.mode === 5;
  }

  /** Lets a count that was written in modes 2 and 3 take over when its time has come. */
  #settle(tick: number): void {
    const { state } = this;
    if (state.nextCount === 0 || tick < state.nextStart) return;
    const endsLow = mod(state.nextStart - state.start, state.count) === 0;
    // After a high half the new cycle goes on with its low half, as if it had begun a half earlier.
    state.start = state.nextStart - (endsLow ? 0 : Math.ceil(state.nextCount / 2));
    state.count = state.nextCount;
    state.nextCount = 0;
  }

  #elapsed(tick: number): number {
    return this.state.counting ? tick - this.state.start : this.state.held;
  }

  #isNullCount(tick: number): boolean {
    const { state } = this;
    if (!state.programmed || state.writeHigh || state.nextCount > 0) return true;
    if ((state.mode === 1 || state.mode === 5) && !state.counting) return true;
    return state.counting && tick < state.start;
  }

  #initialCount(): number {
    const { reload, bcd, mode } = this.state;
    const count = bcd ? fromBcd(reload) || 10_000 : reload || 0x10000;
    // A count of 1 is not allowed in modes 2 and 3; the chip then acts as with 2.
    return count === 1 && (mode === 2 || mode === 3) ? 2 : count;
  }
}

const mod = (value: number, modulus: number): number => ((value % modulus) + modulus) % modulus;

const toBcd = (value: number): number =>
  (value % 10) |
  ((Math.floor(value / 10) % 10) << 4) |
  ((Math.floor(value / 100) % 10) << 8) |
  ((Math.floor(value / 1000) % 10) << 12);

const fromBcd = (value: number): number =>
  (value & 0xf) + ((value >> 4) & 0xf) * 10 + ((value >> 8) & 0xf) * 100 + ((value >> 12) & 0xf) * 1000;
