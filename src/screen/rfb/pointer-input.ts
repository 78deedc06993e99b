/** What the pointer did. */
export interface PointerChange {
  /** Where it is, in pixels of the display; where it was last when the client tells movements alone. */
  readonly x: number;
  readonly y: number;
  /** By how much it moved, to the right and downwards. */
  readonly dx: number;
  readonly dy: number;
  /** Notches of the wheel, positive towards the user. */
  readonly wheel: number;
  /** Bit 0 left, bit 1 right, bit 2 middle. */
  readonly buttons: number;
}

export type PointerListener = (change: PointerChange) => void;

/** Buttons of a `PointerEvent` (RFC 6143, 7.5.5). */
const BUTTON = { left: 0x01, middle: 0x02, right: 0x04, wheelUp: 0x08, wheelDown: 0x10 } as const;
/** What a movement of nothing is sent as. */
const CENTRE = 0x7fff;

/** Turns pointer events of one client into positions and movements. */
export class PointerInput {
  readonly #listener: PointerListener;
  #x: number | undefined;
  #y = 0;
  #mask = 0;

  constructor(listener: PointerListener) {
    this.#listener = listener;
  }

  /** A `PointerEvent` whose numbers are a position. */
  move(mask: number, x: number, y: number): void {
    const dx = this.#x === undefined ? 0 : x - this.#x;
    const dy = this.#x === undefined ? 0 : y - this.#y;
    this.#x = x;
    this.#y = y;
    this.#tell(mask, dx, dy);
  }

  /** A `PointerEvent` of a client that was told to send movements. */
  moveBy(mask: number, x: number, y: number): void {
    this.#tell(mask, x - CENTRE, y - CENTRE);
  }

  /** Lets go of the buttons, as when the client is gone. */
  release(): void {
    if ((this.#mask & (BUTTON.left | BUTTON.middle | BUTTON.right)) !== 0) this.#tell(0, 0, 0);
  }

  #tell(mask: number, dx: number, dy: number): void {
    const pressed = mask & ~this.#mask;
    this.#mask = mask;
    const wheel = ((pressed & BUTTON.wheelDown) !== 0 ? 1 : 0) - ((pressed & BUTTON.wheelUp) !== 0 ? 1 : 0);
    const buttons =
      (mask & BUTTON.left) | ((mask & BUTTON.right) !== 0 ? 2 : 0) | ((mask & BUTTON.middle) !== 0 ? 4 : 0);
    this.#listener({ x: this.#x ?? 0, y: this.#y, dx, dy, wheel, buttons });
  }
}
