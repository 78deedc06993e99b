import { DELIVERY } from './interrupt-message.ts';
import type { InterruptMessage } from './interrupt-message.ts';

/** A destination of messages: a local APIC. */
export interface ApicDestination {
  /** Whether the APIC is enabled and the destination names it. */
  isAddressed(destination: number, logical: boolean): boolean;
  accept(message: InterruptMessage): void;
  /** PPR, by which the lowest-priority arbitration chooses. */
  readonly processorPriority: number;
}

/** What hears of the end of a level-triggered interrupt: an I/O APIC. */
export interface EndOfInterruptListener {
  endOfInterrupt(vector: number): void;
}

/** The wires between I/O APICs, local APICs and, with several processors, between those. */
export interface ApicBus {
  /** Delivers a message to all it names, or to the one of lowest priority. Returns whether there was any. */
  deliver(message: InterruptMessage): boolean;
  /** Delivers to every APIC, with or without the sender: the ICR's broadcast shorthands. */
  broadcast(message: InterruptMessage, except?: ApicDestination): void;
  /** Tells the I/O APICs that a processor ended a level-triggered interrupt. */
  endOfInterrupt(vector: number): void;
}

/** An APIC bus on which everything is delivered at once. */
export class ImmediateApicBus implements ApicBus {
  readonly #destinations: ApicDestination[] = [];
  readonly #listeners: EndOfInterruptListener[] = [];
  #turn = 0;

  connect(destination: ApicDestination): void {
    this.#destinations.push(destination);
  }

  listen(listener: EndOfInterruptListener): void {
    this.#listeners.push(listener);
  }

  deliver(message: InterruptMessage): boolean {
    const addressed = this.#destinations.filter((apic) => apic.isAddressed(message.destination, message.logical));
    if (message.delivery === DELIVERY.lowestPriority) this.#lowest(addressed)?.accept(message);
    else for (const apic of addressed) apic.accept(message);
    return addressed.length > 0;
  }

  broadcast(message: InterruptMessage, except?: ApicDestination): void {
    for (const apic of this.#destinations) if (apic !== except) apic.accept(message);
  }

  endOfInterrupt(vector: number): void {
    for (const listener of this.#listeners) listener.endOfInterrupt(vector);
  }

  /** The one with the lowest priority; they take turns when several have it. */
  #lowest(addressed: readonly ApicDestination[]): ApicDestination | undefined {
    const least = Math.min(...addressed.map((apic) => apic.processorPriority));
    const candidates = addressed.filter((apic) => apic.processorPriority === least);
    this.#turn = (this.#turn + 1) % Math.max(1, candidates.length);
    return candidates[this.#turn];
  }
}
