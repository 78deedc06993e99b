import { keyOfKeysym, keyOfScanCode } from './key-table.ts';

/** A key goes down or up. `code` is its make code in scan code set 2: 0xE0xx if extended, 0xE11477 for Pause. */
export type KeyListener = (code: number, down: boolean) => void;

const LEFT_SHIFT = 0x12;
const RIGHT_SHIFT = 0x59;
const CAPS_LOCK = 0x58;
const PAUSE = 0xe1_1477;

/** Turns key events of one client into keys of a PC keyboard, and remembers which it holds down. */
export class KeyboardInput {
  readonly #listener: KeyListener;
  readonly #held = new Set<number>();
  #capsLock = false;

  constructor(listener: KeyListener) {
    this.#listener = listener;
  }

  /** A key as the client's keyboard has it, by its scan code: right whatever the layout. False when there is no such key. */
  scanCode(code: number, down: boolean): boolean {
    // The high bit of the low byte stands for the prefix of extended keys.
    const key = keyOfScanCode(code > 0xff ? code : (code & 0x80) !== 0 ? 0xe000 | (code & 0x7f) : code);
    if (key === undefined) return false;
    this.#press(key.set2, down);
    return true;
  }

  /**
   * A key by the character that the client's layout makes of it. Where that takes Shift in the layout of the United States and the
   * client does not hold it, or the other way round, Shift is moved for as long as the key needs.
   */
  keysym(keysym: number, down: boolean): void {
    const key = keyOfKeysym(keysym);
    if (key === undefined) return;
    const isLetter = key.plain.length === 1 && (key.plain[0] as number) >= 0x61 && (key.plain[0] as number) <= 0x7a;
    const isCharacter = keysym > 0x20 && keysym < 0x100;
    const wants = key.shifted.includes(keysym);
    const isShifted = this.#held.has(LEFT_SHIFT) || this.#held.has(RIGHT_SHIFT);
    if (!down || !isCharacter || wants === isShifted || (isLetter && (this.#capsLock || isShifted))) {
      this.#press(key.set2, down);
      return;
    }
    const shifts = isShifted ? [LEFT_SHIFT, RIGHT_SHIFT].filter((code) => this.#held.has(code)) : [LEFT_SHIFT];
    for (const code of shifts) this.#listener(code, wants);
    this.#press(key.set2, true);
    for (const code of shifts) this.#listener(code, !wants);
  }

  /** Lets go of every key that is held, as when the client is gone. */
  release(): void {
    for (const code of this.#held) this.#press(code, false);
  }

  #press(code: number, down: boolean): void {
    if (code === PAUSE) {
      if (down) this.#listener(code, true);
      return;
    }
    // What goes up without having gone down was held before the client came: it does no harm.
    if (code === CAPS_LOCK && down && !this.#held.has(code)) this.#capsLock = !this.#capsLock;
    if (down) this.#held.add(code);
    else this.#held.delete(code);
    this.#listener(code, down);
  }
}
