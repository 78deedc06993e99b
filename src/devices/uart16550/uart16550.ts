import type { Board } from '../../base/board.ts';
import type { CharacterBackend, CharacterInput } from '../../base/character-backend.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { Timer } from '../../base/timer.ts';
import {
  characterTimeout,
  CONNECTED,
  IIR,
  interruptSource,
  isFifoEnabled,
  isLoopback,
  MCR,
  modemStatus,
  lineStatus,
  LSR,
  modemChanges,
} from './uart16550-signals.ts';
import { FIFO_DEPTH, uart16550State } from './uart16550-state.ts';
import type { Uart16550State } from './uart16550-state.ts';

export interface Uart16550Options {
  /** Such as `serial0`; also the name of the host's back end. */
  readonly name: string;
  /** The first of its eight ports. */
  readonly port: number;
  /** Its ISA interrupt request. */
  readonly interrupt: number;
}

/** Where a PC has its serial ports. */
export const SERIAL_PORTS: readonly Uart16550Options[] = [
  { name: 'serial0', port: 0x3f8, interrupt: 4 },
  { name: 'serial1', port: 0x2f8, interrupt: 3 },
  { name: 'serial2', port: 0x3e8, interrupt: 4 },
  { name: 'serial3', port: 0x2e8, interrupt: 3 },
];

/**
 * A 16550A (National PC16550D data sheet). Transmission takes no time: the transmitter is empty as
 * soon as a character was written. Reception is paced by the host, which asks how much room there is.
 */
export class Uart16550 implements Device {
  readonly name: string;
  readonly schema = uart16550State;
  readonly #board: Board;
  readonly #claim: Disposable;
  readonly #interrupt: InterruptLine;
  readonly #timer: Timer;
  readonly #backend: CharacterBackend | undefined;
  #state: Uart16550State = uart16550State.initial();
  #roomListener: () => void = () => {};
  #hostWaits = false;

  constructor(board: Board, options: Uart16550Options) {
    this.name = options.name;
    this.#board = board;
    this.#interrupt = board.interruptLine(options.interrupt);
    this.#timer = board.timer(() => this.#timeOut());
    this.#backend = board.characterBackend(options.name);
    this.reset();
    this.#claim = board.claimPorts({
      owner: this.name,
      first: options.port,
      count: 8,
      handler: {
        read: (port) => this.#read(port & 7),
        write: (port, _size, value) => this.#write(port & 7, value),
      },
    });
    this.#backend?.connect(this.#input());
  }

  reset(): void {
    this.#state = uart16550State.initial();
    this.#state.modemInputs = this.#backend === undefined ? 0 : CONNECTED;
    this.#update();
    this.#offerRoom();
  }

  save(): SavedState {
    return uart16550State.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#state = uart16550State.decode(saved);
    if (this.#state.timeout === Infinity) this.#timer.cancel();
    else this.#timer.arm(this.#state.timeout);
    this.#update();
    this.#offerRoom();
  }

  dispose(): void {
    this.#timer.cancel();
    this.#interrupt.setLevel(false);
    this.#claim.dispose();
  }

  /** The host's end of the receiver. Input waits in the host while the guest tests the loopback. */
  #input(): CharacterInput {
    const room = (): number =>
      isLoopback(this.#state) ? 0 : (isFifoEnabled(this.#state) ? FIFO_DEPTH : 1) - this.#state.receive.length;
    return {
      get room() {
        return Math.max(0, room());
      },
      receive: (bytes) => {
        const taken = Math.min(bytes.length, Math.max(0, room()));
        for (const byte of bytes.subarray(0, taken)) this.#state.receive.push(byte);
        if (taken > 0) this.#received();
        this.#hostWaits = taken < bytes.length;
        return taken;
      },
      onRoom: (listener) => {
        this.#roomListener = listener;
      },
      receiveBreak: () => {
        if (isLoopback(this.#state)) return;
        this.#receiveByte(0);
        this.#state.lineErrors |= LSR.break;
        this.#update();
      },
    };
  }

  #read(register: number): number {
    const state = this.#state;
    const divisorLatch = (state.lineControl & 0x80) !== 0;
    switch (register) {
      case 0:
        return divisorLatch ? state.divisorLow : this.#readData();
      case 1:
        return divisorLatch ? state.divisorHigh : state.interruptEnable;
      case 2:
        return this.#readIdentification();
      case 3:
        return state.lineControl;
      case 4:
        return state.modemControl;
      case 5:
        return this.#readLineStatus();
      case 6: {
        const status = modemStatus(this.#state) | state.modemDelta;
        state.modemDelta = 0;
        this.#update();
        return status;
      }
      default:
        return state.scratch;
    }
  }

  #write(register: number, value: number): void {
    const state = this.#state;
    const divisorLatch = (state.lineControl & 0x80) !== 0;
    switch (register) {
      case 0:
        if (divisorLatch) state.divisorLow = value;
        else this.#transmit(value);
        break;
      case 1:
        if (divisorLatch) state.divisorHigh = value;
        else this.#writeInterruptEnable(value & 0x0f);
        break;
      case 2:
        this.#writeFifoControl(value);
        break;
      case 3:
        state.lineControl = value;
        break;
      case 4:
        this.#writeModemControl(value & 0x1f);
        break;
      case 7:
        state.scratch = value;
        break;
      // LSR and MSR are for reading; writes are for factory tests.
    }
  }

  #transmit(byte: number): void {
    if (isLoopback(this.#state)) this.#receiveByte(byte);
    else this.#backend?.write(Uint8Array.of(byte));
    this.#state.transmitEmptied = true;
    this.#update();
  }

  #readData(): number {
    const state = this.#state;
    const byte = state.receive.shift() ?? 0;
    state.timedOut = false;
    if (state.receive.length === 0) {
      this.#stopTimeout();
      this.#offerRoom();
    } else this.#startTimeout();
    this.#update();
    return byte;
  }

  #readIdentification(): number {
    const source = interruptSource(this.#state);
    if (source === IIR.transmitter) {
      this.#state.transmitEmptied = false;
      this.#update();
    }
    return source | (isFifoEnabled(this.#state) ? 0xc0 : 0);
  }

  #readLineStatus(): number {
    const state = this.#state;
    const status = lineStatus(state);
    state.lineErrors = 0;
    this.#update();
    return status;
  }

  /** Enabling the THRE interrupt while the transmitter is empty makes one at once, which drivers test for. */
  #writeInterruptEnable(value: number): void {
    const state = this.#state;
    if ((value & ~state.interruptEnable & 0x02) !== 0) state.transmitEmptied = true;
    state.interruptEnable = value;
    this.#update();
  }

  #writeFifoControl(value: number): void {
    const state = this.#state;
    const toggled = ((value ^ state.fifoControl) & 1) !== 0;
    // Bits other than the enable are only taken when it is set; changing it empties both FIFOs.
    state.fifoControl = (value & 1) !== 0 ? value & 0xc1 : 0;
    if (toggled || (value & 0x03) === 0x03) {
      state.receive = [];
      state.timedOut = false;
      this.#stopTimeout();
      this.#offerRoom();
    }
    if (toggled || (value & 0x05) === 0x05) state.transmitEmptied = true;
    this.#update();
  }

  #writeModemControl(value: number): void {
    const state = this.#state;
    const before = modemStatus(this.#state);
    state.modemControl = value;
    state.modemDelta |= modemChanges(before, modemStatus(this.#state));
    this.#update();
    if (!isLoopback(this.#state)) this.#offerRoom();
  }

  #receiveByte(byte: number): void {
    const { receive } = this.#state;
    const depth = isFifoEnabled(this.#state) ? FIFO_DEPTH : 1;
    if (receive.length >= depth) {
      this.#state.lineErrors |= LSR.overrun;
      // Without FIFOs the new character takes the place of the old one.
      if (depth === 1) receive[0] = byte;
    } else receive.push(byte);
    this.#received();
  }

  #received(): void {
    this.#state.timedOut = false;
    this.#startTimeout();
    this.#update();
  }

  /** With FIFOs, four character times without activity interrupt for what is below the trigger level. */
  #startTimeout(): void {
    if (!isFifoEnabled(this.#state)) return;
    this.#state.timeout = Math.floor(this.#board.clock.now()) + characterTimeout(this.#state);
    this.#timer.arm(this.#state.timeout);
  }

  #stopTimeout(): void {
    this.#state.timeout = Infinity;
    this.#timer.cancel();
  }

  #timeOut(): void {
    this.#state.timeout = Infinity;
    this.#state.timedOut = this.#state.receive.length > 0;
    this.#update();
  }

  /** OUT2 gates the interrupt onto the bus of a PC; loopback disconnects it. */
  #update(): void {
    const gated = (this.#state.modemControl & (MCR.out2 | MCR.loopback)) === MCR.out2;
    this.#interrupt.setLevel(gated && interruptSource(this.#state) !== IIR.none);
  }

  #offerRoom(): void {
    if (!this.#hostWaits) return;
    this.#hostWaits = false;
    this.#roomListener();
  }
}

/** Puts a serial port on the board. */
export const createUart16550 = (board: Board, options: Uart16550Options): Uart16550 => new Uart16550(board, options);
