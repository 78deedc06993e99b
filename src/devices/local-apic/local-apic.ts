import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { InterruptSource, ProcessorSignals } from '../../base/processor-signals.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { ApicBus, ApicDestination } from './apic-bus.ts';
import { deliverLocal, endLocalLevel } from './local-vectors.ts';
import { APIC_ERROR } from './interrupt-command.ts';
import { ApicTimer } from './apic-timer.ts';
import type { TscConversion } from './apic-timer.ts';
import { DELIVERY } from './interrupt-message.ts';
import type { InterruptMessage } from './interrupt-message.ts';
import { isAddressed } from './destination.ts';
import {
  LVT,
  LVT_MASKED,
  localApicState,
  SOFTWARE_ENABLE,
  stateAfterReset,
  x2apicLogicalId,
} from './local-apic-state.ts';
import type { LocalApicState } from './local-apic-state.ts';
import { beginService, deliverableVector, endService, processorPriority, requestVector } from './priority-logic.ts';
import { readMsr, writeMsr } from './model-specific-registers.ts';
import { readRegister, writeRegister } from './registers.ts';

export interface LocalApicOptions {
  /** The initial APIC ID. */
  readonly id: number;
  /** Whether this is the bootstrap processor. */
  readonly bootstrap: boolean;
  readonly bus: ApicBus;
  readonly signals: ProcessorSignals;
  readonly tsc: TscConversion;
  /** The 8259 pair whose INTR is wired to LINT0, on the bootstrap processor. */
  readonly external?: InterruptSource;
  /** The width of guest-physical addresses, in bits. 40 unless told. */
  readonly physicalAddressBits?: number;
  /** Called when the register page moved, appeared or went away. */
  readonly onPageChanged?: () => void;
}

/** The local APIC of one processor: xAPIC and x2APIC (SDM vol. 3, chapter 12). */
export class LocalApic implements Device, InterruptSource, ApicDestination {
  readonly name: string;
  readonly schema = localApicState;
  readonly options: LocalApicOptions;
  readonly timer: ApicTimer;
  state: LocalApicState;

  constructor(board: Board, options: LocalApicOptions) {
    this.name = `local-apic${options.id}`;
    this.options = options;
    this.timer = new ApicTimer(
      board,
      () => this.state,
      options.tsc,
      () => deliverLocal(this, LVT.timer),
    );
    this.state = stateAfterReset(options.id, options.bootstrap);
  }

  // What the processor asks.

  pendingVector(): number {
    const { external } = this.options;
    if (external !== undefined && this.#externalPending()) {
      const vector = external.pendingVector();
      if (vector >= 0) return vector;
    }
    return this.state.enabled ? deliverableVector(this.state) : -1;
  }

  acknowledge(): number {
    const { external } = this.options;
    if (external !== undefined && this.#externalPending() && external.pendingVector() >= 0) {
      this.state.externalRequested = false;
      return external.acknowledge();
    }
    const vector = this.state.enabled ? deliverableVector(this.state) : -1;
    if (vector >= 0) beginService(this.state, vector);
    return vector;
  }

  /** CR8: the task priority's class, 0 to 15. */
  get taskPriorityClass(): number {
    return this.state.taskPriority >> 4;
  }

  set taskPriorityClass(value: number) {
    this.writeTaskPriority((value & 15) << 4);
  }

  /** The value of an APIC register that `rdmsr` names, or undefined for #GP(0). */
  readMsr(index: number): bigint | undefined {
    return readMsr(this, index);
  }

  /** Writes an APIC register that `wrmsr` names. False for #GP(0). */
  writeMsr(index: number, value: bigint): boolean {
    return writeMsr(this, index, value);
  }

  /** A 4-byte read of the register page; `offset` is 0 to 0xFFC. */
  readPage(offset: number): number {
    return readRegister(this, offset >> 4) ?? this.#illegalRegister();
  }

  /** A 4-byte write to the register page. */
  writePage(offset: number, value: number): void {
    if (!writeRegister(this, offset >> 4, value)) this.#illegalRegister();
  }

  /** Told when the guest wrote its time stamp counter, so that a TSC deadline moves with it. */
  timeStampCounterChanged(): void {
    this.timer.arm();
  }

  // What the board drives.

  /** Drives LINT0 (0) or LINT1 (1). */
  setLocalInterrupt(pin: 0 | 1, high: boolean): void {
    const { state } = this;
    const bit = 1 << pin;
    if (((state.lines & bit) !== 0) === high) return;
    state.lines ^= bit;
    if (high) deliverLocal(this, pin === 0 ? LVT.lint0 : LVT.lint1);
    this.options.signals.interruptChanged();
  }

  isAddressed(destination: number, logical: boolean): boolean {
    return isAddressed(this.state, destination, logical);
  }

  accept(message: InterruptMessage): void {
    const { signals } = this.options;
    switch (message.delivery) {
      case DELIVERY.fixed:
      case DELIVERY.lowestPriority:
        this.#request(message.vector, message.levelTriggered);
        break;
      case DELIVERY.systemManagement:
        signals.systemManagementInterrupt();
        break;
      case DELIVERY.nonMaskable:
        signals.nonMaskableInterrupt();
        break;
      case DELIVERY.init:
        if (!message.assert) return;
        this.#initialize();
        signals.init();
        break;
      case DELIVERY.startup:
        signals.startup(message.vector);
        break;
      case DELIVERY.external:
        this.state.externalRequested = true;
        signals.interruptChanged();
        break;
    }
  }

  get processorPriority(): number {
    return processorPriority(this.state);
  }

  // What its registers do.

  writeTaskPriority(value: number): void {
    this.state.taskPriority = value & 0xff;
    this.options.signals.interruptChanged();
  }

  endOfInterrupt(): void {
    const { state, options } = this;
    const vector = endService(state);
    if (vector >= 0) {
      options.bus.endOfInterrupt(vector);
      endLocalLevel(this, vector);
    }
    options.signals.interruptChanged();
  }

  writeSpuriousVector(value: number): void {
    const { state } = this;
    state.spuriousVector = value & 0x1ff;
    // While the APIC is software disabled, all LVT mask bits are set and stay so (12.4.7.2).
    if ((value & SOFTWARE_ENABLE) === 0) state.localVectors = state.localVectors.map((entry) => entry | LVT_MASKED);
    this.options.signals.interruptChanged();
  }

  /** Sets IA32_APIC_BASE. Disabling the APIC resets its registers. */
  setBase(address: number, enabled: boolean, x2apic: boolean): void {
    const { state } = this;
    if (state.enabled && !enabled) this.#initialize();
    if (x2apic && !state.x2apic) {
      state.id = this.options.id;
      state.logicalDestination = x2apicLogicalId(state.id);
      state.commandHigh = 0;
    }
    this.state.baseAddress = address;
    this.state.enabled = enabled;
    this.state.x2apic = x2apic;
    this.options.onPageChanged?.();
    this.options.signals.interruptChanged();
  }

  // A device's life.

  reset(): void {
    this.#initialize();
    this.state.baseAddress = 0xfee0_0000;
    this.state.enabled = true;
    this.state.x2apic = false;
    this.options.onPageChanged?.();
  }

  save(): SavedState {
    return localApicState.encode(this.state);
  }

  restore(saved: SavedState): void {
    this.state = localApicState.decode(saved);
    this.timer.arm();
    this.options.onPageChanged?.();
    this.options.signals.interruptChanged();
  }

  dispose(): void {
    this.timer.cancel();
  }

  /** INIT resets everything but the base address and the mode (12.4.7.3). */
  #initialize(): void {
    const { baseAddress, enabled, x2apic, lines } = this.state;
    this.state = { ...stateAfterReset(this.options.id, this.options.bootstrap), baseAddress, enabled, x2apic, lines };
    if (x2apic) this.state.logicalDestination = x2apicLogicalId(this.options.id);
    this.timer.arm();
    this.options.signals.interruptChanged();
  }

  #externalPending(): boolean {
    const { state } = this;
    if (state.externalRequested || !state.enabled) return true;
    const entry = state.localVectors[LVT.lint0] as number;
    return (entry & LVT_MASKED) === 0 && ((entry >> 8) & 7) === DELIVERY.external;
  }

  #request(vector: number, levelTriggered: boolean): void {
    if ((this.state.spuriousVector & SOFTWARE_ENABLE) === 0) return;
    if (vector < 16) {
      this.recordError(APIC_ERROR.receiveIllegalVector);
      return;
    }
    requestVector(this.state, vector, levelTriggered);
    this.options.signals.interruptChanged();
  }

  #illegalRegister(): number {
    this.recordError(APIC_ERROR.illegalRegister);
    return 0;
  }

  /** Collects an error for ESR, and interrupts for it. */
  recordError(bit: number): void {
    const { state } = this;
    const isNew = (state.errors & bit) === 0;
    state.errors |= bit;
    const entry = state.localVectors[LVT.error] as number;
    // An error interrupt with an illegal vector is an error of its own, which must not go round in circles.
    if (isNew && (entry & 0xff) >= 16) deliverLocal(this, LVT.error);
  }
}

/** Makes a processor's local APIC. Its page is mapped by `createLocalApicPage`, its MSRs by the processor. */
export const createLocalApic = (board: Board, options: LocalApicOptions): LocalApic => new LocalApic(board, options);
