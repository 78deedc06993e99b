import { parseEgressRule } from '../egress-rule.ts';
import type { Ipv4Packet } from '../ipv4.ts';
import { parseIpv4 } from '../ipv4-address.ts';
import type { Ipv4Address } from '../ipv4-address.ts';
import { SUBNET } from '../subnet.ts';
import type { TcpSegment } from '../tcp-segment.ts';
import { UserNetwork } from '../user-network.ts';
import { BenchGuest } from './bench-guest.ts';
import { BenchHost } from './bench-host.ts';
import type { BenchStream } from './bench-host.ts';
import { BenchTcp } from './bench-tcp.ts';
import type { BenchTcpOptions } from './bench-tcp.ts';
import { VirtualTime } from './virtual-time.ts';

/** What a wire does with a segment: delays in nanoseconds, one for each copy that arrives. */
export type Wire = (segment: TcpSegment) => readonly number[];

/** A user-mode network between a guest and a host that a test plays, in virtual time. */
export class BenchNetwork {
  readonly time = new VirtualTime();
  readonly host = new BenchHost();
  readonly network: UserNetwork;
  readonly guest: BenchGuest;
  /** From the guest, and to it. Without loss unless a test says so. */
  wireOut: Wire = () => [0];
  wireIn: Wire = () => [0];
  readonly #connections = new Map<number, BenchTcp>();
  /** Segments to ports where nobody is. */
  readonly strays: { readonly packet: Ipv4Packet; readonly segment: TcpSegment }[] = [];

  /** `isSilent`: the network does not know yet where the guest is. */
  constructor(
    options: { allow?: readonly string[]; offloads?: boolean; mostConnections?: number; isSilent?: boolean } = {},
  ) {
    const { mostConnections } = options;
    this.network = new UserNetwork({
      host: this.host,
      time: this.time,
      allow: (options.allow ?? []).map(parseEgressRule),
      dhcp: { hostName: 'guest', domainName: 'lodge.test' },
      ...(mostConnections === undefined ? {} : { mostConnections }),
    });
    this.guest = new BenchGuest(this.network, { offloads: options.offloads ?? false });
    if (options.isSilent !== true) this.guest.announce(SUBNET.gateway, SUBNET.mac);
    this.guest.onSegment = (packet, segment) => {
      const connection = this.#connections.get(segment.destinationPort);
      if (connection === undefined) this.strays.push({ packet, segment });
      else this.#pass(this.wireIn(segment), () => connection.receive(segment));
    };
  }

  /** A guest's end of a connection, not yet begun. */
  tcp(options: Partial<BenchTcpOptions> = {}): BenchTcp {
    const remote = options.remote ?? address('93.184.216.34');
    const connection = new BenchTcp({
      port: 40_000 + this.#connections.size,
      remote,
      remotePort: 80,
      windowScale: 7,
      time: this.time,
      transmit: (segment) => {
        const bytes = this.guest.tcpFrame(remote, segment);
        this.#pass(this.wireOut(segment), () => this.guest.send({ bytes: bytes.slice() }));
      },
      ...options,
    });
    this.#connections.set(options.port ?? 40_000 + this.#connections.size, connection);
    return connection;
  }

  /** A connection that the host's peer has taken. */
  open(options: Partial<BenchTcpOptions> = {}): { tcp: BenchTcp; stream: BenchStream } {
    const tcp = this.tcp(options);
    tcp.connect();
    this.time.settle();
    const stream = this.host.streams.at(-1) as BenchStream;
    stream.events.onConnect();
    this.time.settle();
    return { tcp, stream };
  }

  /** Lets promises run, then what they led to. */
  async promises(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- each turn lets what the last one did go on
      await Promise.resolve();
      this.time.settle();
    }
  }

  #pass(delays: readonly number[], deliver: () => void): void {
    for (const delay of delays) {
      if (delay === 0) this.time.soon(deliver);
      else this.time.timer(deliver).arm(this.time.now() + delay);
    }
  }
}

/** The address of a text that is one. */
export function address(text: string): Ipv4Address {
  return parseIpv4(text) ?? 0;
}
