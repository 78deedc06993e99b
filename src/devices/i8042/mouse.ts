import type { MouseState } from './i8042-state.ts';
import { OUTPUT_LIMIT } from './i8042-state.ts';

/** What the mouse did since its last report. */
export interface MouseMovement {
  /** Counts to the right. */
  readonly x: number;
  /** Counts upwards. */
  readonly y: number;
  /** Notches of the wheel, positive towards the user. */
  readonly wheel?: number;
  /** Bit 0 left, bit 1 right, bit 2 middle. */
  readonly buttons: number;
}

const ACKNOWLEDGE = 0xfa;
const ERROR = 0xfc;
const RESEND = 0xfe;
/** Reports that wait to be read; movement beyond is lost, as with a real mouse. */
const MOST_WAITING = 48;

/** A PS/2 mouse with a wheel that a driver unlocks (PS/2 Technical Reference, mouse; IntelliMouse for the wheel). */
export class Mouse {
  state: MouseState;
  readonly #outputChanged: () => void;
  readonly #initial: () => MouseState;

  /** `initial` makes the state after power-on. */
  constructor(state: MouseState, initial: () => MouseState, outputChanged: () => void) {
    this.state = state;
    this.#initial = initial;
    this.#outputChanged = outputChanged;
  }

  take(): number {
    const byte = this.state.output.shift() ?? RESEND;
    this.state.last = byte;
    return byte;
  }

  move(movement: MouseMovement): void {
    const { state } = this;
    state.buttons = movement.buttons & 7;
    if (state.reporting && !state.remote && !state.wrap) this.#report(movement);
    this.#outputChanged();
  }

  receive(value: number): void {
    const { state } = this;
    const { command } = state;
    state.command = 0;
    if (state.wrap && value !== 0xec && value !== 0xff) this.#reply(value);
    else if (command !== 0) this.#argument(command, value);
    else this.#command(value);
    this.#outputChanged();
  }

  #command(value: number): void {
    const { state } = this;
    switch (value) {
      case 0xe6: // scaling 1:1 and 2:1
      case 0xe7:
        state.scaling = value === 0xe7;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xe8: // set resolution
      case 0xf3: // set sample rate
        state.command = value;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xe9: // status request
        this.#reply(ACKNOWLEDGE, this.#status(), state.resolution, state.rate);
        break;
      case 0xea: // stream mode
        state.remote = false;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xeb: // read data
        this.#reply(ACKNOWLEDGE);
        this.#report({ x: 0, y: 0 });
        break;
      case 0xec: // leave and enter wrap mode
      case 0xee:
        state.wrap = value === 0xee;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xf0: // remote mode
        state.remote = true;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xf2: // identify
        this.#reply(ACKNOWLEDGE, state.wheel ? 3 : 0);
        break;
      case 0xf4: // enable and disable reports
      case 0xf5:
        state.reporting = value === 0xf4;
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xf6: // defaults
        this.#defaults();
        this.#reply(ACKNOWLEDGE);
        break;
      case 0xfe: // resend
        this.#reply(state.last);
        break;
      case 0xff: // reset
        this.#defaults();
        this.state.wheel = false;
        this.#reply(ACKNOWLEDGE, 0xaa, 0x00);
        break;
      default:
        this.#reply(ERROR);
    }
  }

  #argument(command: number, value: number): void {
    const { state } = this;
    if (command === 0xe8) state.resolution = value & 3;
    else {
      state.rate = value;
      state.lastRates = [state.lastRates[1] as number, state.lastRates[2] as number, value];
      if (state.lastRates.join() === '200,100,80') state.wheel = true;
    }
    this.#reply(ACKNOWLEDGE);
  }

  /** Defaults keep the buttons, for they are held by a hand, and the wheel once it was unlocked. */
  #defaults(): void {
    const { buttons, wheel, last } = this.state;
    Object.assign(this.state, this.#initial(), { buttons, wheel, last });
  }

  #status(): number {
    const { state } = this;
    const buttons = ((state.buttons & 1) << 2) | (state.buttons & 2) | ((state.buttons & 4) >> 2);
    return (state.remote ? 0x40 : 0) | (state.reporting ? 0x20 : 0) | (state.scaling ? 0x10 : 0) | buttons;
  }

  /** Sends a movement, in as many reports of nine bits a direction as it takes. */
  #report(movement: Omit<MouseMovement, 'buttons'>): void {
    let { x, y } = movement;
    let wheel = movement.wheel ?? 0;
    do {
      if (this.state.output.length > MOST_WAITING) return;
      const [dx, dy] = [clamp(x, 255), clamp(y, 255)];
      const signs = (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0);
      this.#reply(0x08 | this.state.buttons | signs, dx & 0xff, dy & 0xff);
      if (this.state.wheel) this.#reply(clamp(wheel, 7) & 0xff);
      x -= dx;
      y -= dy;
      wheel -= clamp(wheel, 7);
    } while (x !== 0 || y !== 0 || (this.state.wheel && wheel !== 0));
  }

  #reply(...bytes: readonly number[]): void {
    for (const byte of bytes) if (this.state.output.length < OUTPUT_LIMIT) this.state.output.push(byte);
  }
}

const clamp = (value: number, limit: number): number => Math.trunc(Math.max(-limit, Math.min(limit, value)));
