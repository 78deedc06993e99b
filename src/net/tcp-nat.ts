import type { Endpoint, HostSockets, HostStream, HostStreamEvents } from '../base/host-sockets.ts';
import type { Cable } from './cable.ts';
import type { DnsServer } from './dns-server.ts';
import { DnsStream } from './dns-stream.ts';
import type { EgressPolicy } from './egress-policy.ts';
import type { GuestLink } from './guest-link.ts';
import { HostFlow } from './host-flow.ts';
import type { Ipv4Packet } from './ipv4.ts';
import type { NetworkTime } from './network-time.ts';
import { LOOPBACK, SUBNET } from './subnet.ts';
import type { TcpEnds } from './tcp-network.ts';
import type { TcpSegment } from './tcp-segment.ts';
import { TcpTable } from './tcp-table.ts';

const DNS_PORT = 53;
/** Connections to the name server at once: what they hold is not counted with the others'. */
const MOST_NAME_STREAMS = 32;

export interface TcpNatOptions {
  readonly host: HostSockets;
  readonly time: NetworkTime;
  readonly cable: Cable;
  readonly link: GuestLink;
  readonly policy: EgressPolicy;
  readonly dns: DnsServer;
  readonly mostConnections: number;
}

/** Decides what becomes of the guest's TCP connections, and makes those of published ports. */
export class TcpNat {
  readonly #host: HostSockets;
  readonly #link: GuestLink;
  readonly #policy: EgressPolicy;
  readonly #dns: DnsServer;
  readonly #table: TcpTable;
  #nameStreams = 0;

  constructor({ host, time, cable, link, policy, dns, mostConnections }: TcpNatOptions) {
    this.#host = host;
    this.#link = link;
    this.#policy = policy;
    this.#dns = dns;
    this.#table = new TcpTable(time, cable, link, mostConnections);
  }

  get size(): number {
    return this.#table.size;
  }

  /** Bytes that connections hold. */
  get memory(): number {
    return this.#table.budget.used;
  }

  receive(packet: Ipv4Packet, segment: TcpSegment): void {
    const guest = { address: packet.source, port: segment.sourcePort };
    const remote = { address: packet.destination, port: segment.destinationPort };
    if (guest.port === 0 || remote.port === 0) return;
    const ends = { guest, remote };
    const syn = this.#table.receive(ends, segment);
    if (syn === undefined) return;
    if (remote.address === SUBNET.nameServer) this.#serveNames(ends, syn);
    else if (this.#policy.allows(remote.address, remote.port)) this.#connect(ends, syn, packet);
    else this.#table.refuse(ends, syn);
  }

  /** A connection to a published port: who owns it, or undefined when there are too many. */
  call(guest: Endpoint, stream: HostStream): HostStreamEvents | undefined {
    const flow = new HostFlow(this.#table.budget, () => false);
    const connection = this.#table.call({ guest, remoteAddress: SUBNET.gateway }, flow.application);
    if (connection === undefined) return undefined;
    flow.join(connection, stream);
    connection.open();
    return flow.events;
  }

  onRoom(): void {
    this.#table.onRoom();
  }

  close(): void {
    this.#table.close();
  }

  #serveNames(ends: TcpEnds, syn: TcpSegment): void {
    const isRefused = ends.remote.port !== DNS_PORT || this.#nameStreams >= MOST_NAME_STREAMS;
    if (isRefused) return this.#table.refuse(ends, syn);
    const stream = new DnsStream(this.#dns, () => {
      this.#nameStreams -= 1;
    });
    const connection = this.#table.add(ends, syn, stream);
    if (connection === undefined) return;
    this.#nameStreams += 1;
    stream.join(connection);
    connection.open();
  }

  #connect(ends: TcpEnds, syn: TcpSegment, packet: Ipv4Packet): void {
    const excerpt = { ...packet, header: packet.header.slice(), payload: packet.payload.slice(0, 8) };
    const flow = new HostFlow(this.#table.budget, (failure) => {
      if (failure === 'refused' || failure === 'reset') return false;
      this.#link.sendError('hostUnreachable', excerpt);
      return true;
    });
    const connection = this.#table.add(ends, syn, flow.application);
    if (connection === undefined) return;
    const { address, port } = ends.remote;
    const to = { address: address === SUBNET.gateway ? LOOPBACK : address, port };
    flow.join(connection, this.#host.connect(to, flow.events));
  }
}
