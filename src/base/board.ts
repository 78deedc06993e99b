import type { CharacterBackend } from './character-backend.ts';
import type { Clock } from './clock.ts';
import type { Disposable } from './disposable.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { InterruptLine } from './interrupt-line.ts';
import type { MmioClaim } from './mmio.ts';
import type { PortClaim } from './port-io.ts';
import type { Timer, TimerCallback } from './timer.ts';

/** How a domain may end or start anew. Each is a request: the run loop honours it at the next exit. */
export interface PowerControl {
  /** The guest switched itself off. */
  shutdown(): void;
  /** The guest asked for a reset of the whole board, the processors included. */
  reset(): void;
  /** The guest asked the monitor to end with an exit status, 0 to 255. */
  exit(status: number): void;
}

/** All that a device sees of the machine it is part of. */
export interface Board {
  readonly clock: Clock;
  readonly memory: GuestMemory;
  readonly power: PowerControl;

  /** Answers a range of I/O ports. Throws `CompositionError` when another device has one of them. */
  claimPorts(claim: PortClaim): Disposable;
  /** Answers a range of guest-physical addresses. Throws `CompositionError` when another device has part of it. */
  claimMmio(claim: MmioClaim): Disposable;
  /**
   * A new source on a global system interrupt, 0 to 23. Numbers 0 to 15 are the ISA interrupt requests
   * and reach both the 8259 pair and the I/O APIC (with ISA 0 on pin 2); the others the I/O APIC alone.
   */
  interruptLine(number: number): InterruptLine;
  /** Writes a message-signalled interrupt: what software told the device to write where. Elsewhere than to an APIC it is lost. */
  signalMessage(address: bigint, data: number): void;
  /** A timer on the domain's clock. Timers due at one instant run in the order in which they were armed. */
  timer(callback: TimerCallback): Timer;
  /** The host's side of a named character device such as `serial0`, when there is one. */
  characterBackend(name: string): CharacterBackend | undefined;
}
