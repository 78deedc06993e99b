import type { Cable } from './cable.ts';
import type { GuestLink } from './guest-link.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { NetworkTime } from './network-time.ts';
import { advance } from './sequence.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { OutgoingData, OutgoingHeader, Scheduled, TcpApplication, TcpEnds, TcpNetwork } from './tcp-network.ts';
import { TCP } from './tcp-segment.ts';
import type { TcpSegment } from './tcp-segment.ts';

/** What all connections may hold together, in bytes. */
const MEMORY = 64 * 1024 * 1024;
/** The ports that the gateway calls guests from. */
const FIRST_PORT = 49_152;

/** All TCP connections with the guests, and when each may send. */
export class TcpTable implements TcpNetwork {
  readonly time: NetworkTime;
  readonly budget = new MemoryBudget(MEMORY);
  readonly #cable: Cable;
  readonly #link: GuestLink;
  readonly #limit: number;
  readonly #connections = new Map<string, TcpConnection>();
  #due = new Set<Scheduled>();
  /** Who waits for the cable. */
  #blocked = new Set<Scheduled>();
  #scheduled = false;
  #nextPort = FIRST_PORT;

  /** `limit` is how many connections there may be at once. */
  constructor(time: NetworkTime, cable: Cable, link: GuestLink, limit: number) {
    this.time = time;
    this.#cable = cable;
    this.#link = link;
    this.#limit = limit;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** A segment of the guest's. Returns its SYN when it begins a connection, for `add` or `refuse`. */
  receive(ends: TcpEnds, segment: TcpSegment): TcpSegment | undefined {
    const connection = this.#connections.get(keyOf(ends));
    const begins = (segment.flags & (TCP.syn | TCP.ack | TCP.rst | TCP.fin)) === TCP.syn;
    if (connection !== undefined) {
      // A port may be used anew while the old connection is in TIME-WAIT (RFC 9293, 3.10.7.4).
      if (!(begins && connection.phase === 'time-wait' && connection.isPast(segment.sequence))) {
        connection.receive(segment);
        return undefined;
      }
      connection.forget();
    }
    if (begins) return segment;
    this.refuse(ends, segment);
    return undefined;
  }

  /** A connection that the guest began with `syn`. Undefined, and the guest told so, when there are too many. */
  add(ends: TcpEnds, syn: TcpSegment, application: TcpApplication): TcpConnection | undefined {
    if (this.#makeRoom()) return this.#create(ends, application, syn);
    this.refuse(ends, syn);
    return undefined;
  }

  /** A connection to the guest, from a port of the gateway's. Undefined when there are too many. */
  call(
    ends: Omit<TcpEnds, 'remote'> & { remoteAddress: number },
    application: TcpApplication,
  ): TcpConnection | undefined {
    if (!this.#makeRoom()) return undefined;
    for (let tries = 0; tries < this.#limit + 1; tries += 1) {
      const remote = { address: ends.remoteAddress, port: this.#nextPort };
      this.#nextPort = this.#nextPort === 0xffff ? FIRST_PORT : this.#nextPort + 1;
      const whole = { guest: ends.guest, remote };
      if (!this.#connections.has(keyOf(whole))) return this.#create(whole, application, undefined);
    }
    return undefined;
  }

  /** Tells the guest that a segment belongs to no connection (RFC 9293, 3.10.7.1). */
  refuse(ends: TcpEnds, { flags, sequence, acknowledgement, payload }: TcpSegment): void {
    if ((flags & TCP.rst) !== 0) return;
    if ((flags & TCP.ack) !== 0) {
      this.#link.sendTcp(ends, { sequence: acknowledgement, acknowledgement: 0, flags: TCP.rst, window: 0 });
      return;
    }
    const length = payload.length + ((flags & TCP.syn) === 0 ? 0 : 1) + ((flags & TCP.fin) === 0 ? 0 : 1);
    const answer = { sequence: 0, acknowledgement: advance(sequence, length), flags: TCP.rst | TCP.ack, window: 0 };
    this.#link.sendTcp(ends, answer);
  }

  largestPayload(segmentSize: number): number {
    return this.#link.largestTcpPayload(segmentSize);
  }

  mayTransmit(connection: Scheduled): boolean {
    if (this.#cable.hasRoom) return true;
    this.#blocked.add(connection);
    return false;
  }

  transmit(ends: TcpEnds, header: OutgoingHeader, data?: OutgoingData): void {
    this.#link.sendTcp(ends, header, data);
  }

  schedule(connection: Scheduled): void {
    this.#due.add(connection);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.time.soon(() => this.#run());
  }

  /** The cable has room again. */
  onRoom(): void {
    if (this.#blocked.size === 0) return;
    const blocked = this.#blocked;
    this.#blocked = new Set();
    for (const connection of blocked) this.schedule(connection);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.drop();
  }

  #run(): void {
    this.#scheduled = false;
    const due = this.#due;
    this.#due = new Set();
    for (const connection of due) connection.output();
  }

  #create(ends: TcpEnds, application: TcpApplication, syn: TcpSegment | undefined): TcpConnection {
    const connection = new TcpConnection({
      network: this,
      application,
      ends,
      initial: crypto.getRandomValues(new Uint32Array(1))[0] as number,
      ...(syn === undefined ? {} : { syn }),
      onGone: () => {
        this.#connections.delete(keyOf(ends));
        this.#due.delete(connection);
        this.#blocked.delete(connection);
      },
    });
    this.#connections.set(keyOf(ends), connection);
    return connection;
  }

  /** Whether there may be one connection more. Those in TIME-WAIT give way. */
  #makeRoom(): boolean {
    if (this.#connections.size < this.#limit) return true;
    for (const connection of this.#connections.values()) {
      if (connection.phase !== 'time-wait') continue;
      connection.forget();
      return true;
    }
    return false;
  }
}

function keyOf({ guest, remote }: TcpEnds): string {
  return `${guest.address * 65_536 + guest.port} ${remote.address * 65_536 + remote.port}`;
}
