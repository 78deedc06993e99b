import type { Board } from '../../base/board.ts';
import type { Timer } from '../../base/timer.ts';
import type { DmaChannel } from '../i8237/dma-channel.ts';
import { COMMAND, commandLength, commandOf, STATUS_0, STATUS_1 } from './floppy-commands.ts';
import { DRIVES, floppyState, PHASE } from './floppy-state.ts';
import type { FloppyDriveState, FloppyState } from './floppy-state.ts';
import { runTransfer } from './floppy-transfer.ts';
import type { FloppyDisk, TransferEnd } from './floppy-transfer.ts';

/** From the end of a reset to its interrupt, and how long a seek takes, in nanoseconds. */
const RESET_TIME = 20_000;
const SEEK_TIME = 3_000_000;

const RUNNING = 0x04;
const MAIN_STATUS = { ready: 0x80, toProcessor: 0x40, busy: 0x10 } as const;
/** What Version answers. */
const ENHANCED = 0x90;
const IMPLIED_SEEK = 0x40;

/** What executes commands: takes their bytes, moves heads and sectors, and gives results. */
export class CommandUnit {
  readonly #board: Board;
  readonly #dma: DmaChannel;
  readonly #disk: (drive: number) => FloppyDisk | undefined;
  readonly #interruptChanged: () => void;
  readonly #timer: Timer;
  #state: FloppyState = floppyState.initial();
  /** Counts what makes a transfer that is under way worthless. */
  #generation = 0;

  /** `disk` tells what is in a drive, 0 to 3; `interruptChanged` is called when `state.interrupt` may have changed. */
  constructor(
    board: Board,
    dma: DmaChannel,
    disk: (drive: number) => FloppyDisk | undefined,
    interruptChanged: () => void,
  ) {
    this.#board = board;
    this.#dma = dma;
    this.#disk = disk;
    this.#interruptChanged = interruptChanged;
    this.#timer = board.timer(() => this.#end());
  }

  get state(): FloppyState {
    return this.#state;
  }

  /** Goes on from another state. A transfer goes on with the sector that it was at. */
  load(state: FloppyState): void {
    this.#generation += 1;
    this.#state = state;
    this.#timer.arm(state.due);
    this.#interruptChanged();
    if (state.phase === PHASE.execution) this.#transfer();
  }

  cancel(): void {
    this.#generation += 1;
    this.#timer.cancel();
  }

  /** A drive's state; there are two. */
  drive(number: number): FloppyDriveState {
    return this.#state.drives[number & (DRIVES - 1)] as FloppyDriveState;
  }

  /** The main status register. */
  mainStatus(): number {
    const { phase, command, output, resetting, seeking } = this.#state;
    if ((output & RUNNING) === 0 || resetting) return 0;
    if (phase === PHASE.execution) return MAIN_STATUS.busy;
    if (phase === PHASE.result) return MAIN_STATUS.ready | MAIN_STATUS.toProcessor | MAIN_STATUS.busy;
    return MAIN_STATUS.ready | (command.length > 0 ? MAIN_STATUS.busy : 0) | seeking;
  }

  /** Forgets what is under way. What Lock protects stays. */
  softwareReset(): void {
    const state = this.#state;
    this.#generation += 1;
    Object.assign(state, { phase: PHASE.command, command: [], results: [], senses: [], seeking: 0, due: Infinity });
    if (!state.locked) state.configured.fill(0);
    state.cylinders.fill(0);
    state.perpendicular &= 0x3c;
    state.resetting = false;
    this.#timer.cancel();
    this.#setInterrupt(false);
  }

  /** The reset line is high again: an interrupt follows. */
  leaveReset(): void {
    this.#state.resetting = true;
    this.#armFor(RESET_TIME);
  }

  #armFor(nanoseconds: number): void {
    this.#state.due = this.#board.clock.now() + nanoseconds;
    this.#timer.arm(this.#state.due);
  }

  /** The end of a reset, or of seeks: an interrupt, whose reasons Sense Interrupt Status tells one by one. */
  #end(): void {
    const state = this.#state;
    state.due = Infinity;
    if (state.resetting) {
      state.resetting = false;
      state.senses = [0, 1, 2, 3].map((drive) => STATUS_0.afterReset | drive);
    } else {
      for (let drive = 0; drive < 4; drive += 1) {
        if ((state.seeking & (1 << drive)) !== 0) this.#endSeek(drive);
      }
      state.seeking = 0;
    }
    this.#setInterrupt(true);
  }

  #endSeek(drive: number): void {
    const state = this.#state;
    const target = state.cylinders[drive] as number;
    const isThere = drive < DRIVES;
    if (isThere) {
      const { track } = this.drive(drive);
      this.drive(drive).track = target;
      // A step with a disk in the drive clears the change line.
      if (this.#disk(drive) !== undefined && (track !== target || target === 0)) this.drive(drive).changed = false;
    }
    const equipment = isThere || target !== 0 ? 0 : STATUS_0.abnormal | STATUS_0.equipment;
    if (state.senses.length < 4) state.senses.push(STATUS_0.seekEnd | equipment | drive);
  }

  /** Takes a byte of a command from the FIFO register. */
  takeByte(value: number): void {
    const state = this.#state;
    if (state.phase !== PHASE.command || (state.output & RUNNING) === 0 || state.resetting) return;
    state.command.push(value);
    if (state.command.length >= commandLength(state.command[0] as number)) this.#execute();
  }

  /** Gives the next byte of the results. */
  nextResult(): number {
    const state = this.#state;
    if (state.phase !== PHASE.result) return 0;
    this.#setInterrupt(false);
    const value = state.results.shift() ?? 0;
    if (state.results.length === 0) this.#finish([]);
    return value;
  }

  /** Goes over to the results, or to the next command when there are none. */
  #finish(results: readonly number[]): void {
    this.#state.results = [...results];
    this.#state.command = [];
    this.#state.phase = results.length > 0 ? PHASE.result : PHASE.command;
  }

  #execute(): void {
    const state = this.#state;
    const [code = 0, first = 0, second = 0, third = 0] = state.command;
    const drive = first & 3;
    switch (commandOf(code)) {
      case COMMAND.specify:
        state.specified.set([first, second]);
        return this.#finish([]);
      case COMMAND.senseDrive:
        return this.#finish([this.#status3(first)]);
      case COMMAND.recalibrate:
        return this.#seek(drive, 0);
      case COMMAND.seek:
        return this.#seek(drive, second);
      case COMMAND.senseInterrupt:
        return this.#senseInterrupt();
      case COMMAND.dumpRegisters:
        return this.#finish([...state.cylinders, ...state.specified, 0, state.locked ? 0x80 | state.perpendicular : state.perpendicular, ...state.configured]); // prettier-ignore
      case COMMAND.version:
        return this.#finish([ENHANCED]);
      case COMMAND.perpendicular:
        state.perpendicular = first & 0x3f;
        return this.#finish([]);
      case COMMAND.configure:
        state.configured.set([second, third]);
        return this.#finish([]);
      case COMMAND.lock:
        state.locked = (code & 0x80) !== 0;
        return this.#finish([state.locked ? 0x10 : 0]);
      case COMMAND.readId:
        return this.#readId(first);
      default:
        if (commandLength(code) === 1) return this.#finish([STATUS_0.invalid]);
        return this.#beginTransfer();
    }
  }

  #setInterrupt(pending: boolean): void {
    this.#state.interrupt = pending;
    this.#interruptChanged();
  }

  #seek(drive: number, track: number): void {
    const state = this.#state;
    state.cylinders[drive] = track;
    state.seeking |= 1 << drive;
    this.#finish([]);
    this.#armFor(SEEK_TIME);
  }

  #senseInterrupt(): void {
    const state = this.#state;
    const status = state.senses.shift();
    this.#setInterrupt(false);
    // Without a reason to tell, the command is invalid.
    if (status === undefined) this.#finish([STATUS_0.invalid]);
    else this.#finish([status, state.cylinders[status & 3] as number]);
  }

  /** Status register 3: ready, two sides, at track 0, write-protected. */
  #status3(select: number): number {
    const drive = select & 3;
    const disk = this.#disk(drive);
    const atZero = drive < DRIVES && this.drive(drive).track === 0 ? 0x10 : 0;
    return 0x28 | (select & 7) | atZero | (disk?.backend.isReadOnly === true ? 0x40 : 0);
  }

  #readId(select: number): void {
    const disk = this.#disk(select & 3);
    const { track } = this.drive(select);
    const head = (select >> 2) & 1;
    const isFound =
      disk !== undefined && disk.format.rates.includes(this.#state.rate) && track < disk.format.tracks && head < disk.format.heads; // prettier-ignore
    this.#state.position.set([track, head, 1, 2]);
    this.#report({ status0: isFound ? 0 : STATUS_0.abnormal, status1: isFound ? 0 : STATUS_1.noMark, status2: 0 });
  }

  #beginTransfer(): void {
    const state = this.#state;
    const [, , cylinder = 0, head = 0, sector = 0, size = 0, , , count = 0] = state.command;
    state.position.set([cylinder, head, sector, size]);
    if (commandOf(state.command[0] as number) === COMMAND.readTrack) state.position[2] = 1;
    state.left = count;
    state.hasStaged = false;
    const drive = (state.command[1] as number) & 3;
    if (((state.configured[0] as number) & IMPLIED_SEEK) !== 0 && drive < DRIVES) {
      this.drive(drive).track = cylinder;
      state.cylinders[drive] = cylinder;
    }
    state.phase = PHASE.execution;
    this.#transfer();
  }

  #transfer(): void {
    const generation = this.#generation;
    const state = this.#state;
    const isStale = (): boolean => generation !== this.#generation;
    const drive = (state.command[1] as number) & 3;
    const { track } = this.drive(drive);
    void runTransfer({ state, disk: this.#disk(drive), track, dma: this.#dma, isStale }).then((end) => {
      if (!isStale()) this.#report(end);
      return undefined;
    });
  }

  /** The results of a transfer, with an interrupt. */
  #report({ status0, status1, status2 }: TransferEnd): void {
    const select = (this.#state.command[1] as number) & 7;
    this.#finish([status0 | select, status1, status2, ...this.#state.position]);
    this.#setInterrupt(true);
  }
}
