import type { InterruptLine } from '../../base/interrupt-line.ts';

/** Global system interrupts of a PC: 16 ISA requests and 8 more pins of the I/O APIC. */
export const INTERRUPT_LINES = 24;

/** Told when the level of a global system interrupt changes. */
export type LineReceiver = (number: number, high: boolean) => void;

/**
 * The interrupt wires of a board. A wire is high while any source holds it high, and its receivers
 * (interrupt controllers) are told of changes alone.
 */
export class InterruptLines {
  readonly #holders = new Uint16Array(INTERRUPT_LINES);
  readonly #receivers: LineReceiver[] = [];

  /** Adds an interrupt controller. */
  connect(receiver: LineReceiver): void {
    this.#receivers.push(receiver);
  }

  /** A new source on wire `number`, 0 to 23. It begins low. */
  source(number: number): InterruptLine {
    if (!Number.isInteger(number) || number < 0 || number >= INTERRUPT_LINES) {
      throw new RangeError(`There is no interrupt line ${number}; the lines are 0 to ${INTERRUPT_LINES - 1}.`);
    }
    let level = false;
    return {
      setLevel: (high) => {
        if (high === level) return;
        level = high;
        const holders = this.#holders[number] as number;
        this.#holders[number] = holders + (high ? 1 : -1);
        if (holders === (high ? 0 : 1)) this.#tell(number, high);
      },
    };
  }

  /** Whether any source holds the wire high. */
  level(number: number): boolean {
    return (this.#holders[number] ?? 0) > 0;
  }

  #tell(number: number, high: boolean): void {
    for (const receiver of this.#receivers) receiver(number, high);
  }
}
