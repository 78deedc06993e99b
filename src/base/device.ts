import type { Disposable } from './disposable.ts';
import type { SavedState, StateSchema } from './state-schema.ts';

/** A device as the machine sees it. What it does with its registers is between it and its board. */
export interface Device extends Disposable {
  /** Unique on its board, such as `i8254` or `serial0`. */
  readonly name: string;
  /** The registers and everything else that has to survive a snapshot. */
  readonly schema: StateSchema;
  /** Puts every register into its state after power-on. */
  reset(): void;
  save(): SavedState;
  /** Takes a saved state and arms timers and drives interrupt lines accordingly. Throws `StateError` if it does not fit. */
  restore(saved: SavedState): void;
}
