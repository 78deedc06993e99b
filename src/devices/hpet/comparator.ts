import type { Board } from '../../base/board.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { Timer } from '../../base/timer.ts';
import type { HpetState, HpetTimerState } from './hpet-state.ts';

/** Bits of a timer's configuration register (IA-PC HPET specification 1.0a, 2.3.8). */
export const TIMER = {
  level: 0x0002n,
  interruptEnable: 0x0004n,
  periodic: 0x0008n,
  /** Timers 0 to 2 can be periodic and have 64 bits. */
  capabilities: 0x0030n,
  valueSet: 0x0040n,
  mode32: 0x0100n,
  route: 0x3e00n,
} as const;

/** One tick of the main counter, in nanoseconds. */
export const HPET_TICK = 10;
/** A periodic timer does not fire more often than this (ns), or a hostile period would hold the monitor. */
const SHORTEST_PERIOD = 20_000;
const MASK_64 = 0xffff_ffff_ffff_ffffn;
const MASK_32 = 0xffff_ffffn;

/** What a comparator needs of the HPET it is part of. */
export interface ComparatorHost {
  readonly board: Board;
  readonly state: HpetState;
  /** The main counter now. */
  counterNow(): bigint;
  setStatus(timer: number): void;
}

/** One of the HPET's timers: a comparator over the main counter. */
export class Comparator {
  readonly #host: ComparatorHost;
  readonly #index: number;
  /** I/O APIC pins it may be routed to, a bit each. */
  readonly #routes: number;
  readonly #lines = new Map<number, InterruptLine>();
  readonly #timer: Timer;
  #earliest = 0;

  constructor(host: ComparatorHost, index: number, routes: number) {
    this.#host = host;
    this.#index = index;
    this.#routes = routes;
    this.#timer = host.board.timer(() => this.#match());
    const legacyLine = [0, 8][index];
    if (legacyLine !== undefined) this.#lines.set(legacyLine, host.board.interruptLine(legacyLine));
    for (let line = 0; line < 32; line += 1) {
      if ((routes & (1 << line)) !== 0 && !this.#lines.has(line)) this.#lines.set(line, host.board.interruptLine(line));
    }
  }

  /** Configuration and capability register. */
  readConfiguration(): bigint {
    return (BigInt(this.#routes >>> 0) << 32n) | TIMER.capabilities | this.#state.configuration;
  }

  writeConfiguration(value: bigint): void {
    const writable = TIMER.level | TIMER.interruptEnable | TIMER.periodic | TIMER.valueSet | TIMER.mode32 | TIMER.route;
    let configuration = value & writable;
    // A route that the capabilities do not offer reads back as another (2.3.8, Tn_INT_ROUTE_CNF).
    if ((this.#routes & (1 << Number((value & TIMER.route) >> 9n))) === 0) configuration &= ~TIMER.route;
    this.#state.configuration = configuration;
    if ((configuration & TIMER.mode32) !== 0n) {
      this.#state.comparator &= MASK_32;
      this.#state.period &= MASK_32;
    }
    this.update();
  }

  /**
   * Writes the bits of `mask`. In periodic mode a write sets the period, and the comparator too
   * right after VAL_SET was set (2.3.9.2.2).
   */
  writeComparator(value: bigint, mask: bigint): void {
    const state = this.#state;
    const width = this.#widthMask();
    const periodic = (state.configuration & TIMER.periodic) !== 0n;
    if (!periodic || (state.configuration & TIMER.valueSet) !== 0n) {
      state.comparator = ((state.comparator & ~mask) | (value & mask)) & width;
    }
    if (periodic) state.period = ((state.period & ~mask) | (value & mask)) & width;
    // The low half of a 64-bit comparator written in two leaves VAL_SET for the high half.
    if ((mask & ~MASK_32) !== 0n || width === MASK_32) state.configuration &= ~TIMER.valueSet;
    this.#earliest = 0;
    this.arm();
  }

  get comparator(): bigint {
    return this.#state.comparator;
  }

  /** Runs a match that is due: before anything that the guest does could move it. */
  catchUp(): void {
    if (this.#timer.deadline <= this.#host.board.clock.now()) this.#match();
  }

  /** Arms the timer for the next match of the running counter. */
  arm(): void {
    const { state, board } = this.#host;
    if (!state.enabled) {
      this.#timer.cancel();
      return;
    }
    const width = this.#widthMask();
    const left = (this.#state.comparator - this.#host.counterNow()) & width;
    const tick = Math.floor(board.clock.now() / HPET_TICK) * HPET_TICK;
    this.#timer.arm(Math.max(tick + Number(left) * HPET_TICK, this.#earliest));
  }

  /** Arms the timer and drives the interrupt lines as the registers say. */
  update(): void {
    this.arm();
    this.drive();
  }

  cancel(): void {
    this.#timer.cancel();
  }

  /** A level-triggered timer holds its line while its status bit is set. */
  drive(): void {
    const { status } = this.#host.state;
    const high = this.#canInterrupt() && this.#isLevel() && (status & (1n << BigInt(this.#index))) !== 0n;
    const current = this.#line();
    for (const line of this.#lines.values()) line.setLevel(high && line === current);
  }

  #match(): void {
    const state = this.#state;
    const { board } = this.#host;
    const width = this.#widthMask();
    if ((state.configuration & TIMER.periodic) !== 0n && state.period > 0n) {
      // Matches that were missed meanwhile are passed over, as a level that was never served would be.
      const behind = (this.#host.counterNow() - state.comparator) & width;
      state.comparator = (state.comparator + (behind / state.period + 1n) * state.period) & width;
      this.#earliest = board.clock.now() + SHORTEST_PERIOD;
      this.arm();
    } else this.#armAfterWrap();
    if (this.#isLevel()) this.#host.setStatus(this.#index);
    else if (this.#canInterrupt()) {
      this.#line()?.setLevel(true);
      this.#line()?.setLevel(false);
    }
    this.drive();
  }

  /** A one-shot comparator matches again when the counter comes round: after 43 seconds in 32-bit mode. */
  #armAfterWrap(): void {
    const round = Number(this.#widthMask() + 1n) * HPET_TICK;
    const behind = Number((this.#host.counterNow() - this.#state.comparator) & this.#widthMask()) * HPET_TICK;
    this.#timer.arm(Math.floor(this.#host.board.clock.now() / HPET_TICK) * HPET_TICK - behind + round);
  }

  get #state(): HpetTimerState {
    return this.#host.state.timers[this.#index] as HpetTimerState;
  }

  #widthMask(): bigint {
    return (this.#state.configuration & TIMER.mode32) !== 0n ? MASK_32 : MASK_64;
  }

  #isLevel(): boolean {
    // In legacy replacement timers 0 and 1 are ISA interrupts, which are edges.
    if (this.#host.state.legacy && this.#index < 2) return false;
    return (this.#state.configuration & TIMER.level) !== 0n;
  }

  #canInterrupt(): boolean {
    return this.#host.state.enabled && (this.#state.configuration & TIMER.interruptEnable) !== 0n;
  }

  /** The line the timer drives now: an ISA interrupt in legacy replacement, else the pin it is routed to. */
  #line(): InterruptLine | undefined {
    if (this.#host.state.legacy && this.#index < 2) return this.#lines.get(this.#index === 0 ? 0 : 8);
    const route = Number((this.#state.configuration & TIMER.route) >> 9n);
    return (this.#routes & (1 << route)) !== 0 ? this.#lines.get(route) : undefined;
  }
}
