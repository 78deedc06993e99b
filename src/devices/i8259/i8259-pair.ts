import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { InterruptSource } from '../../base/processor-signals.ts';
import type { SavedState } from '../../base/state-schema.ts';
import { i8259State } from './i8259-state.ts';
import type { I8259State } from './i8259-state.ts';
import { I8259 } from './i8259.ts';

/** The input of the master that the slave's output is wired to. */
const CASCADE = 2;
/** Requests 0, 1, 2, 8 and 13 of a PC are edge triggered for good. */
const MASTER_LEVEL_CAPABLE = 0xf8;
const SLAVE_LEVEL_CAPABLE = 0xde;

export interface I8259Options {
  /** Called when the INTR output changes; it is wired to LINT0 of the local APIC. */
  readonly onOutput?: (high: boolean) => void;
}

/** The two cascaded 8259As of a PC: 15 interrupt requests at ports 0x20, 0xA0 and (edge/level) 0x4D0. */
export class I8259Pair implements Device, InterruptSource {
  readonly name = 'i8259';
  readonly schema = i8259State;
  readonly #claims = new DisposableStore();
  readonly #onOutput: (high: boolean) => void;
  readonly #master: I8259;
  readonly #slave: I8259;
  #state: I8259State = i8259State.initial();
  #output = false;

  constructor(board: Board, options: I8259Options) {
    this.#onOutput = options.onOutput ?? (() => {});
    this.#master = new I8259(this.#state.master, 1 << CASCADE, () => this.#masterChanged());
    this.#slave = new I8259(this.#state.slave, 0, () => this.#slaveChanged());
    this.#claimChip(board, 0x20, this.#master);
    this.#claimChip(board, 0xa0, this.#slave);
    this.#claimEdgeLevel(board);
  }

  /** The level of INTR. */
  get output(): boolean {
    return this.#output;
  }

  /** Drives interrupt request 0 to 15. Request 2 is the cascade and has no wire. */
  setRequest(number: number, high: boolean): void {
    if (number === CASCADE || number < 0 || number > 15) return;
    if (number < 8) this.#master.setInput(number, high);
    else this.#slave.setInput(number - 8, high);
  }

  pendingVector(): number {
    const input = this.#master.pending();
    if (input < 0) return -1;
    if (!this.#leadsToSlave(input)) return this.#state.master.vectorBase | input;
    const slaveInput = this.#slave.pending();
    return this.#state.slave.vectorBase | (slaveInput < 0 ? 7 : slaveInput);
  }

  /** The INTA cycle: never -1, for without a request the chips answer with the vector of input 7. */
  acknowledge(): number {
    const input = this.#master.acknowledge();
    if (input < 0) return this.#state.master.vectorBase | 7;
    if (!this.#leadsToSlave(input)) return this.#state.master.vectorBase | input;
    // The slave's INT falls during INTA, so that a request that is still there makes a new edge.
    const slaveInput = this.#slave.acknowledge();
    this.#master.setInput(CASCADE, false);
    this.#slaveChanged();
    return this.#state.slave.vectorBase | (slaveInput < 0 ? 7 : slaveInput);
  }

  reset(): void {
    const lines = [this.#state.master.lines, this.#state.slave.lines] as const;
    this.#load(i8259State.initial());
    this.#state.master.lines = lines[0];
    this.#state.slave.lines = lines[1];
    this.#masterChanged();
  }

  save(): SavedState {
    return i8259State.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#load(i8259State.decode(saved));
    this.#masterChanged();
  }

  dispose(): void {
    this.#claims.dispose();
  }

  #load(state: I8259State): void {
    this.#state = state;
    this.#master.state = state.master;
    this.#slave.state = state.slave;
  }

  #leadsToSlave(input: number): boolean {
    return input === CASCADE && !this.#state.master.single;
  }

  #slaveChanged(): void {
    const high = this.#slave.pending() >= 0;
    if (high !== ((this.#state.master.lines & (1 << CASCADE)) !== 0)) this.#master.setInput(CASCADE, high);
  }

  #masterChanged(): void {
    const high = this.#master.pending() >= 0;
    if (high === this.#output) return;
    this.#output = high;
    this.#onOutput(high);
  }

  #claimChip(board: Board, first: number, chip: I8259): void {
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        first,
        count: 2,
        handler: {
          read: (port) => chip.read((port & 1) === 0),
          write: (port, _size, value) => ((port & 1) === 0 ? chip.writeCommand(value) : chip.writeData(value)),
        },
      }),
    );
  }

  #claimEdgeLevel(board: Board): void {
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        first: 0x4d0,
        count: 2,
        handler: {
          read: (port) => (port === 0x4d0 ? this.#state.master : this.#state.slave).edgeLevel,
          write: (port, _size, value) => {
            if (port === 0x4d0) this.#master.writeEdgeLevel(value & MASTER_LEVEL_CAPABLE);
            else this.#slave.writeEdgeLevel(value & SLAVE_LEVEL_CAPABLE);
          },
        },
      }),
    );
  }
}

/** Puts the two interrupt controllers of a PC on the board. */
export const createI8259Pair = (board: Board, options: I8259Options = {}): I8259Pair => new I8259Pair(board, options);
