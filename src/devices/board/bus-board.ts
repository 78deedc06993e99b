import type { Board, PowerControl } from '../../base/board.ts';
import type { CharacterBackend } from '../../base/character-backend.ts';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { EventQueue } from '../../base/event-queue.ts';
import type { GuestMemory } from '../../base/guest-memory.ts';
import type { InterruptLine } from '../../base/interrupt-line.ts';
import { IoPortSpace } from '../../base/io-port-space.ts';
import { MmioSpace } from '../../base/mmio-space.ts';
import type { MmioClaim } from '../../base/mmio.ts';
import type { PortClaim } from '../../base/port-io.ts';
import type { Timer, TimerCallback } from '../../base/timer.ts';
import { InterruptLines } from './interrupt-lines.ts';

/** Told of the writes that are message-signalled interrupts. */
export type MessageReceiver = (address: bigint, data: number) => void;

/** What a machine gives its board. */
export interface BusBoardOptions {
  readonly clock: Clock;
  readonly memory: GuestMemory;
  readonly power: PowerControl;
  readonly characterBackends?: Readonly<Record<string, CharacterBackend>>;
}

/** The board that a machine composes its devices on: two address spaces, interrupt wires and a queue of timers. */
export class BusBoard implements Board {
  readonly clock: Clock;
  readonly memory: GuestMemory;
  readonly power: PowerControl;
  readonly ports = new IoPortSpace();
  readonly mmio = new MmioSpace();
  readonly events = new EventQueue();
  readonly lines = new InterruptLines();
  #messageReceiver: MessageReceiver = () => {};
  readonly #characterBackends: Readonly<Record<string, CharacterBackend>>;

  constructor(options: BusBoardOptions) {
    this.clock = options.clock;
    this.memory = options.memory;
    this.power = options.power;
    this.#characterBackends = options.characterBackends ?? {};
  }

  claimPorts(claim: PortClaim): Disposable {
    return this.ports.claim(claim);
  }

  claimMmio(claim: MmioClaim): Disposable {
    return this.mmio.claim(claim);
  }

  interruptLine(number: number): InterruptLine {
    return this.lines.source(number);
  }

  /** Connects what takes message-signalled interrupts: the bus of the local APICs. */
  connectMessages(receiver: MessageReceiver): void {
    this.#messageReceiver = receiver;
  }

  signalMessage(address: bigint, data: number): void {
    this.#messageReceiver(address, data);
  }

  timer(callback: TimerCallback): Timer {
    return this.events.timer(callback);
  }

  characterBackend(name: string): CharacterBackend | undefined {
    return Object.hasOwn(this.#characterBackends, name) ? this.#characterBackends[name] : undefined;
  }
}
