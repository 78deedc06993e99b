import type { CharacterBackend } from '../../base/character-backend.ts';
import type { GuestPhysical } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { GuestMemory } from '../../base/guest-memory.ts';
import { BusBoard } from './bus-board.ts';

/** A clock that stands still until it is told to move. */
export class ManualClock implements Clock {
  readonly wallClockStart: number;
  time = 0;

  /** `wallClockStart` is the wall-clock time at power-on, in milliseconds since 1970-01-01 UTC. */
  constructor(wallClockStart: number) {
    this.wallClockStart = wallClockStart;
  }

  now(): number {
    return this.time;
  }
}

/** A board with a clock moved by hand, to try a device on its own: what its tests and its docs use. */
export class BenchBoard extends BusBoard {
  override readonly clock: ManualClock;
  /** Every change of an interrupt wire, such as `4+` and `4-`. */
  readonly lineChanges: string[] = [];
  /** Every message-signalled interrupt, such as `fee00000:41`. */
  readonly messages: string[] = [];
  /** Every request to the power control, such as `reset` and `exit 3`. */
  readonly powerRequests: string[] = [];

  constructor(
    options: { readonly wallClockStart?: number; readonly characterBackends?: Record<string, CharacterBackend> } = {},
  ) {
    const clock = new ManualClock(options.wallClockStart ?? Date.UTC(2024, 1, 28, 23, 59, 50));
    const requests: string[] = [];
    super({
      clock,
      memory: new BenchMemory(1 << 20),
      power: {
        shutdown: () => void requests.push('shutdown'),
        reset: () => void requests.push('reset'),
        exit: (status) => void requests.push(`exit ${status}`),
      },
      characterBackends: options.characterBackends ?? {},
    });
    this.clock = clock;
    this.powerRequests = requests;
    this.connectMessages((address, data) => this.messages.push(`${address.toString(16)}:${data.toString(16)}`));
    this.lines.connect((number, high) => this.lineChanges.push(`${number}${high ? '+' : '-'}`));
  }

  /** Moves the clock forward, stopping at every timer on the way so that each runs at its own deadline. */
  advance(nanoseconds: number): void {
    const end = this.clock.time + nanoseconds;
    for (let next = this.events.nextDeadline(); next <= end; next = this.events.nextDeadline()) {
      this.clock.time = Math.max(this.clock.time, next);
      this.events.runDue(this.clock.time);
    }
    this.clock.time = end;
  }

  in8(port: number): number {
    return this.ports.read(port, 1);
  }

  out8(port: number, value: number): void {
    this.ports.write(port, 1, value);
  }
}

/** Plain guest memory of a fixed size, from address 0. */
class BenchMemory implements GuestMemory {
  readonly #bytes: Uint8Array;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  readBytes(address: GuestPhysical, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => this.#bytes[address + index] ?? 0xff);
  }

  writeBytes(address: GuestPhysical, bytes: Uint8Array): void {
    for (const [index, byte] of bytes.entries()) {
      if (address + index < this.#bytes.length) this.#bytes[address + index] = byte;
    }
  }

  read8 = (address: GuestPhysical): number => this.#view(address, 1).getUint8(0);
  read16 = (address: GuestPhysical): number => this.#view(address, 2).getUint16(0, true);
  read32 = (address: GuestPhysical): number => this.#view(address, 4).getUint32(0, true);
  read64 = (address: GuestPhysical): bigint => this.#view(address, 8).getBigUint64(0, true);
  write8 = (address: GuestPhysical, value: number): void => this.#store(address, 1, (v) => v.setUint8(0, value));
  write16 = (address: GuestPhysical, value: number): void =>
    this.#store(address, 2, (v) => v.setUint16(0, value, true));
  write32 = (address: GuestPhysical, value: number): void =>
    this.#store(address, 4, (v) => v.setUint32(0, value, true));
  write64 = (address: GuestPhysical, value: bigint): void =>
    this.#store(address, 8, (v) => v.setBigUint64(0, value, true));

  #view(address: GuestPhysical, length: number): DataView {
    return new DataView(this.readBytes(address, length).buffer);
  }

  #store(address: GuestPhysical, length: number, fill: (view: DataView) => void): void {
    const bytes = new Uint8Array(length);
    fill(new DataView(bytes.buffer));
    this.writeBytes(address, bytes);
  }
}
