import type { Endpoint, HostListener, HostSockets } from '../base/host-sockets.ts';
import type { NetworkBackend, NetworkFrame, NetworkReceiver } from '../base/network-backend.ts';
import { parseArp } from './arp.ts';
import { Cable } from './cable.ts';
import { DHCP_PORT } from './dhcp-message.ts';
import { DhcpServer } from './dhcp-server.ts';
import type { DhcpOptions } from './dhcp-server.ts';
import { DnsServer } from './dns-server.ts';
import { EgressPolicy } from './egress-policy.ts';
import type { EgressRule } from './egress-rule.ts';
import { ETHERNET_HEADER, ETHER_TYPE, parseEthernet } from './ethernet.ts';
import { GuestLink } from './guest-link.ts';
import { buildEchoReply, isEchoRequest } from './icmp.ts';
import { parseIpv4, PROTOCOL } from './ipv4.ts';
import type { Ipv4Packet } from './ipv4.ts';
import { isUnicast } from './ipv4-address.ts';
import { Ipv4Reassembly } from './ipv4-reassembly.ts';
import { BROADCAST } from './mac-address.ts';
import type { MacAddress } from './mac-address.ts';
import type { NetworkTime } from './network-time.ts';
import { PublishedUdp } from './published-udp.ts';
import { isGuest, isInSubnet, isOurs, SUBNET } from './subnet.ts';
import { TcpNat } from './tcp-nat.ts';
import { parseTcp } from './tcp-segment.ts';
import { UdpNat } from './udp-nat.ts';
import { parseUdp } from './udp.ts';
import type { UdpDatagram } from './udp.ts';

const DNS_PORT = 53;
/** TCP connections at once. */
const MOST_CONNECTIONS = 1024;

export interface UserNetworkOptions {
  readonly host: HostSockets;
  readonly time: NetworkTime;
  /** What the guest may reach; everything when there is no rule. */
  readonly allow?: readonly EgressRule[];
  /** What the guest is told by DHCP besides addresses. */
  readonly dhcp?: DhcpOptions;
  readonly mostConnections?: number;
}

/** How much a network holds, for tests and the monitor's statistics. */
export interface NetworkUsage {
  readonly connections: number;
  readonly flows: number;
  readonly datagramsInPart: number;
  /** Bytes held for TCP. */
  readonly memory: number;
}

/**
 * A network behind a router that needs no privileges of the host: 10.0.2.0/24, with the router (and the host's loopback) at
 * .2, a name server at .3, and addresses from .15 on by DHCP. It ends the guest's conversations and has them with the
 * host's sockets.
 */
export class UserNetwork implements NetworkBackend {
  readonly takesOffloads = true;
  readonly #host: HostSockets;
  readonly #time: NetworkTime;
  readonly #policy: EgressPolicy;
  readonly #cable: Cable;
  readonly #link: GuestLink;
  readonly #reassembly: Ipv4Reassembly;
  readonly #dhcp: DhcpServer;
  readonly #dns: DnsServer;
  readonly #tcp: TcpNat;
  readonly #udp: UdpNat;
  readonly #listeners: HostListener[] = [];
  readonly #publishedUdp: PublishedUdp[] = [];

  constructor({ host, time, allow = [], dhcp = {}, mostConnections = MOST_CONNECTIONS }: UserNetworkOptions) {
    this.#host = host;
    this.#time = time;
    this.#policy = new EgressPolicy(allow, time);
    this.#cable = new Cable(time, () => this.#tcp.onRoom());
    this.#link = new GuestLink(this.#cable);
    this.#reassembly = new Ipv4Reassembly(time);
    this.#dhcp = new DhcpServer(dhcp);
    this.#dns = new DnsServer(host.resolver, this.#policy);
    const { cable, link, policy, dns } = { cable: this.#cable, link: this.#link, policy: this.#policy, dns: this.#dns };
    this.#tcp = new TcpNat({ host, time, cable, link, policy, dns, mostConnections });
    this.#udp = new UdpNat(host, time, link);
  }

  get usage(): NetworkUsage {
    return {
      connections: this.#tcp.size,
      flows: this.#udp.size,
      datagramsInPart: this.#reassembly.size,
      memory: this.#tcp.memory,
    };
  }

  /** Has connections to a port of the host lead to a port of the guest at 10.0.2.15. Rejects with a `UserError`. */
  async publishTcp(at: Endpoint, guestPort: number): Promise<HostListener> {
    const guest = { address: SUBNET.firstGuest, port: guestPort };
    const listener = await this.#host.listen(at, (stream) => this.#tcp.call(guest, stream));
    this.#listeners.push(listener);
    return listener;
  }

  /** Has datagrams to a port of the host lead to a port of the guest at 10.0.2.15. Rejects with a `UserError`. */
  async publishUdp(at: Endpoint, guestPort: number): Promise<HostListener> {
    const published = new PublishedUdp(this.#time, this.#link, { address: SUBNET.firstGuest, port: guestPort });
    const socket = await this.#host.bindDatagram(at, published.listener);
    published.open(socket);
    this.#publishedUdp.push(published);
    return socket;
  }

  send(frame: NetworkFrame): void {
    this.#cable.hold(() => this.#receive(frame));
  }

  connect(receiver: NetworkReceiver): void {
    this.#cable.connect(receiver);
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
    for (const published of this.#publishedUdp) published.close();
    this.#tcp.close();
    this.#udp.close();
    this.#reassembly.close();
    this.#cable.close();
  }

  #receive(frame: NetworkFrame): void {
    const ethernet = parseEthernet(frame.bytes);
    if (ethernet === undefined) return;
    if (ethernet.destination !== SUBNET.mac && ethernet.destination !== BROADCAST) return;
    if (ethernet.type === ETHER_TYPE.arp) {
      const message = parseArp(frame.bytes);
      if (message !== undefined) this.#link.receiveArp(message);
    } else if (ethernet.type === ETHER_TYPE.ipv4) {
      const packet = parseIpv4(frame.bytes.subarray(ETHERNET_HEADER));
      if (packet !== undefined) this.#receivePacket(packet, ethernet.source, frame.checksum !== undefined);
    }
  }

  #receivePacket(packet: Ipv4Packet, mac: MacAddress, isChecked: boolean): void {
    if (isGuest(packet.source)) this.#link.learn(packet.source, mac);
    // Guests send from their own addresses; one that has none yet asks by DHCP.
    else if (packet.source !== 0 || packet.protocol !== PROTOCOL.udp) return;
    if (!packet.moreFragments && packet.fragmentOffset === 0) return this.#receiveDatagram(packet, isChecked);
    const whole = this.#reassembly.add(packet);
    if (whole !== undefined) this.#receiveDatagram(whole, false);
  }

  #receiveDatagram(packet: Ipv4Packet, isChecked: boolean): void {
    const { source, destination, protocol } = packet;
    if (protocol === PROTOCOL.udp) {
      const datagram = parseUdp(packet.payload, source, destination, isChecked);
      if (datagram === undefined) return;
      if (datagram.destinationPort === DHCP_PORT.server && !this.#isOutside(destination)) {
        return this.#receiveDhcp(datagram.payload);
      }
      if (source !== 0 && this.#mayForward(packet)) this.#receiveUdp(packet, datagram);
    } else if (!this.#mayForward(packet)) return;
    else if (protocol === PROTOCOL.tcp) {
      const segment = parseTcp(packet.payload, source, destination, isChecked);
      if (segment !== undefined) this.#tcp.receive(packet, segment);
    } else if (protocol === PROTOCOL.icmp) this.#receiveIcmp(packet);
    else this.#link.sendError('networkUnreachable', packet);
  }

  /** Whether a packet is for us, or for somewhere that a router leads to; tells the guest if not. */
  #mayForward(packet: Ipv4Packet): boolean {
    const { destination, timeToLive } = packet;
    if (isOurs(destination)) return true;
    if (!isUnicast(destination) || destination === SUBNET.broadcast || destination === SUBNET.network) return false;
    if (isInSubnet(destination)) this.#link.sendError('hostUnreachable', packet);
    else if (timeToLive <= 1) this.#link.sendError('timeExceeded', packet);
    else return true;
    return false;
  }

  #isOutside(address: number): boolean {
    return !isInSubnet(address) && address !== 0xffff_ffff;
  }

  #receiveDhcp(message: Uint8Array): void {
    const answer = this.#dhcp.receive(message);
    if (answer === undefined) return;
    const { bytes, mac, destination, leased } = answer;
    if (isGuest(leased)) this.#link.learn(leased, mac);
    const datagram = { sourcePort: DHCP_PORT.server, destinationPort: DHCP_PORT.client, payload: bytes };
    const to = destination === 0xffff_ffff ? BROADCAST : mac;
    this.#link.sendUdpTo(to, datagram, SUBNET.gateway, destination);
  }

  #receiveIcmp(packet: Ipv4Packet): void {
    const { source, destination, payload } = packet;
    if (!isEchoRequest(payload)) return;
    const reply = isOurs(destination) ? buildEchoReply(payload) : undefined;
    if (reply !== undefined) this.#link.sendPacket(PROTOCOL.icmp, destination, source, reply);
    // Echo needs a raw socket, which the host gives to nobody: to say so is better than silence.
    else this.#link.sendError('networkUnreachable', packet);
  }

  #receiveUdp(packet: Ipv4Packet, { sourcePort, destinationPort, payload }: UdpDatagram): void {
    const { source, destination } = packet;
    const guest = { address: source, port: sourcePort };
    if (sourcePort === 0 || destinationPort === 0) return;
    if (destination === SUBNET.nameServer) {
      if (destinationPort !== DNS_PORT) return this.#link.sendError('portUnreachable', packet);
      this.#dns.answer(payload, false, (response) => {
        const answer = { sourcePort: DNS_PORT, destinationPort: sourcePort, payload: response };
        this.#link.sendUdp(answer, SUBNET.nameServer, source);
      });
      return;
    }
    if (destination === SUBNET.gateway) {
      if (this.#publishedUdp.some((published) => published.answer(guest, destinationPort, payload))) return;
    }
    if (!this.#policy.allows(destination, destinationPort)) return this.#link.sendError('prohibited', packet);
    this.#udp.send(guest, { address: destination, port: destinationPort }, payload);
  }
}
