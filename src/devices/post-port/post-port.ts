import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import { u8 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { SavedState } from '../../base/state-schema.ts';

const postPortState = defineState({
  name: 'post-port',
  version: 1,
  fields: { code: u8('the code that was last written to port 0x80') },
});

/** Port 0x80: firmware shows there how far it got, and kernels write to it to let a microsecond pass. */
export class PostPort implements Device {
  readonly name = 'post-port';
  readonly schema = postPortState;
  readonly #claim: Disposable;
  #state = postPortState.initial();

  constructor(board: Board) {
    this.#claim = board.claimPorts({
      owner: this.name,
      first: 0x80,
      count: 1,
      handler: {
        read: () => this.#state.code,
        write: (_port, _size, value) => {
          this.#state.code = value;
        },
      },
    });
  }

  /** The code that was last written. */
  get code(): number {
    return this.#state.code;
  }

  reset(): void {
    this.#state = postPortState.initial();
  }

  save(): SavedState {
    return postPortState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#state = postPortState.decode(saved);
  }

  dispose(): void {
    this.#claim.dispose();
  }
}

/** Puts port 0x80 on the board. */
export const createPostPort = (board: Board): PostPort => new PostPort(board);
