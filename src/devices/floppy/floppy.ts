import type { BlockBackend } from '../../base/block-backend.ts';
import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore } from '../../base/disposable.ts';
import { UserError } from '../../base/errors.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { DmaChannel } from '../i8237/dma-channel.ts';
import { CommandUnit } from './command-unit.ts';
import { EMPTY_DRIVE_TYPE, formatOfSize } from './floppy-format.ts';
import { DRIVES, floppyState } from './floppy-state.ts';
import type { FloppyDisk } from './floppy-transfer.ts';

export const FLOPPY_DMA_CHANNEL = 2;
const FLOPPY_INTERRUPT = 6;

const OUTPUT = { drive: 0x03, running: 0x04, gate: 0x08 } as const;
const SOFTWARE_RESET = 0x80;
const CHANGED = 0x80;

export interface FloppyOptions {
  /** ISA DMA channel 2: `dma.channel(FLOPPY_DMA_CHANNEL)`. */
  readonly dma: DmaChannel;
  /** The disks that are in drives 0 and 1 at power-on. */
  readonly disks?: readonly (BlockBackend | undefined)[];
}

/** A floppy disk controller with two drives (Intel 82077AA data sheet), IRQ6. Data go by DMA alone. */
export class Floppy implements Device {
  readonly name = 'floppy';
  readonly schema = floppyState;
  readonly #claims = new DisposableStore();
  readonly #interrupt: InterruptLine;
  readonly #disks: (FloppyDisk | undefined)[];
  readonly #unit: CommandUnit;

  /** Throws `UserError` when a disk is not as large as a floppy disk is. */
  constructor(board: Board, options: FloppyOptions) {
    this.#interrupt = board.interruptLine(FLOPPY_INTERRUPT);
    this.#unit = new CommandUnit(
      board,
      options.dma,
      (drive) => this.#disks[drive],
      () => this.#driveInterrupt(),
    );
    this.#disks = Array.from({ length: DRIVES }, (_, drive) => diskOf(options.disks?.[drive]));
    const handler = {
      read: (port: number) => this.#read(port & 7),
      write: (port: number, _size: number, value: number) => this.#write(port & 7, value),
    };
    // Port 0x3F6 is an IDE controller's.
    for (const range of [
      { first: 0x3f0, count: 6 },
      { first: 0x3f7, count: 1 },
    ])
      this.#claims.add(board.claimPorts({ owner: this.name, ...range, handler }));
  }

  /** Puts another disk into drive 0 or 1, or takes it out. Throws `UserError` when it is no floppy disk's size. */
  insert(drive: number, backend: BlockBackend | undefined): void {
    this.#disks[drive] = diskOf(backend);
    this.#unit.drive(drive).changed = true;
  }

  /** The types of both drives as the CMOS memory has them, drive 0 in the high half. */
  get driveTypes(): number {
    const type = (drive: number): number => this.#disks[drive]?.format.driveType ?? EMPTY_DRIVE_TYPE;
    return (type(0) << 4) | type(1);
  }

  reset(): void {
    this.#unit.load(floppyState.initial());
  }

  save(): SavedState {
    return floppyState.encode(this.#unit.state);
  }

  restore(saved: SavedState): void {
    this.#unit.load(floppyState.decode(saved));
  }

  dispose(): void {
    this.#unit.cancel();
    this.#interrupt.setLevel(false);
    this.#claims.dispose();
  }

  #driveInterrupt(): void {
    const { interrupt, output } = this.#unit.state;
    this.#interrupt.setLevel(interrupt && (output & OUTPUT.gate) !== 0);
  }

  #read(register: number): number {
    const state = this.#unit.state;
    const selected = state.output & OUTPUT.drive;
    switch (register) {
      case 0: // status A: interrupt, second drive absent
        return (state.interrupt ? 0x80 : 0) | (this.#unit.drive(selected).track === 0 ? 0 : 0x10);
      case 1: // status B: motors and drive select, with two bits that are always set
        return 0xc0 | ((state.output >> 4) & 3) | (selected === 0 ? 0x20 : 0);
      case 2:
        return state.output;
      case 3:
        return state.tape;
      case 4:
        return this.#unit.mainStatus();
      case 5:
        return this.#unit.nextResult();
      default: {
        // The change line is the selected drive's while its motor runs.
        const isOn = selected < DRIVES && (state.output & (0x10 << selected)) !== 0;
        return isOn && this.#unit.drive(selected).changed ? CHANGED : 0;
      }
    }
  }

  #write(register: number, value: number): void {
    const state = this.#unit.state;
    switch (register) {
      case 2:
        this.#writeOutput(value);
        break;
      case 3:
        state.tape = value & 3;
        break;
      case 4:
        state.rate = value & 3;
        if ((value & SOFTWARE_RESET) !== 0) {
          this.#unit.softwareReset();
          this.#unit.leaveReset();
        }
        break;
      case 5:
        this.#unit.takeByte(value);
        break;
      case 7:
        state.rate = value & 3;
        break;
    }
  }

  #writeOutput(value: number): void {
    const wasRunning = (this.#unit.state.output & OUTPUT.running) !== 0;
    this.#unit.state.output = value;
    const isRunning = (value & OUTPUT.running) !== 0;
    if (wasRunning && !isRunning) this.#unit.softwareReset();
    else if (!wasRunning && isRunning) this.#unit.leaveReset();
    this.#driveInterrupt();
  }
}

/** Throws `UserError` when the disk's size is no floppy disk's. */
const diskOf = (backend: BlockBackend | undefined): FloppyDisk | undefined => {
  if (backend === undefined) return undefined;
  const format = formatOfSize(backend.size);
  if (format !== undefined) return { backend, format };
  throw new UserError(
    `A floppy disk of ${backend.size} bytes does not exist; give an image of 160, 180, 320, 360, 720, 1200, 1440 or 2880 KiB.`,
  );
};

/** Puts the floppy disk controller on the board. */
export const createFloppy = (board: Board, options: FloppyOptions): Floppy => new Floppy(board, options);
