import type { Board } from '../../base/board.ts';
import type { BlockBackend } from '../../base/block-backend.ts';
import type { Device } from '../../base/device.ts';
import type { PortHandler } from '../../base/port-io.ts';
import type { SavedState } from '../../base/state-schema.ts';
import { IdeChannel, type ChannelPlace } from './ide-channel.ts';
import type { IdeDrive } from './ide-drive.ts';
import { ideState, type ChannelState, type IdeState } from './ide-state.ts';

/** Where PCs have had them since there were two. */
const CHANNELS: readonly ChannelPlace[] = [
  { command: 0x1f0, control: 0x3f6, interrupt: 14 },
  { command: 0x170, control: 0x376, interrupt: 15 },
];
/** Ports of one bus master. */
const MASTER_LENGTH = 8;

export interface IdeControllerOptions {
  /** First and second drive of the first channel, then of the second; undefined where there is none. */
  readonly drives: readonly (IdeDrive | undefined)[];
}

/** Two channels at their old ports, of up to two drives each, with a bus master (82371SB, "PIIX3"). */
export class IdeController implements Device {
  readonly name = 'ide';
  readonly schema = ideState;
  /** The bus masters' registers, 16 ports for base address register 4 of the controller's PCI function. */
  readonly busMaster: PortHandler;
  readonly #channels: readonly IdeChannel[];
  #state = ideState.initial();

  constructor(board: Board, { drives }: IdeControllerOptions) {
    this.#channels = CHANNELS.map(
      (place, index) =>
        new IdeChannel(board, place, this.#state.channels[index] as ChannelState, [
          drives[index * 2],
          drives[index * 2 + 1],
        ]),
    );
    this.busMaster = {
      read: (offset, size) => this.#masterAt(offset)?.read(offset % MASTER_LENGTH, size) ?? 0xffff_ffff,
      write: (offset, size, value) => this.#masterAt(offset)?.write(offset % MASTER_LENGTH, size, value),
    };
  }

  reset(): void {
    this.#load(ideState.initial(), false);
  }

  save(): SavedState {
    return ideState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#load(ideState.decode(saved), true);
  }

  dispose(): void {
    for (const channel of this.#channels) channel.dispose();
  }

  /** Resolves when no drive is reading or writing its medium: what was not done by then is not saved, and fails when restored. */
  async settled(): Promise<void> {
    await Promise.all(this.#channels.map((channel) => channel.settled()));
  }

  /** Changes the disc of a drive, 0 to 3. Undefined takes it out. */
  changeMedium(drive: number, medium: BlockBackend | undefined): void {
    this.#channels[drive >> 1]?.changeMedium(drive & 1, medium);
  }

  #masterAt(offset: number): IdeChannel['master'] | undefined {
    return this.#channels[Math.floor(offset / MASTER_LENGTH)]?.master;
  }

  #load(state: IdeState, isSaved: boolean): void {
    this.#state = state;
    for (const [index, channel] of this.#channels.entries()) {
      channel.load(state.channels[index] as ChannelState, isSaved);
    }
  }
}
