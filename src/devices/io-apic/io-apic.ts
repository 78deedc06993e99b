import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { ApicBus, EndOfInterruptListener } from '../local-apic/apic-bus.ts';
import { IO_APIC_PINS, ioApicState } from './io-apic-state.ts';
import type { IoApicState } from './io-apic-state.ts';

export const IO_APIC_ADDRESS = 0xfec0_0000;

export interface IoApicOptions {
  readonly bus: ApicBus;
  /** The APIC ID it has after power-on, 0 to 15. 0 unless told. */
  readonly id?: number;
}

/** Offsets of the registers that are seen in memory (82093AA data sheet, 3.1; EOI from the ICH). */
const WINDOW = { select: 0x00, data: 0x10, endOfInterrupt: 0x40 } as const;

/** Bits of a redirection entry. */
const ENTRY = { remoteRequest: 0x4000, level: 0x8000, masked: 0x1_0000, writable: 0x1_afff } as const;
/** Version 0x20, which has an EOI register; the highest entry is 23. */
const VERSION = 0x20 | ((IO_APIC_PINS - 1) << 16);

/**
 * The I/O APIC: 24 pins, each with a redirection entry that says what message it sends.
 * A wire carries whether its source asks for an interrupt, so the polarity bit is kept but means nothing.
 */
export class IoApic implements Device, EndOfInterruptListener {
  readonly name = 'io-apic';
  readonly schema = ioApicState;
  readonly #bus: ApicBus;
  readonly #id: number;
  readonly #claim: Disposable;
  #state: IoApicState = ioApicState.initial();

  constructor(board: Board, options: IoApicOptions) {
    this.#bus = options.bus;
    this.#id = options.id ?? 0;
    this.#state.id = this.#id;
    this.#claim = board.claimMmio({
      owner: this.name,
      base: guestPhysical(IO_APIC_ADDRESS),
      length: 0x1000,
      handler: {
        read: (offset) => this.#readWindow(offset & ~3) >>> ((offset & 3) * 8),
        write: (offset, _size, value) => this.#writeWindow(offset, value),
      },
    });
  }

  /** Drives pin 0 to 23. */
  setPin(pin: number, high: boolean): void {
    const state = this.#state;
    const bit = 1 << pin;
    const old = state.lines;
    state.lines = (high ? old | bit : old & ~bit) >>> 0;
    if (!high || old === state.lines) return;
    // An edge that comes while the pin is masked is lost; a level asks until it is served.
    this.#service(pin);
  }

  /** The end of a level-triggered interrupt: a pin that is still high asks again. */
  endOfInterrupt(vector: number): void {
    for (const [pin, entry] of this.#state.redirectionLow.entries()) {
      if ((entry & ENTRY.level) === 0 || (entry & 0xff) !== vector || (entry & ENTRY.remoteRequest) === 0) continue;
      this.#state.redirectionLow[pin] = entry & ~ENTRY.remoteRequest;
      this.#serviceLevel(pin);
    }
  }

  reset(): void {
    const { lines } = this.#state;
    this.#state = ioApicState.initial();
    this.#state.lines = lines;
    this.#state.id = this.#id;
  }

  save(): SavedState {
    return ioApicState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#state = ioApicState.decode(saved);
  }

  dispose(): void {
    this.#claim.dispose();
  }

  #serviceLevel(pin: number): void {
    const entry = this.#state.redirectionLow[pin] as number;
    if ((entry & ENTRY.level) !== 0 && (this.#state.lines & (1 << pin)) !== 0) this.#service(pin);
  }

  /** Sends the pin's message, unless it is masked or waits for the EOI of the one before. */
  #service(pin: number): void {
    const entry = this.#state.redirectionLow[pin] as number;
    const levelTriggered = (entry & ENTRY.level) !== 0;
    if ((entry & ENTRY.masked) !== 0 || (levelTriggered && (entry & ENTRY.remoteRequest) !== 0)) return;
    const delivery = (entry >> 8) & 7;
    // Only fixed and lowest-priority interrupts are ended by an EOI.
    if (levelTriggered && delivery <= 1) this.#state.redirectionLow[pin] = entry | ENTRY.remoteRequest;
    this.#bus.deliver({
      destination: (this.#state.redirectionHigh[pin] as number) >>> 24,
      logical: (entry & 0x800) !== 0,
      delivery,
      vector: entry & 0xff,
      levelTriggered: levelTriggered && delivery <= 1,
      assert: true,
    });
  }

  #readWindow(offset: number): number {
    if (offset === WINDOW.select) return this.#state.select;
    return offset === WINDOW.data ? this.#readRegister(this.#state.select) : 0;
  }

  #writeWindow(offset: number, value: number): void {
    if (offset === WINDOW.select) this.#state.select = value & 0xff;
    else if (offset === WINDOW.data) this.#writeRegister(this.#state.select, value);
    else if (offset === WINDOW.endOfInterrupt) this.endOfInterrupt(value & 0xff);
  }

  #readRegister(register: number): number {
    const pin = (register - 0x10) >> 1;
    if (register >= 0x10 && pin < IO_APIC_PINS) {
      const half = register & 1 ? this.#state.redirectionHigh : this.#state.redirectionLow;
      return half[pin] as number;
    }
    if (register === 1) return VERSION;
    return register === 0 || register === 2 ? this.#state.id << 24 : 0;
  }

  #writeRegister(register: number, value: number): void {
    const pin = (register - 0x10) >> 1;
    if (register === 0) this.#state.id = (value >>> 24) & 15;
    if (register < 0x10 || pin >= IO_APIC_PINS) return;
    if (register & 1) {
      this.#state.redirectionHigh[pin] = (value & 0xff00_0000) >>> 0;
      return;
    }
    const old = this.#state.redirectionLow[pin] as number;
    // Remote IRR is read-only; making the pin edge triggered clears it, which is how software without
    // the EOI register ends a stuck interrupt.
    const remoteRequest = (value & ENTRY.level) !== 0 ? old & ENTRY.remoteRequest : 0;
    this.#state.redirectionLow[pin] = (value & ENTRY.writable) | remoteRequest;
    this.#serviceLevel(pin);
  }
}

/** Puts an I/O APIC at 0xFEC00000 on the board. Connect it to the bus's end-of-interrupt messages with `bus.listen`. */
export const createIoApic = (board: Board, options: IoApicOptions): IoApic => new IoApic(board, options);

/** The pin that a global system interrupt is wired to: ISA interrupt 0 comes to pin 2, where the 8259s' cascade is. */
export const pinOfLine = (line: number): number => (line === 0 ? 2 : line);
