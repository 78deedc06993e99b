import type { ChipState } from './i8259-state.ts';

/**
 * One 8259A programmable interrupt controller (Intel data sheet 231468), without its cascade.
 *
 * An edge is latched until it is acknowledged, as the chip sets of PCs do it. The discrete chip
 * forgets a request whose input falls before INTA; no software can rely on that, but a short pulse
 * would be lost.
 */
export class I8259 {
  state: ChipState;
  /** Inputs that carry the INT output of a slave; such a request goes away with the slave's output. */
  readonly slaves: number;
  readonly #outputChanged: () => void;

  /** `outputChanged` is called after anything that may change `pending`. */
  constructor(state: ChipState, slaves: number, outputChanged: () => void) {
    this.state = state;
    this.slaves = slaves;
    this.#outputChanged = outputChanged;
  }

  /** Drives input `input`, 0 to 7. */
  setInput(input: number, high: boolean): void {
    const { state } = this;
    const bit = 1 << input;
    const rising = high && (state.lines & bit) === 0;
    state.lines = high ? state.lines | bit : state.lines & ~bit;
    if ((this.#levelInputs() & bit) !== 0) state.request = high ? state.request | bit : state.request & ~bit;
    else if (rising) state.request |= bit;
    else if (!high && (this.slaves & bit) !== 0) state.request &= ~bit;
    this.#outputChanged();
  }

  /** The input whose request INT stands for, or -1 while INT is low. */
  pending(): number {
    const { state } = this;
    if (state.initialization !== 0) return -1;
    const request = this.#highest(state.request & ~state.mask);
    if (request < 0) return -1;
    let { service } = state;
    if (state.specialMask) service &= ~state.mask;
    if (state.specialFullyNested) service &= ~this.slaves;
    const inService = this.#highest(service);
    return inService < 0 || this.#rank(request) < this.#rank(inService) ? request : -1;
  }

  /** The INTA cycle. Returns the input taken into service, or -1 when the request has gone (a spurious interrupt 7). */
  acknowledge(): number {
    const input = this.pending();
    if (input >= 0) this.#take(input);
    this.#outputChanged();
    return input;
  }

  /** A read of the even (`command`) or odd port. */
  read(command: boolean): number {
    const { state } = this;
    if (state.poll) {
      state.poll = false;
      const input = this.acknowledge();
      return input < 0 ? 7 : 0x80 | input;
    }
    if (!command) return state.mask;
    return state.readService ? state.service : state.request;
  }

  writeCommand(value: number): void {
    if ((value & 0x10) !== 0) this.#beginInitialization(value);
    else if ((value & 0x08) !== 0) this.#operationCommand3(value);
    else this.#operationCommand2(value);
    this.#outputChanged();
  }

  writeData(value: number): void {
    const { state } = this;
    switch (state.initialization) {
      case 0:
        state.mask = value;
        break;
      case 2:
        state.vectorBase = value & 0xf8;
        state.initialization = state.single ? (state.needsIcw4 ? 4 : 0) : 3;
        break;
      case 3:
        state.cascade = value;
        state.initialization = state.needsIcw4 ? 4 : 0;
        break;
      default:
        state.specialFullyNested = (value & 0x10) !== 0;
        state.automaticEoi = (value & 0x02) !== 0;
        state.initialization = 0;
    }
    this.#outputChanged();
  }

  /** Chooses between edge and level triggering, an input a bit (the ELCR of PCI chip sets). */
  writeEdgeLevel(value: number): void {
    const { state } = this;
    state.edgeLevel = value;
    const level = this.#levelInputs();
    state.request = (state.request & ~level) | (state.lines & level);
    this.#outputChanged();
  }

  /** ICW1 clears the mask and the edge detectors, and makes input 7 the lowest (data sheet, "Initialization Command Words"). */
  #beginInitialization(value: number): void {
    const { state } = this;
    state.needsIcw4 = (value & 0x01) !== 0;
    state.single = (value & 0x02) !== 0;
    state.levelTriggered = (value & 0x08) !== 0;
    state.mask = 0;
    state.service = 0;
    state.request = state.lines & this.#levelInputs();
    state.lowestPriority = 7;
    state.specialMask = false;
    state.readService = false;
    state.poll = false;
    state.automaticEoi = false;
    state.rotateOnAutomaticEoi = false;
    state.specialFullyNested = false;
    state.initialization = 2;
  }

  #operationCommand2(value: number): void {
    const { state } = this;
    const level = value & 7;
    switch (value >> 5) {
      case 0b000:
        state.rotateOnAutomaticEoi = false;
        break;
      case 0b100:
        state.rotateOnAutomaticEoi = true;
        break;
      case 0b001:
      case 0b101: {
        // In special mask mode a non-specific EOI passes over levels that are masked.
        const input = this.#highest(state.specialMask ? state.service & ~state.mask : state.service);
        if (input >= 0) this.#endOfInterrupt(input, (value & 0x80) !== 0);
        break;
      }
      case 0b011:
      case 0b111:
        this.#endOfInterrupt(level, (value & 0x80) !== 0);
        break;
      case 0b110:
        state.lowestPriority = level;
        break;
    }
  }

  #operationCommand3(value: number): void {
    const { state } = this;
    if ((value & 0x04) !== 0) state.poll = true;
    if ((value & 0x02) !== 0) state.readService = (value & 0x01) !== 0;
    if ((value & 0x40) !== 0) state.specialMask = (value & 0x20) !== 0;
  }

  #endOfInterrupt(input: number, rotate: boolean): void {
    this.state.service &= ~(1 << input);
    if (rotate) this.state.lowestPriority = input;
  }

  #take(input: number): void {
    const { state } = this;
    const bit = 1 << input;
    if ((this.#levelInputs() & bit) === 0) state.request &= ~bit;
    if (!state.automaticEoi) state.service |= bit;
    else if (state.rotateOnAutomaticEoi) state.lowestPriority = input;
  }

  #levelInputs(): number {
    return this.state.levelTriggered ? 0xff : this.state.edgeLevel;
  }

  /** 0 for the input with the highest priority, 7 for that with the lowest. */
  #rank(input: number): number {
    return (input - this.state.lowestPriority - 1) & 7;
  }

  /** The input of highest priority in a set of inputs, or -1. */
  #highest(inputs: number): number {
    if (inputs === 0) return -1;
    for (let rank = 0; rank < 8; rank += 1) {
      const input = (this.state.lowestPriority + 1 + rank) & 7;
      if ((inputs & (1 << input)) !== 0) return input;
    }
    return -1;
  }
}
