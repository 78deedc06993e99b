import type { Endpoint, HostDatagramSocket, HostSockets } from '../base/host-sockets.ts';
import type { Timer } from '../base/timer.ts';
import { SECOND } from '../base/units.ts';
import type { GuestLink } from './guest-link.ts';
import type { NetworkTime } from './network-time.ts';
import { LOOPBACK, SUBNET } from './subnet.ts';
import { UDP_LARGEST } from './udp.ts';

/** A flow ends after this without a datagram of the guest's (RFC 4787, REQ-5). */
const TIMEOUT = 120 * SECOND;
/** Flows at once, and addresses in one of them; the oldest give way. */
const MOST_FLOWS = 512;
const MOST_PEERS = 256;

interface Flow {
  readonly socket: HostDatagramSocket;
  /** Whom the guest has sent to: nobody else is heard (RFC 4787, REQ-8). */
  readonly peers: Set<number>;
  lastUsed: number;
}

/** Gives each UDP port of a guest a socket of the host, one for all whom it sends to. */
export class UdpNat {
  readonly #host: HostSockets;
  readonly #time: NetworkTime;
  readonly #link: GuestLink;
  /** By guest and port, the ones used last at the end. */
  readonly #flows = new Map<number, Flow>();
  readonly #timer: Timer;

  constructor(host: HostSockets, time: NetworkTime, link: GuestLink) {
    this.#host = host;
    this.#time = time;
    this.#link = link;
    this.#timer = time.timer(() => this.#expire());
  }

  get size(): number {
    return this.#flows.size;
  }

  /** A guest's datagram for somewhere outside. */
  send(guest: Endpoint, remote: Endpoint, payload: Uint8Array): void {
    const key = guest.address * 65_536 + guest.port;
    const flow = this.#flows.get(key) ?? this.#open(guest);
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    flow.lastUsed = this.#time.now();
    const address = remote.address === SUBNET.gateway ? LOOPBACK : remote.address;
    flow.peers.delete(address);
    flow.peers.add(address);
    if (flow.peers.size > MOST_PEERS) {
      const [oldest = 0] = flow.peers;
      flow.peers.delete(oldest);
    }
    flow.socket.send(payload, { address, port: remote.port });
  }

  close(): void {
    this.#timer.cancel();
    for (const { socket } of this.#flows.values()) socket.close();
    this.#flows.clear();
  }

  #open(guest: Endpoint): Flow {
    if (this.#flows.size >= MOST_FLOWS) {
      const [oldest] = this.#flows;
      if (oldest !== undefined) this.#end(oldest[0], oldest[1]);
    }
    const peers = new Set<number>();
    const socket = this.#host.openDatagram((bytes, from) => {
      if (!peers.has(from.address) || bytes.length > UDP_LARGEST) return;
      const address = from.address === LOOPBACK ? SUBNET.gateway : from.address;
      const datagram = { sourcePort: from.port, destinationPort: guest.port, payload: bytes };
      this.#link.sendUdp(datagram, address, guest.address);
    });
    const now = this.#time.now();
    if (this.#flows.size === 0) this.#timer.arm(now + TIMEOUT);
    return { socket, peers, lastUsed: now };
  }

  #end(key: number, flow: Flow): void {
    flow.socket.close();
    this.#flows.delete(key);
  }

  #expire(): void {
    const now = this.#time.now();
    for (const [key, flow] of this.#flows) {
      if (flow.lastUsed + TIMEOUT > now) {
        this.#timer.arm(flow.lastUsed + TIMEOUT);
        return;
      }
      this.#end(key, flow);
    }
  }
}
