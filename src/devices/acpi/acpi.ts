import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import { ticksIn, timeOfTick } from '../../base/frequency.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { Timer } from '../../base/timer.ts';
import { ACPI_PORTS, PM_TIMER_HERTZ, SCI, SLEEP_TYPE_S5 } from './acpi-ports.ts';
import { acpiState } from './acpi-state.ts';
import type { AcpiState } from './acpi-state.ts';

const PM1 = {
  timer: 0x0001,
  global: 0x0020,
  powerButton: 0x0100,
  sleepButton: 0x0200,
  clock: 0x0400,
  wake: 0x8000,
} as const;
const STATUS_BITS = PM1.timer | 0x0010 | PM1.global | PM1.powerButton | PM1.sleepButton | PM1.clock | PM1.wake;
const ENABLE_BITS = PM1.timer | PM1.global | PM1.powerButton | PM1.sleepButton | PM1.clock;
const SCI_ENABLE = 0x0001;
const SLEEP_ENABLE = 0x2000;
/** SLP_TYP and BM_RLD: what PM1_CNT keeps. */
const CONTROL_BITS = 0x1c02;
/** TMR_STS is set whenever bit 31 of the timer changes. */
const HALF_TURN = 0x8000_0000;

/** The fixed hardware of ACPI (ACPI 6.5, 4.8): PM1 events and control, the PM timer and general-purpose events, on IRQ9. */
export class Acpi implements Device {
  readonly name = 'acpi';
  readonly schema = acpiState;
  readonly #board: Board;
  readonly #claim: Disposable;
  readonly #interrupt: InterruptLine;
  readonly #timer: Timer;
  #state: AcpiState = acpiState.initial();

  constructor(board: Board) {
    this.#board = board;
    this.#interrupt = board.interruptLine(SCI);
    this.#timer = board.timer(() => this.#update());
    this.#claim = board.claimPorts({
      owner: this.name,
      first: ACPI_PORTS.first,
      count: ACPI_PORTS.count,
      width: 4,
      handler: {
        read: (port, size) => {
          const value = this.#read(port & ~3) >>> ((port & 3) * 8);
          return (port & 3) + size > 4 ? (value | (0xffff_ffff << ((4 - (port & 3)) * 8))) >>> 0 : value;
        },
        write: (port, size, value) => {
          const shift = (port & 3) * 8;
          const mask = size === 4 ? 0xffff_ffff : (1 << (size * 8)) - 1;
          this.#write(port & ~3, (value << shift) >>> 0, (mask << shift) >>> 0);
        },
      },
    });
  }

  /** Someone pressed the power button: the guest is told, if it wants to know. */
  pressPowerButton(): void {
    this.#state.status |= PM1.powerButton;
    this.#update();
  }

  /** Raises general-purpose event 0 to 15. */
  raiseEvent(event: number): void {
    this.#state.generalStatus |= (1 << event) & 0xffff;
    this.#update();
  }

  reset(): void {
    this.#state = acpiState.initial();
    this.#state.checked = this.#ticks();
    this.#update();
  }

  save(): SavedState {
    return acpiState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#state = acpiState.decode(saved);
    this.#update();
  }

  dispose(): void {
    this.#timer.cancel();
    this.#interrupt.setLevel(false);
    this.#claim.dispose();
  }

  #ticks(): number {
    return ticksIn(this.#board.clock.now(), PM_TIMER_HERTZ);
  }

  /** An aligned 4-byte register. */
  #read(port: number): number {
    const state = this.#state;
    switch (port) {
      case ACPI_PORTS.timer:
        return this.#ticks() % 0x1_0000_0000;
      case ACPI_PORTS.pm1Event:
        this.#collectTimerStatus();
        return (state.status | (state.enable << 16)) >>> 0;
      case ACPI_PORTS.pm1Control:
        return state.control | SCI_ENABLE;
      case ACPI_PORTS.general:
        return (state.generalStatus | (state.generalEnable << 16)) >>> 0;
      default:
        return 0;
    }
  }

  /** Writes the bits of `mask` to an aligned 4-byte register. Status bits are cleared by writing ones. */
  #write(port: number, value: number, mask: number): void {
    const state = this.#state;
    switch (port) {
      case ACPI_PORTS.pm1Event:
        this.#collectTimerStatus();
        state.status &= ~(value & mask & STATUS_BITS);
        state.enable = ((state.enable & ~(mask >>> 16)) | ((value & mask) >>> 16)) & ENABLE_BITS;
        break;
      case ACPI_PORTS.pm1Control:
        this.#writeControl(((state.control & ~mask) | (value & mask)) & 0xffff);
        break;
      case ACPI_PORTS.general:
        state.generalStatus &= ~(value & mask & 0xffff);
        state.generalEnable = (state.generalEnable & ~(mask >>> 16)) | ((value & mask) >>> 16);
        break;
    }
    this.#update();
  }

  /** S5 is the only sleeping state there is; asked for another, the machine stays awake. */
  #writeControl(value: number): void {
    this.#state.control = value & CONTROL_BITS;
    if ((value & SLEEP_ENABLE) !== 0 && ((value >> 10) & 7) === SLEEP_TYPE_S5) this.#board.power.shutdown();
  }

  #collectTimerStatus(): void {
    const state = this.#state;
    const ticks = this.#ticks();
    if (Math.floor(ticks / HALF_TURN) > Math.floor(state.checked / HALF_TURN)) state.status |= PM1.timer;
    state.checked = ticks;
  }

  /** Drives the SCI, and arms the timer for TMR_STS if that may interrupt. */
  #update(): void {
    this.#collectTimerStatus();
    const state = this.#state;
    this.#interrupt.setLevel((state.status & state.enable) !== 0 || (state.generalStatus & state.generalEnable) !== 0);
    if ((state.enable & ~state.status & PM1.timer) === 0) this.#timer.cancel();
    else this.#timer.arm(timeOfTick((Math.floor(state.checked / HALF_TURN) + 1) * HALF_TURN, PM_TIMER_HERTZ));
  }
}

/** Puts the fixed ACPI hardware on the board. */
export const createAcpi = (board: Board): Acpi => new Acpi(board);
