import type { DatagramListener, Endpoint, HostDatagramSocket } from '../base/host-sockets.ts';
import { SECOND } from '../base/units.ts';
import type { GuestLink } from './guest-link.ts';
import type { NetworkTime } from './network-time.ts';
import { SUBNET } from './subnet.ts';
import { UDP_LARGEST } from './udp.ts';

const MOST_PEERS = 256;
const TIMEOUT = 120 * SECOND;
/** Ports of the gateway's that stand for peers whose own number is taken, or one of a service. */
const FIRST_PORT = 49_152;

interface Peer {
  readonly endpoint: Endpoint;
  lastUsed: number;
}

/** A UDP port of the host that leads to the guest. Each peer appears to the guest as a port of the gateway's. */
export class PublishedUdp {
  readonly #time: NetworkTime;
  readonly #link: GuestLink;
  readonly #guest: Endpoint;
  /** By port of the gateway, the ones used last at the end. */
  readonly #peers = new Map<number, Peer>();
  #socket: HostDatagramSocket | undefined;

  constructor(time: NetworkTime, link: GuestLink, guest: Endpoint) {
    this.#time = time;
    this.#link = link;
    this.#guest = guest;
  }

  /** Takes what comes to the host's port. */
  readonly listener: DatagramListener = (payload, from) => {
    if (payload.length > UDP_LARGEST) return;
    const datagram = { sourcePort: this.#portFor(from), destinationPort: this.#guest.port, payload };
    this.#link.sendUdp(datagram, SUBNET.gateway, this.#guest.address);
  };

  open(socket: HostDatagramSocket): void {
    this.#socket = socket;
  }

  /** Sends a guest's datagram to the gateway on to a peer; false when it is no answer to one. */
  answer(guest: Endpoint, gatewayPort: number, payload: Uint8Array): boolean {
    if (guest.port !== this.#guest.port || guest.address !== this.#guest.address) return false;
    const peer = this.#peers.get(gatewayPort);
    if (peer === undefined || this.#time.now() - peer.lastUsed > TIMEOUT) return false;
    this.#use(gatewayPort, peer);
    this.#socket?.send(payload, peer.endpoint);
    return true;
  }

  close(): void {
    this.#socket?.close();
  }

  #portFor(from: Endpoint): number {
    for (const [port, peer] of this.#peers) {
      if (peer.endpoint.address !== from.address || peer.endpoint.port !== from.port) continue;
      this.#use(port, peer);
      return port;
    }
    if (this.#peers.size >= MOST_PEERS) {
      const [oldest = 0] = this.#peers.keys();
      this.#peers.delete(oldest);
    }
    let port = from.port;
    for (let next = FIRST_PORT; port < 1024 || this.#peers.has(port); next += 1) port = next;
    this.#use(port, { endpoint: from, lastUsed: 0 });
    return port;
  }

  #use(port: number, peer: Peer): void {
    peer.lastUsed = this.#time.now();
    this.#peers.delete(port);
    this.#peers.set(port, peer);
  }
}
