import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import { defineState } from '../../base/state-schema.ts';
import type { SavedState } from '../../base/state-schema.ts';

export const DEBUG_EXIT_PORT = 0xf4;

const debugExitState = defineState({ name: 'debug-exit', version: 1, fields: {} });

/** Ends the monitor when the guest writes to its port: a value v makes the exit status (v << 1) | 1. */
class DebugExit implements Device {
  readonly name = 'debug-exit';
  readonly schema = debugExitState;
  readonly #claim: Disposable;

  constructor(board: Board) {
    this.#claim = board.claimPorts({
      owner: this.name,
      first: DEBUG_EXIT_PORT,
      count: 4,
      width: 4,
      handler: {
        read: () => 0,
        // A process has 8 bits of exit status.
        write: (_port, _size, value) => board.power.exit(((value << 1) | 1) & 0xff),
      },
    });
  }

  reset(): void {}

  save(): SavedState {
    return debugExitState.encode({});
  }

  restore(saved: SavedState): void {
    debugExitState.decode(saved);
  }

  dispose(): void {
    this.#claim.dispose();
  }
}

/** Puts the debug-exit port 0xF4 on the board. */
export const createDebugExit = (board: Board): Device => new DebugExit(board);
