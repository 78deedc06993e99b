import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { PortHandler } from '../../base/port-io.ts';
import { u8 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { A20Gate } from '../a20-gate/a20-gate.ts';

/** The reset control register of PCI chip sets. */
export const RESET_CONTROL_PORT = 0xcf9;
/** What the FADT tells an operating system to write there: reset the processor, hard. */
export const RESET_CONTROL_VALUE = 0x06;

const resetControlState = defineState({
  name: 'reset-control',
  version: 1,
  fields: {
    control: u8('port 0xCF9: bit 1 (hard reset), bit 2 (reset on its rise), bit 3 (power cycle)'),
    systemControl: u8('port 0x92: bit 0 (reset on its rise), bit 1 (A20)'),
  },
});

/** System control port A (0x92), and the reset control register, which `PciHost` shows at 0xCF9. */
export class ResetControl implements Device {
  readonly name = 'reset-control';
  readonly schema = resetControlState;
  readonly #claims = new DisposableStore();
  readonly #a20: A20Gate;
  #state = resetControlState.initial();

  /** The reset control register (PIIX3 data sheet, 2.6.1). */
  readonly resetRegister: PortHandler = {
    read: () => this.#state.control,
    write: (_port, _size, value) => {
      const rises = (value & ~this.#state.control & 0x04) !== 0;
      // The bit falls again with the reset that it causes.
      this.#state.control = value & 0x0a;
      if (rises) this.#board.power.reset();
    },
  };
  readonly #board: Board;

  constructor(board: Board, a20: A20Gate) {
    this.#board = board;
    this.#a20 = a20;
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        first: 0x92,
        count: 1,
        handler: {
          read: () => this.#state.systemControl,
          write: (_port, _size, value) => {
            const rises = (value & ~this.#state.systemControl & 0x01) !== 0;
            this.#state.systemControl = value & 0x03;
            this.#a20.set('port92', (value & 0x02) !== 0);
            if (rises) board.power.reset();
          },
        },
      }),
    );
  }

  reset(): void {
    this.#state = resetControlState.initial();
    this.#a20.set('port92', false);
  }

  save(): SavedState {
    return resetControlState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#state = resetControlState.decode(saved);
    this.#a20.set('port92', (this.#state.systemControl & 0x02) !== 0);
  }

  dispose(): void {
    this.#claims.dispose();
  }
}

/** Puts port 0x92 on the board; hand the device to `createPciHost` for port 0xCF9. */
export const createResetControl = (board: Board, a20: A20Gate): ResetControl => new ResetControl(board, a20);
