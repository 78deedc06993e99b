import type { BlockBackend } from '../../base/block-backend.ts';
import type { Board } from '../../base/board.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import { AtaDisk } from './ata-disk.ts';
import { ATA } from './ata-commands.ts';
import { AtapiDrive } from './atapi-drive.ts';
import { BusMaster } from './bus-master.ts';
import type { DriveCable } from './drive-registers.ts';
import type { Drive } from './drive.ts';
import type { IdeDrive } from './ide-drive.ts';
import { CONTROL, DEVICE, REGISTER } from './ide-registers.ts';
import type { ChannelState, DriveState } from './ide-state.ts';

/** Where a channel is. */
export interface ChannelPlace {
  /** The first of the eight ports of the command block, and the port of the control block. */
  readonly command: number;
  readonly control: number;
  readonly interrupt: number;
}

/** One cable with up to two drives. */
export class IdeChannel implements Disposable {
  readonly master: BusMaster;
  readonly #claims = new DisposableStore();
  readonly #interrupt: InterruptLine;
  readonly #drives: readonly (Drive | undefined)[];
  #state: ChannelState;

  /** @param drives the first and the second */
  constructor(board: Board, place: ChannelPlace, state: ChannelState, drives: readonly (IdeDrive | undefined)[]) {
    this.#state = state;
    this.#interrupt = board.interruptLine(place.interrupt);
    this.master = new BusMaster(board.memory, state, () => this.#selected?.masterStarted());
    this.#drives = [0, 1].map((index) => this.#makeDrive(drives[index], state.drives[index] as DriveState));
    this.#resetDrives();
    this.#claims.add(
      board.claimPorts({
        owner: 'ide',
        first: place.command,
        count: 8,
        width: 4,
        handler: {
          read: (port, size) => this.#read(port - place.command, size),
          write: (port, size, value) => this.#write(port - place.command, size, value),
        },
      }),
    );
    this.#claims.add(
      board.claimPorts({
        owner: 'ide',
        first: place.control,
        count: 1,
        handler: {
          read: () => this.#readRegister(REGISTER.status),
          write: (_port, _size, value) => this.#control(value),
        },
      }),
    );
  }

  /** Takes the state after power-on, or one that was saved. */
  load(state: ChannelState, isSaved: boolean): void {
    this.#state = state;
    this.master.state = state;
    for (const [index, drive] of this.#drives.entries()) drive?.load(state.drives[index] as DriveState);
    if (!isSaved) this.#resetDrives();
    this.#driveInterrupt();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#drives.map((drive) => drive?.settled()));
  }

  /** Changes the disc of an optical drive. */
  changeMedium(index: number, medium: BlockBackend | undefined): void {
    const drive = this.#drives[index];
    if (drive instanceof AtapiDrive) drive.changeMedium(medium);
  }

  dispose(): void {
    this.#interrupt.setLevel(false);
    this.#claims.dispose();
  }

  get #selected(): Drive | undefined {
    return this.#drives[this.#state.second ? 1 : 0];
  }

  #makeDrive(drive: IdeDrive | undefined, state: DriveState): Drive | undefined {
    if (drive === undefined) return undefined;
    const cable: DriveCable = {
      master: this.master,
      interruptChanged: (isNew) => {
        if (isNew) this.master.noteInterrupt();
        this.#driveInterrupt();
      },
    };
    return drive.kind === 'disk'
      ? new AtaDisk(cable, state, drive.backend, drive.names)
      : new AtapiDrive(cable, state, drive.medium, drive.names);
  }

  #driveInterrupt(): void {
    const isEnabled = (this.#state.control & CONTROL.interruptDisable) === 0;
    this.#interrupt.setLevel(isEnabled && (this.#selected?.isInterrupting ?? false));
  }

  #read(offset: number, size: 1 | 2 | 4): number {
    if (offset === REGISTER.data) return this.#selected?.readData(size) ?? 0;
    let value = 0;
    for (let at = 0; at < size; at++) value |= this.#readByte(offset + at) << (at * 8);
    return value >>> 0;
  }

  #readByte(register: number): number {
    if (register > REGISTER.status) return 0xff;
    const value = this.#readRegister(register);
    // Reading the status says that the interrupt has been seen.
    if (register === REGISTER.status) this.#selected?.acknowledge();
    return value;
  }

  /** A drive that is not there reads as zero. */
  #readRegister(register: number): number {
    const before = (this.#state.control & CONTROL.highOrder) !== 0;
    return this.#selected?.readRegister(register, before) ?? 0;
  }

  #write(offset: number, size: 1 | 2 | 4, value: number): void {
    if (offset === REGISTER.data) return this.#selected?.writeData(size, value);
    for (let at = 0; at < size; at++) this.#writeByte(offset + at, (value >>> (at * 8)) & 0xff);
  }

  #writeByte(register: number, value: number): void {
    this.#state.control &= ~CONTROL.highOrder;
    if (register > REGISTER.status) return;
    if (register === REGISTER.status) return this.#command(value);
    // Both drives see everything that is written.
    for (const drive of this.#drives) drive?.writeRegister(register, value);
    if (register !== REGISTER.device) return;
    this.#state.second = (value & DEVICE.second) !== 0;
    this.#driveInterrupt();
  }

  #command(value: number): void {
    if (value !== ATA.diagnose) return this.#selected?.command(value);
    // The one command for both drives, whichever is selected; the first one answers.
    if (this.#drives.some((drive) => drive?.isBusy)) return;
    this.#state.second = false;
    for (const drive of this.#drives) {
      drive?.beginReset();
      drive?.endReset();
    }
    this.#drives[0]?.interrupt();
  }

  #control(value: number): void {
    const before = this.#state.control;
    this.#state.control = value;
    const wasReset = (before & CONTROL.reset) !== 0;
    const isReset = (value & CONTROL.reset) !== 0;
    if (isReset && !wasReset) {
      this.#state.second = false;
      for (const drive of this.#drives) drive?.beginReset();
    } else if (wasReset && !isReset) {
      for (const drive of this.#drives) drive?.endReset();
    }
    this.#driveInterrupt();
  }

  #resetDrives(): void {
    for (const drive of this.#drives) {
      drive?.beginReset();
      drive?.endReset();
    }
  }
}
