// The device that docs/devices.md shows, between the two lines of dashes, and the page's promises about it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
// ----
import type { Board } from '../base/board.ts';
import type { Device } from '../base/device.ts';
import type { Disposable } from '../base/disposable.ts';
import type { InterruptLine } from '../base/interrupt-line.ts';
import { deadline, u8 } from '../base/state-field.ts';
import { defineState, type SavedState, type StateOf } from '../base/state-schema.ts';
import type { Timer } from '../base/timer.ts';

const eggTimerState = defineState({
  name: 'egg-timer',
  version: 1,
  fields: {
    minutes: u8('what was last written to port 0x300: minutes to boil'),
    due: deadline('when the egg is done'),
  },
});

/** Write minutes to port 0x300; IRQ5 is raised when they have passed, and lowered by a read. */
class EggTimer implements Device {
  readonly name = 'egg-timer';
  readonly schema = eggTimerState;
  readonly #board: Board;
  readonly #claim: Disposable;
  readonly #interrupt: InterruptLine;
  readonly #timer: Timer;
  #state = eggTimerState.initial();

  constructor(board: Board) {
    this.#board = board;
    this.#interrupt = board.interruptLine(5);
    this.#timer = board.timer(() => this.#interrupt.setLevel(true));
    this.#claim = board.claimPorts({
      owner: this.name,
      first: 0x300,
      count: 1,
      handler: {
        read: () => {
          this.#interrupt.setLevel(false);
          return this.#state.minutes;
        },
        write: (_port, _size, value) => {
          this.#state.minutes = value;
          this.#state.due = this.#board.clock.now() + value * 60e9;
          this.#timer.arm(this.#state.due);
        },
      },
    });
  }

  reset(): void {
    this.#load(eggTimerState.initial());
  }

  save(): SavedState {
    return eggTimerState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#load(eggTimerState.decode(saved));
  }

  dispose(): void {
    this.#timer.cancel();
    this.#interrupt.setLevel(false);
    this.#claim.dispose();
  }

  #load(state: StateOf<typeof eggTimerState>): void {
    this.#state = state;
    this.#interrupt.setLevel(false);
    this.#timer.arm(state.due);
  }
}

export const createEggTimer = (board: Board): Device => new EggTimer(board);
// ----
import { BenchBoard } from './board/bench-board.ts';

test('the device of docs/devices.md works as the page says', () => {
  const board = new BenchBoard();
  const device = createEggTimer(board);
  board.out8(0x300, 3);
  const saved = JSON.parse(JSON.stringify(device.save()));
  board.advance(180e9);
  assert.deepEqual(board.lineChanges, ['5+']);
  assert.equal(board.in8(0x300), 3);
  assert.deepEqual(board.lineChanges, ['5+', '5-']);

  const other = new BenchBoard();
  createEggTimer(other).restore(saved);
  other.advance(180e9);
  assert.deepEqual(other.lineChanges, ['5+']);
});

test('docs/devices.md shows the same device', () => {
  const [, shown] = readFileSync('src/devices/adding-a-device.test.ts', 'utf8').split('// ----\n');
  assert.ok(
    shown !== undefined &&
      readFileSync('docs/devices.md', 'utf8').includes(shown.replaceAll("'../base/", "'../../base/")),
  );
});
