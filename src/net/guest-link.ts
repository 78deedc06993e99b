import type { NetworkFrame } from '../base/network-backend.ts';
import { ARP, buildArp } from './arp.ts';
import type { ArpMessage } from './arp.ts';
import { writeU16 } from './big-endian.ts';
import type { Cable } from './cable.ts';
import { complement, pseudoHeaderSum, sumWords } from './checksum.ts';
import { ETHERNET_HEADER, ETHERNET_MTU, ETHER_TYPE, writeEthernet } from './ethernet.ts';
import { buildIcmpError, mayCauseError } from './icmp.ts';
import type { IcmpError } from './icmp.ts';
import { IPV4_HEADER, PROTOCOL, writeIpv4 } from './ipv4.ts';
import type { Ipv4Header, Ipv4Packet } from './ipv4.ts';
import type { Ipv4Address } from './ipv4-address.ts';
import { BROADCAST } from './mac-address.ts';
import type { MacAddress } from './mac-address.ts';
import { Neighbours } from './neighbours.ts';
import { isGuest, isOurs, SUBNET } from './subnet.ts';
import { TCP_CHECKSUM, TCP_HEADER, tcpHeaderLength, writeTcp } from './tcp-segment.ts';
import type { OutgoingData, OutgoingHeader, TcpEnds } from './tcp-network.ts';
import { buildUdp } from './udp.ts';
import type { UdpDatagram } from './udp.ts';

const TIME_TO_LIVE = 64;
/** Payload bytes of a fragment: the most that fit into a frame, a multiple of 8. */
const FRAGMENT = ETHERNET_MTU - IPV4_HEADER - ((ETHERNET_MTU - IPV4_HEADER) % 8);
const HEADERS = ETHERNET_HEADER + IPV4_HEADER;
const LARGEST_PACKET = 0xffff;

/** Sends IPv4 packets to the guests on the cable, and answers ARP. */
export class GuestLink {
  readonly #cable: Cable;
  readonly #neighbours = new Neighbours();
  #identification = 0;

  constructor(cable: Cable) {
    this.#cable = cable;
  }

  /** Takes note of the Ethernet address that a guest's packet came from. */
  learn(address: Ipv4Address, mac: MacAddress): void {
    this.#neighbours.learn(address, mac);
  }

  /** Answers for the gateway and the name server. */
  receiveArp(message: ArpMessage): void {
    if (isGuest(message.sender)) this.learn(message.sender, message.senderMac);
    if (message.operation !== ARP.request || !isOurs(message.target)) return;
    const reply = {
      operation: ARP.reply,
      senderMac: SUBNET.mac,
      sender: message.target,
      targetMac: message.senderMac,
      target: message.sender,
    };
    this.#cable.send({ bytes: buildArp(reply) });
  }

  /** Payload bytes of one TCP frame at most: several segments' worth when the guest takes that. */
  largestTcpPayload(segmentSize: number): number {
    if (!this.#cable.takesPartialChecksums) return segmentSize;
    const packet = Math.min(this.#cable.largestFrame - ETHERNET_HEADER, LARGEST_PACKET);
    const room = packet - IPV4_HEADER - TCP_HEADER;
    return Math.max(segmentSize, room - (room % segmentSize));
  }

  sendUdp(datagram: UdpDatagram, source: Ipv4Address, destination: Ipv4Address): void {
    this.sendPacket(PROTOCOL.udp, source, destination, buildUdp(datagram, source, destination));
  }

  /** A UDP datagram to an Ethernet address, for guests that have no other yet. At most 1472 bytes of payload. */
  sendUdpTo(mac: MacAddress, datagram: UdpDatagram, source: Ipv4Address, destination: Ipv4Address): void {
    this.#sendOne(mac, packetHeader(PROTOCOL.udp, source, destination, 0), buildUdp(datagram, source, destination));
  }

  /** Tells the guest what became of its packet, if that may be told. */
  sendError(error: IcmpError, packet: Ipv4Packet): void {
    if (!mayCauseError(packet)) return;
    this.sendPacket(PROTOCOL.icmp, SUBNET.gateway, packet.source, buildIcmpError(error, packet));
  }

  /** A packet, in fragments when it is longer than a frame. */
  sendPacket(protocol: number, source: Ipv4Address, destination: Ipv4Address, payload: Uint8Array): void {
    const mac = this.#resolve(destination);
    if (mac === undefined) return;
    const header = packetHeader(protocol, source, destination, this.#nextIdentification());
    for (let offset = 0; offset === 0 || offset < payload.length; offset += FRAGMENT) {
      const isWhole = offset === 0 && payload.length <= ETHERNET_MTU - IPV4_HEADER;
      const part = isWhole ? payload : payload.subarray(offset, offset + FRAGMENT);
      const moreFragments = offset + part.length < payload.length;
      this.#sendOne(mac, { ...header, moreFragments, fragmentOffset: offset }, part);
      if (isWhole) return;
    }
  }

  /** One TCP segment, or a frame that stands for several. */
  sendTcp(ends: TcpEnds, header: OutgoingHeader, data?: OutgoingData): void {
    const mac = this.#resolve(ends.guest.address);
    if (mac === undefined) return;
    const source = ends.remote.address;
    const destination = ends.guest.address;
    const segment = { ...header, sourcePort: ends.remote.port, destinationPort: ends.guest.port };
    const tcpLength = tcpHeaderLength(segment) + (data?.length ?? 0);
    const bytes = new Uint8Array(HEADERS + tcpLength);
    const packet = packetHeader(PROTOCOL.tcp, source, destination, this.#nextIdentification());
    writeHeaders(bytes, mac, { ...packet, doNotFragment: true });
    writeTcp(bytes, HEADERS, segment);
    data?.buffer.copy(data.offset, data.length, bytes, bytes.length - data.length);
    const pseudo = pseudoHeaderSum(source, destination, PROTOCOL.tcp, tcpLength);
    let frame: NetworkFrame = { bytes };
    if (this.#cable.takesPartialChecksums) {
      writeU16(bytes, HEADERS + TCP_CHECKSUM, pseudo);
      frame = { bytes, checksum: { start: HEADERS, offset: TCP_CHECKSUM } };
      if (data !== undefined && data.length > data.segmentSize) frame = { ...frame, segmentSize: data.segmentSize };
    } else writeU16(bytes, HEADERS + TCP_CHECKSUM, complement(sumWords(bytes, HEADERS, bytes.length, pseudo)));
    this.#cable.send(frame);
  }

  #sendOne(mac: MacAddress, header: Ipv4Header, payload: Uint8Array): void {
    const bytes = new Uint8Array(HEADERS + payload.length);
    writeHeaders(bytes, mac, header);
    bytes.set(payload, HEADERS);
    this.#cable.send({ bytes });
  }

  /** The Ethernet address of a guest. When it is not known, everyone is asked and the packet is lost. */
  #resolve(address: Ipv4Address): MacAddress | undefined {
    if (address === SUBNET.broadcast) return BROADCAST;
    const mac = this.#neighbours.find(address);
    if (mac === undefined && isGuest(address)) {
      const request = {
        operation: ARP.request,
        senderMac: SUBNET.mac,
        sender: SUBNET.gateway,
        targetMac: 0,
        target: address,
      };
      this.#cable.send({ bytes: buildArp(request) });
    }
    return mac;
  }

  #nextIdentification(): number {
    this.#identification = (this.#identification + 1) & 0xffff;
    return this.#identification;
  }
}

function packetHeader(
  protocol: number,
  source: Ipv4Address,
  destination: Ipv4Address,
  identification: number,
): Ipv4Header {
  return {
    source,
    destination,
    protocol,
    timeToLive: TIME_TO_LIVE,
    identification,
    doNotFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
  };
}

function writeHeaders(bytes: Uint8Array, mac: MacAddress, header: Ipv4Header): void {
  writeEthernet(bytes, { destination: mac, source: SUBNET.mac, type: ETHER_TYPE.ipv4 });
  writeIpv4(bytes, ETHERNET_HEADER, header, bytes.length - HEADERS);
}
