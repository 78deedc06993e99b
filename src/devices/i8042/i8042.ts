import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { A20Gate } from '../a20-gate/a20-gate.ts';
import { i8042State } from './i8042-state.ts';
import type { I8042State } from './i8042-state.ts';
import { Keyboard } from './keyboard.ts';
import { Mouse } from './mouse.ts';
import type { MouseMovement } from './mouse.ts';
import { translate } from './scan-codes.ts';

export interface I8042Options {
  readonly a20: A20Gate;
  /** Whether there is a mouse port, with a mouse. True unless told. */
  readonly mouse?: boolean;
}

/** Bits of the command byte. */
const MODE = {
  keyboardInterrupt: 0x01,
  mouseInterrupt: 0x02,
  systemFlag: 0x04,
  keyboardDisabled: 0x10,
  mouseDisabled: 0x20,
  translation: 0x40,
} as const;

/** The keyboard controller at ports 0x60 and 0x64, with a keyboard on IRQ1 and a mouse on IRQ12. */
export class I8042 implements Device {
  readonly name = 'i8042';
  readonly schema = i8042State;
  readonly #board: Board;
  readonly #a20: A20Gate;
  readonly #hasMouse: boolean;
  readonly #claims = new DisposableStore();
  readonly #keyboardInterrupt: InterruptLine;
  readonly #mouseInterrupt: InterruptLine;
  readonly #keyboard: Keyboard;
  readonly #mouse: Mouse;
  #state: I8042State = i8042State.initial();

  constructor(board: Board, options: I8042Options) {
    this.#board = board;
    this.#a20 = options.a20;
    this.#hasMouse = options.mouse ?? true;
    this.#keyboardInterrupt = board.interruptLine(1);
    this.#mouseInterrupt = board.interruptLine(12);
    this.#keyboard = new Keyboard(board, this.#state.keyboard, () => this.#fill());
    this.#mouse = new Mouse(
      this.#state.mouse,
      () => i8042State.initial().mouse,
      () => this.#fill(),
    );
    const handler = {
      read: (port: number) => (port === 0x64 ? this.#readStatus() : this.#readData()),
      write: (port: number, _size: number, value: number) => (port === 0x64 ? this.#command(value) : this.#data(value)),
    };
    for (const first of [0x60, 0x64])
      this.#claims.add(board.claimPorts({ owner: this.name, first, count: 1, handler }));
  }

  /** A key goes down or up. `code` is its make code of scan code set 2, 0xE0xx if extended, or `PAUSE`. */
  pressKey(code: number, down: boolean): void {
    this.#keyboard.press(code, down);
  }

  /** The mouse moves, or a button of it changes. */
  moveMouse(movement: MouseMovement): void {
    if (this.#hasMouse) this.#mouse.move(movement);
  }

  /** The lights: bit 0 scroll lock, bit 1 num lock, bit 2 caps lock. */
  get leds(): number {
    return this.#state.keyboard.leds;
  }

  reset(): void {
    this.#load(i8042State.initial());
  }

  save(): SavedState {
    return i8042State.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#load(i8042State.decode(saved));
  }

  dispose(): void {
    this.#keyboard.cancel();
    this.#claims.dispose();
  }

  #load(state: I8042State): void {
    this.#state = state;
    this.#keyboard.state = state.keyboard;
    this.#mouse.state = state.mouse;
    this.#keyboard.resume();
    this.#a20.set('i8042', (state.outputPort & 2) !== 0);
    this.#driveInterrupts();
  }

  #readStatus(): number {
    const state = this.#state;
    // Bit 4: the keyboard lock is open. The input buffer (bit 1) is always empty, for commands take no time.
    return state.status | 0x10 | (state.outputFull ? 0x01 : 0) | (state.outputFull && state.outputAuxiliary ? 0x20 : 0);
  }

  #readData(): number {
    const state = this.#state;
    state.outputFull = false;
    const value = state.output;
    this.#driveInterrupts();
    this.#fill();
    return value;
  }

  /** Moves the next byte into an empty output buffer: the controller's own first, then the keyboard's. */
  #fill(): void {
    const state = this.#state;
    while (!state.outputFull) {
      if (state.replies.length > 0) this.#put(state.replies.shift() as number, false);
      else if (state.keyboard.output.length > 0 && (state.commandByte & MODE.keyboardDisabled) === 0) {
        const byte = this.#keyboard.take();
        if ((state.commandByte & MODE.translation) === 0) this.#put(byte, false);
        else if (byte === 0xf0) state.breakPrefix = true;
        else {
          // The break prefix of set 2 becomes bit 7 of the code in set 1.
          this.#put(translate(byte) | (state.breakPrefix ? 0x80 : 0), false);
          state.breakPrefix = false;
        }
      } else if (state.mouse.output.length > 0 && (state.commandByte & MODE.mouseDisabled) === 0) {
        this.#put(this.#mouse.take(), true);
      } else return;
    }
  }

  #put(byte: number, auxiliary: boolean): void {
    const state = this.#state;
    state.output = byte;
    state.outputFull = true;
    state.outputAuxiliary = auxiliary;
    this.#driveInterrupts();
  }

  #driveInterrupts(): void {
    const { outputFull, outputAuxiliary, commandByte } = this.#state;
    this.#keyboardInterrupt.setLevel(outputFull && !outputAuxiliary && (commandByte & MODE.keyboardInterrupt) !== 0);
    this.#mouseInterrupt.setLevel(outputFull && outputAuxiliary && (commandByte & MODE.mouseInterrupt) !== 0);
  }

  #reply(byte: number): void {
    if (this.#state.replies.length < 8) this.#state.replies.push(byte);
    this.#fill();
  }

  /** A write to port 0x64. */
  #command(value: number): void {
    const state = this.#state;
    state.status |= 0x08;
    state.command = 0;
    if (value >= 0xf0) {
      // Pulses output port bits 0 to 3 low where the command has a 0; bit 0 is the processor's reset.
      if ((value & 1) === 0) this.#board.power.reset();
      return;
    }
    if (!this.#hasMouse && [0xa7, 0xa8, 0xa9, 0xd3, 0xd4].includes(value)) return;
    switch (value) {
      case 0x20: // read and write the command byte
        this.#reply(state.commandByte);
        break;
      case 0x60:
      case 0xd1: // write the output port
      case 0xd2: // write the output buffer as if the keyboard, or the mouse, had sent it
      case 0xd3:
      case 0xd4: // send to the mouse
        state.command = value;
        break;
      case 0xa7: // disable and enable the mouse port
        this.#setMode(state.commandByte | MODE.mouseDisabled);
        break;
      case 0xa8:
        this.#setMode(state.commandByte & ~MODE.mouseDisabled);
        break;
      case 0xa9: // test the mouse port
      case 0xab: // test the keyboard port
        this.#reply(0x00);
        break;
      case 0xaa: // self-test
        state.status |= MODE.systemFlag;
        state.commandByte |= MODE.systemFlag;
        this.#reply(0x55);
        break;
      case 0xad: // disable and enable the keyboard port
        this.#setMode(state.commandByte | MODE.keyboardDisabled);
        break;
      case 0xae:
        this.#setMode(state.commandByte & ~MODE.keyboardDisabled);
        break;
      case 0xc0: // read the input port: keyboard not locked, colour display
        this.#reply(0x80);
        break;
      case 0xd0: // read the output port
        this.#reply(this.#outputPort());
        break;
      case 0xdd: // close and open A20
      case 0xdf:
        this.#writeOutputPort((state.outputPort & ~2) | (value & 2));
        break;
      case 0xe0: // read the test inputs: both clocks idle
        this.#reply(0x00);
        break;
    }
  }

  /** A write to port 0x60: the argument of a command, or something for the keyboard. */
  #data(value: number): void {
    const state = this.#state;
    state.status &= ~0x08;
    const { command } = state;
    state.command = 0;
    switch (command) {
      case 0x60:
        state.status = (state.status & ~MODE.systemFlag) | (value & MODE.systemFlag);
        this.#setMode(this.#hasMouse ? value : value | MODE.mouseDisabled);
        break;
      case 0xd1:
        this.#writeOutputPort(value);
        break;
      case 0xd2:
        this.#put(value, false);
        break;
      case 0xd3:
        this.#put(value, true);
        break;
      case 0xd4:
        this.#setMode(state.commandByte & ~MODE.mouseDisabled);
        this.#mouse.receive(value);
        break;
      default:
        // Sending to the keyboard enables its port.
        this.#setMode(state.commandByte & ~MODE.keyboardDisabled);
        this.#keyboard.receive(value);
    }
  }

  #setMode(value: number): void {
    this.#state.commandByte = value;
    this.#driveInterrupts();
    this.#fill();
  }

  #outputPort(): number {
    const { outputPort, outputFull, outputAuxiliary } = this.#state;
    return (outputPort & 0x0f) | (outputFull ? (outputAuxiliary ? 0x20 : 0x10) : 0);
  }

  #writeOutputPort(value: number): void {
    this.#state.outputPort = value | 0x01;
    this.#a20.set('i8042', (value & 2) !== 0);
    if ((value & 1) === 0) this.#board.power.reset();
  }
}

/** Puts the keyboard controller with a keyboard and, unless told otherwise, a mouse on the board. */
export const createI8042 = (board: Board, options: I8042Options): I8042 => new I8042(board, options);
