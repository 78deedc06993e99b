import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { MmioHandler } from '../../base/mmio.ts';
import type { SavedState } from '../../base/state-schema.ts';
import { Comparator, HPET_TICK } from './comparator.ts';
import type { ComparatorHost } from './comparator.ts';
import { HPET_TIMERS, hpetState } from './hpet-state.ts';
import type { HpetState } from './hpet-state.ts';

export const HPET_ADDRESS = 0xfed0_0000;
export const HPET_LENGTH = 0x400;
/** Low half of the capability register, which the ACPI table repeats: revision 1, 3 timers of 64 bits, legacy capable. */
export const HPET_BLOCK_ID = 0x8086_a201;
const PERIOD_FEMTOSECONDS = BigInt(HPET_TICK) * 1_000_000n;

/** Pins of the I/O APIC that each timer may be routed to: the PCI interrupts, and ISA 11 for timer 2. */
const ROUTES = [0x00f0_0000, 0x00f0_0000, 0x00f0_0800] as const;
const MASK_64 = 0xffff_ffff_ffff_ffffn;

export interface HpetOptions {
  /** Told when timers 0 and 1 take the place of the PIT and the RTC, or give it back. */
  readonly onLegacyReplacement?: (active: boolean) => void;
}

/** The high precision event timer (IA-PC HPET specification 1.0a): a 100 MHz counter and three comparators. */
export class Hpet implements Device, ComparatorHost {
  readonly name = 'hpet';
  readonly schema = hpetState;
  readonly board: Board;
  readonly #onLegacyReplacement: (active: boolean) => void;
  readonly #claim: Disposable;
  readonly #comparators: readonly Comparator[];
  state: HpetState = hpetState.initial();

  constructor(board: Board, options: HpetOptions) {
    this.board = board;
    this.#onLegacyReplacement = options.onLegacyReplacement ?? (() => {});
    this.#comparators = Array.from({ length: HPET_TIMERS }, (_, n) => new Comparator(this, n, ROUTES[n] as number));
    const handler: MmioHandler = {
      read: (offset, size) => {
        const value = this.#read(offset & ~7) >> BigInt((offset & 7) * 8);
        return Number(BigInt.asUintN(size * 8, value));
      },
      // The specification allows accesses of 4 and 8 bytes alone (2.1).
      write: (offset, size, value) => {
        if (size !== 4 || (offset & 3) !== 0) return;
        const shift = BigInt((offset & 4) * 8);
        this.#write(offset & ~7, BigInt(value) << shift, 0xffff_ffffn << shift);
      },
      read8: (offset) => ((offset & 7) === 0 ? this.#read(offset) : MASK_64),
      write8: (offset, value) => {
        if ((offset & 7) === 0) this.#write(offset, value, MASK_64);
      },
    };
    this.#claim = board.claimMmio({
      owner: this.name,
      base: guestPhysical(HPET_ADDRESS),
      length: HPET_LENGTH,
      handler,
    });
  }

  counterNow(): bigint {
    const { enabled, counter } = this.state;
    return enabled ? (counter + this.#ticks()) & MASK_64 : counter;
  }

  setStatus(timer: number): void {
    this.state.status |= 1n << BigInt(timer);
  }

  reset(): void {
    this.#replace(hpetState.initial());
  }

  save(): SavedState {
    for (const comparator of this.#comparators) comparator.catchUp();
    return hpetState.encode(this.state);
  }

  restore(saved: SavedState): void {
    this.#replace(hpetState.decode(saved));
  }

  dispose(): void {
    for (const comparator of this.#comparators) comparator.cancel();
    this.#claim.dispose();
  }

  #replace(state: HpetState): void {
    const changed = state.legacy !== this.state.legacy;
    this.state = state;
    if (changed) this.#onLegacyReplacement(state.legacy);
    for (const comparator of this.#comparators) comparator.update();
  }

  #ticks(): bigint {
    return BigInt(Math.floor(this.board.clock.now() / HPET_TICK));
  }

  /** An aligned 8-byte register. */
  #read(offset: number): bigint {
    const { state } = this;
    if (offset >= 0x100) {
      const comparator = this.#comparators[(offset - 0x100) >> 5];
      if (comparator === undefined) return 0n;
      if ((offset & 0x1f) === 0x00) return comparator.readConfiguration();
      return (offset & 0x1f) === 0x08 ? comparator.comparator : 0n;
    }
    switch (offset) {
      case 0x000:
        return (PERIOD_FEMTOSECONDS << 32n) | BigInt(HPET_BLOCK_ID);
      case 0x010:
        return (state.enabled ? 1n : 0n) | (state.legacy ? 2n : 0n);
      case 0x020:
        return state.status;
      case 0x0f0:
        return this.counterNow();
      default:
        return 0n;
    }
  }

  /** Writes the bits of `mask` to an aligned 8-byte register. */
  #write(offset: number, value: bigint, mask: bigint): void {
    for (const comparator of this.#comparators) comparator.catchUp();
    const { state } = this;
    if (offset >= 0x100) {
      const comparator = this.#comparators[(offset - 0x100) >> 5];
      if ((offset & 0x1f) === 0x00 && (mask & 1n) !== 0n) comparator?.writeConfiguration(value);
      else if ((offset & 0x1f) === 0x08) comparator?.writeComparator(value, mask);
      return;
    }
    if (offset === 0x010 && (mask & 1n) !== 0n) this.#configure((value & 1n) !== 0n, (value & 2n) !== 0n);
    else if (offset === 0x020) {
      state.status &= ~(value & mask);
      for (const comparator of this.#comparators) comparator.drive();
    } else if (offset === 0x0f0 && !state.enabled) state.counter = (state.counter & ~mask) | (value & mask);
  }

  #configure(enabled: boolean, legacy: boolean): void {
    const { state } = this;
    const counter = this.counterNow();
    state.counter = enabled ? (counter - this.#ticks()) & MASK_64 : counter;
    state.enabled = enabled;
    if (legacy !== state.legacy) {
      state.legacy = legacy;
      this.#onLegacyReplacement(legacy);
    }
    for (const comparator of this.#comparators) comparator.update();
  }
}

/** Puts the HPET at 0xFED00000 on the board. */
export const createHpet = (board: Board, options: HpetOptions = {}): Hpet => new Hpet(board, options);
