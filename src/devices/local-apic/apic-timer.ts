import type { Board } from '../../base/board.ts';
import type { Timer } from '../../base/timer.ts';
import { LVT } from './local-apic-state.ts';
import type { LocalApicState } from './local-apic-state.ts';

/** A periodic timer does not fire more often than this (ns), or a hostile count would hold the monitor. */
const SHORTEST_PERIOD = 20_000;

/** Between the domain's time and the processor's time stamp counter, offsets that the guest wrote included. */
export interface TscConversion {
  /** The time stamp counter at an instant in nanoseconds since power-on. */
  tscAt(nanoseconds: number): bigint;
  /** The first instant at which the counter is at least `tsc`. May lie in the past, and may be Infinity. */
  timeOfTsc(tsc: bigint): number;
}

const MODE = { oneShot: 0, periodic: 1, tscDeadline: 2 } as const;

/** The timer of a local APIC (SDM vol. 3, 12.5.4), on a bus of 1 GHz: a count takes as many nanoseconds as the divisor.
 * `state()` is the APIC's state; `fire` requests its interrupt. */
export class ApicTimer {
  readonly #board: Board;
  readonly #state: () => LocalApicState;
  readonly #tsc: TscConversion;
  readonly #fire: () => void;
  readonly #timer: Timer;
  #earliest = 0;

  constructor(board: Board, state: () => LocalApicState, tsc: TscConversion, fire: () => void) {
    this.#board = board;
    this.#state = state;
    this.#tsc = tsc;
    this.#fire = fire;
    this.#timer = board.timer(() => this.#expire());
  }

  writeInitialCount(count: number): void {
    const state = this.#state();
    if (this.#mode() === MODE.tscDeadline) return;
    state.initialCount = count;
    state.timerStart = Math.floor(this.#board.clock.now());
    state.timerRunning = count !== 0;
    this.arm();
  }

  /** The count that is left, 0 when the timer has stopped or waits for a TSC deadline. */
  currentCount(): number {
    const state = this.#state();
    if (!state.timerRunning || this.#mode() === MODE.tscDeadline) return 0;
    const counted = Math.floor((this.#board.clock.now() - state.timerStart) / this.#divisor());
    if (this.#mode() === MODE.periodic) return state.initialCount - (counted % state.initialCount);
    return Math.max(0, state.initialCount - counted);
  }

  /** Changes the divisor; the count goes on from where it is. */
  writeDivide(value: number): void {
    const state = this.#state();
    const left = this.currentCount();
    state.divide = value & 0x0b;
    if (!state.timerRunning || this.#mode() === MODE.tscDeadline) return;
    state.timerStart = Math.floor(this.#board.clock.now()) - (state.initialCount - left) * this.#divisor();
    this.arm();
  }

  /** Called after a write to the timer's LVT entry, with its old value. Going to or from the TSC-deadline mode disarms. */
  modeChanged(old: number): void {
    const state = this.#state();
    const wasDeadline = ((old >> 17) & 3) === MODE.tscDeadline;
    if (wasDeadline !== (this.#mode() === MODE.tscDeadline)) {
      state.timerRunning = false;
      state.tscDeadline = 0n;
      state.initialCount = 0;
    }
    this.arm();
  }

  readTscDeadline(): bigint {
    return this.#mode() === MODE.tscDeadline && this.#state().timerRunning ? this.#state().tscDeadline : 0n;
  }

  /** A write to IA32_TSC_DEADLINE: ignored in the other modes; 0 disarms. */
  writeTscDeadline(tsc: bigint): void {
    const state = this.#state();
    if (this.#mode() !== MODE.tscDeadline) return;
    state.tscDeadline = tsc;
    state.timerRunning = tsc !== 0n;
    this.arm();
  }

  /** Arms the host's timer for what the state says. */
  arm(): void {
    const state = this.#state();
    if (!state.timerRunning) {
      this.#timer.cancel();
      return;
    }
    if (this.#mode() === MODE.tscDeadline) {
      this.#timer.arm(this.#tsc.timeOfTsc(state.tscDeadline));
      return;
    }
    const period = state.initialCount * this.#divisor();
    if (this.#mode() === MODE.periodic) {
      this.#timer.arm(Math.max(state.timerStart + period, this.#earliest));
    } else this.#timer.arm(state.timerStart + period);
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #expire(): void {
    const state = this.#state();
    if (this.#mode() === MODE.periodic) {
      const now = this.#board.clock.now();
      const period = state.initialCount * this.#divisor();
      state.timerStart += Math.max(0, Math.floor((now - state.timerStart) / period)) * period;
      this.#earliest = now + SHORTEST_PERIOD;
      this.arm();
    } else if (this.#mode() === MODE.tscDeadline && this.#tsc.tscAt(this.#board.clock.now()) < state.tscDeadline) {
      // The guest set its counter back meanwhile, or the deadline lies beyond what the conversion can tell.
      const due = this.#tsc.timeOfTsc(state.tscDeadline);
      this.#timer.arm(Math.max(due, this.#board.clock.now() + SHORTEST_PERIOD));
      return;
    } else {
      state.timerRunning = false;
      state.tscDeadline = 0n;
    }
    this.#fire();
  }

  #mode(): number {
    return ((this.#state().localVectors[LVT.timer] as number) >> 17) & 3;
  }

  /** 2, 4, 8, 16, 32, 64, 128 or 1, from bits 0, 1 and 3 of the divide configuration. */
  #divisor(): number {
    const { divide } = this.#state();
    return 1 << ((((divide & 3) | ((divide & 8) >> 1)) + 1) & 7);
  }
}
