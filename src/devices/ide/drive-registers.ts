import { AT_REST, DEVICE_OBSOLETE, DIAGNOSTIC_PASSED, ERROR, REGISTER, STATUS } from './ide-registers.ts';
import { PHASE, type DriveState } from './ide-state.ts';

/** A drive's end of the cable. */
export interface DriveCable {
  /** The drive asks for an interrupt, or no longer. */
  interruptChanged(isNew: boolean): void;
  /** The bus master of the channel, which answers when the drive is the one selected. */
  readonly master: {
    readonly isActive: boolean;
    readonly isStarted: boolean;
    store(data: Uint8Array): number;
    load(length: number): Uint8Array;
  };
}

/**
 * The registers of a drive. Everything that software could see is in `state`; what the host's side is doing at the moment is not,
 * and is waited for before the state is saved.
 */
export abstract class DriveRegisters {
  protected state: DriveState;
  protected readonly cable: DriveCable;
  #underWay = 0;
  /** Whether what is under way concerns the present command. */
  #isWaiting = false;
  /** Counts up whenever what is under way no longer concerns the drive. */
  #generation = 0;
  #onSettled: (() => void)[] = [];

  constructor(cable: DriveCable, state: DriveState) {
    this.cable = cable;
    this.state = state;
  }

  /** Does what the command register says. */
  protected abstract execute(command: number): void;
  /** The signature that software knows the kind of drive by: LBA mid and high, and the status after a reset. */
  protected abstract readonly signature: { readonly mid: number; readonly high: number; readonly status: number };

  get isInterrupting(): boolean {
    return this.state.interrupting;
  }

  get isBusy(): boolean {
    return (this.state.status & STATUS.busy) !== 0;
  }

  protected get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Takes a state that was saved. What the host's side had not ended by then has failed. */
  load(state: DriveState): void {
    this.#generation++;
    this.#isWaiting = false;
    this.state = state;
    const { phase, position, blockEnd, buffer, remaining, blockLength } = state;
    const isPlausible =
      position <= blockEnd &&
      blockEnd <= buffer.length &&
      blockLength > 0 &&
      Number.isSafeInteger(remaining) &&
      remaining >= 0;
    // Whoever waits for the bus master waits on.
    const isWaiting = (phase === PHASE.dmaIn || phase === PHASE.dmaOut) && !this.cable.master.isActive;
    if (!isPlausible || (this.isBusy && !isWaiting)) this.fail(ERROR.aborted);
  }

  /** Resolves when the host's side does nothing for the drive. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }

  /** Holds the drive in reset until `endReset`. */
  beginReset(): void {
    this.becomeIdle();
    this.setInterrupting(false);
    this.state.device = DEVICE_OBSOLETE;
    this.state.status = STATUS.busy;
  }

  endReset(): void {
    this.setSignature();
    this.state.status = this.signature.status;
    this.state.error = DIAGNOSTIC_PASSED;
  }

  /** `before` shows what the register had before it was last written. */
  readRegister(register: number, before: boolean): number {
    const { state } = this;
    switch (register) {
      case REGISTER.error:
        return state.error;
      case REGISTER.count:
        return before ? state.countBefore : state.count;
      case REGISTER.low:
        return before ? state.lowBefore : state.low;
      case REGISTER.mid:
        return before ? state.midBefore : state.mid;
      case REGISTER.high:
        return before ? state.highBefore : state.high;
      case REGISTER.device:
        return state.device | DEVICE_OBSOLETE;
      default:
        return state.status;
    }
  }

  writeRegister(register: number, value: number): void {
    const { state } = this;
    if (this.isBusy) return;
    switch (register) {
      case REGISTER.error:
        [state.featuresBefore, state.features] = [state.features, value];
        return;
      case REGISTER.count:
        [state.countBefore, state.count] = [state.count, value];
        return;
      case REGISTER.low:
        [state.lowBefore, state.low] = [state.low, value];
        return;
      case REGISTER.mid:
        [state.midBefore, state.mid] = [state.mid, value];
        return;
      case REGISTER.high:
        [state.highBefore, state.high] = [state.high, value];
        return;
      case REGISTER.device:
        state.device = value;
    }
  }

  /** A command is taken only by a drive that is at rest; DEVICE RESET of packet devices is told apart before. */
  command(command: number): void {
    if ((this.state.status & (STATUS.busy | STATUS.request)) !== 0) return;
    this.setInterrupting(false);
    this.state.error = 0;
    this.state.command = command;
    this.execute(command);
  }

  /** Asks for an interrupt. */
  interrupt(): void {
    this.setInterrupting(true);
  }

  acknowledge(): void {
    this.setInterrupting(false);
  }

  protected setSignature(): void {
    const { state, signature } = this;
    state.count = 1;
    state.low = 1;
    state.mid = signature.mid;
    state.high = signature.high;
    state.device &= ~0x0f;
  }

  protected setInterrupting(interrupting: boolean): void {
    const isNew = interrupting && !this.state.interrupting;
    this.state.interrupting = interrupting;
    this.cable.interruptChanged(isNew);
  }

  protected becomeIdle(): void {
    this.#generation++;
    this.#isWaiting = false;
    this.state.phase = PHASE.idle;
    this.state.buffer = new Uint8Array();
    this.state.position = 0;
    this.state.blockEnd = 0;
    this.state.remaining = 0;
    this.state.status &= ~(STATUS.busy | STATUS.request);
  }

  /** The command has been done. */
  protected finish(): void {
    this.becomeIdle();
    this.state.status = AT_REST;
    this.setInterrupting(true);
  }

  /** The command has failed. */
  protected fail(error: number): void {
    this.becomeIdle();
    this.state.status = AT_REST | STATUS.error;
    this.state.error = error;
    this.setInterrupting(true);
  }

  /** Waits for the host's side, unless the drive is reset meanwhile. */
  protected wait(operation: Promise<void>, next: (hasFailed: boolean) => void): void {
    const generation = this.#generation;
    this.#underWay++;
    this.#isWaiting = true;
    this.state.status = (this.state.status & ~STATUS.request) | STATUS.busy;
    const end = (hasFailed: boolean): void => {
      if (generation === this.#generation) {
        this.#isWaiting = false;
        next(hasFailed);
      }
      this.#underWay--;
      if (this.#underWay > 0) return;
      for (const resolve of this.#onSettled.splice(0)) resolve();
    };
    operation.then(
      () => end(false),
      () => end(true),
    );
  }
}
