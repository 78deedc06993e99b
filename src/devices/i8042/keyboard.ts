import type { Board } from '../../base/board.ts';
import type { Timer } from '../../base/timer.ts';
import type { KeyboardState } from './i8042-state.ts';
import { OUTPUT_LIMIT } from './i8042-state.ts';
import { keyStroke, PAUSE } from './scan-codes.ts';

/** Key strokes that the keyboard keeps while nobody reads them. */
const STROKE_BUFFER = 16;
const ACKNOWLEDGE = 0xfa;
const RESEND = 0xfe;
const SELF_TEST_PASSED = 0xaa;
const OVERRUN = 0x00;

/** An AT keyboard with 102 keys (IBM Personal System/2 Hardware Interface Technical Reference, keyboards). */
export class Keyboard {
  state: KeyboardState;
  readonly #board: Board;
  readonly #outputChanged: () => void;
  readonly #timer: Timer;

  /** `outputChanged` is called when there is more to send. */
  constructor(board: Board, state: KeyboardState, outputChanged: () => void) {
    this.#board = board;
    this.state = state;
    this.#outputChanged = outputChanged;
    this.#timer = board.timer(() => this.#repeat());
  }

  /** The next byte it sends. Only to be called when there is one. */
  take(): number {
    const byte = this.state.output.shift() ?? RESEND;
    this.state.last = byte;
    return byte;
  }

  /** A key goes down or up; see `keyStroke` for `code`. A key that is held down repeats. */
  press(code: number, down: boolean): void {
    const { state } = this;
    if (!state.scanning) return;
    this.#stroke(code, down);
    if (down && code !== PAUSE) {
      state.repeating = code;
      this.#armRepeat(250e6 * (((state.typematic >> 5) & 3) + 1));
    } else if (!down && state.repeating === code) this.#stopRepeat();
  }

  /** A byte from the controller: a command or its argument. */
  receive(value: number): void {
    const { state } = this;
    const { command } = state;
    state.command = 0;
    if (command !== 0 && value < 0xed) this.#argument(command, value);
    else this.#command(value);
    this.#outputChanged();
  }

  /** Arms the typematic timer for what a restored state says. */
  resume(): void {
    if (this.state.repeatAt === Infinity) this.#timer.cancel();
    else this.#timer.arm(this.state.repeatAt);
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #command(value: number): void {
    const { state } = this;
    switch (value) {
      case 0xed: // set LEDs
      case 0xf0: // select scan code set
      case 0xf3: // set typematic rate and delay
      case 0xfb: // set key types, which scan code set 3 alone has
      case 0xfc:
      case 0xfd:
        state.command = value;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xee: // echo
        this.#reply(0xee);
        break;
      case 0xf2: // identify
        this.#reply(ACKNOWLEDGE, 0xab, 0x83);
        break;
      case 0xf4: // enable
        state.output = [];
        state.scanning = true;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xf5: // defaults, disabled
        this.#defaults();
        state.scanning = false;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xf6: // defaults
        this.#defaults();
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xf7: // key types of scan code set 3
      case 0xf8:
      case 0xf9:
      case 0xfa:
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xfe: // resend
        this.#reply(state.last);
        break;
      case 0xff: // reset
        this.#defaults();
        state.leds = 0;
        state.scanning = true;
        this.#reply(ACKNOWLEDGE, SELF_TEST_PASSED);
        break;
      default:
        this.#reply(RESEND);
    }
  }

  #argument(command: number, value: number): void {
    const { state } = this;
    this.#reply(ACKNOWLEDGE);
    switch (command) {
      case 0xed:
        state.leds = value & 7;
        break;
      case 0xf0:
        // 0 asks for the set in use. The keyboard has sets 1 and 2; asked for another it stays with its own.
        if (value === 0) this.#reply(state.scanCodeSet);
        else if (value < 3) state.scanCodeSet = value;
        break;
      case 0xf3:
        state.typematic = value & 0x7f;
        break;
    }
  }

  #defaults(): void {
    const { state } = this;
    state.output = [];
    state.scanCodeSet = 2;
    state.typematic = 0x2b;
    this.#stopRepeat();
  }

  #reply(...bytes: readonly number[]): void {
    for (const byte of bytes) if (this.state.output.length < OUTPUT_LIMIT) this.state.output.push(byte);
  }

  #stroke(code: number, down: boolean): void {
    const { output, scanCodeSet } = this.state;
    const bytes = keyStroke(code, down, scanCodeSet);
    if (output.length + bytes.length <= STROKE_BUFFER) output.push(...bytes);
    else if (output.length <= STROKE_BUFFER && output.at(-1) !== OVERRUN) output.push(OVERRUN);
    this.#outputChanged();
  }

  /** The repeat rate: a period of (8 + A) * 2^B / 240 seconds (Technical Reference, "Set Typematic Rate/Delay"). */
  #repeat(): void {
    const { typematic, repeating } = this.state;
    this.#stroke(repeating, true);
    this.#armRepeat(((8 + (typematic & 7)) * (1 << ((typematic >> 3) & 3)) * 1e9) / 240);
  }

  #armRepeat(nanoseconds: number): void {
    this.state.repeatAt = this.#board.clock.now() + nanoseconds;
    this.#timer.arm(this.state.repeatAt);
  }

  #stopRepeat(): void {
    this.state.repeating = 0;
    this.state.repeatAt = Infinity;
    this.#timer.cancel();
  }
}
