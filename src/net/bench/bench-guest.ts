import type { NetworkBackend, NetworkFrame, NetworkReceiver } from '../../base/network-backend.ts';
import { ARP, buildArp, parseArp } from '../arp.ts';
import type { ArpMessage } from '../arp.ts';
import { writeU16 } from '../big-endian.ts';
import { complement, pseudoHeaderSum, sumWords } from '../checksum.ts';
import { ETHERNET_HEADER, ETHER_TYPE, parseEthernet, writeEthernet } from '../ethernet.ts';
import { IPV4_HEADER, parseIpv4, PROTOCOL, writeIpv4 } from '../ipv4.ts';
import type { Ipv4Header, Ipv4Packet } from '../ipv4.ts';
import type { Ipv4Address } from '../ipv4-address.ts';
import { completeChecksum } from '../resolve-offloads.ts';
import { SUBNET } from '../subnet.ts';
import { parseTcp, TCP_CHECKSUM, tcpHeaderLength, writeTcp } from '../tcp-segment.ts';
import type { TcpSegment } from '../tcp-segment.ts';
import { buildUdp } from '../udp.ts';
import type { UdpDatagram } from '../udp.ts';

export interface BenchGuestOptions {
  readonly address?: Ipv4Address;
  readonly mac?: number;
  /** Whether the device takes frames that stand for several. */
  readonly offloads?: boolean;
}

/** What a guest's network stack is to a test: sends and takes packets, and answers ARP. */
export class BenchGuest implements NetworkReceiver {
  readonly largestFrame: number;
  readonly takesPartialChecksums: boolean;
  readonly address: Ipv4Address;
  readonly mac: number;
  /** Every intact packet that came, and every ARP message. */
  readonly packets: Ipv4Packet[] = [];
  readonly arps: ArpMessage[] = [];
  /** Frames that the device takes before it is full. */
  buffers = Infinity;
  /** Frames whose checksums were wrong. */
  damaged = 0;
  /** The largest frame that came, in bytes. */
  largestSeen = 0;
  onSegment: ((packet: Ipv4Packet, segment: TcpSegment) => void) | undefined;
  readonly #network: NetworkBackend;
  #onRoom = (): void => {};
  #sending = false;
  #identification = 0;

  constructor(network: NetworkBackend, options: BenchGuestOptions = {}) {
    this.#network = network;
    this.address = options.address ?? SUBNET.firstGuest;
    this.mac = options.mac ?? 0x52_54_00_12_34_56;
    this.takesPartialChecksums = options.offloads ?? false;
    this.largestFrame = this.takesPartialChecksums ? 65_550 : 1514;
    network.connect(this);
  }

  receive(frame: NetworkFrame): boolean {
    if (this.#sending) throw new Error('the network called receive inside send');
    if (frame.bytes.length > this.largestFrame) throw new Error(`a frame of ${frame.bytes.length} bytes`);
    if (frame.checksum !== undefined && !this.takesPartialChecksums) throw new Error('a partial checksum');
    if (this.buffers <= 0) return false;
    this.buffers -= 1;
    this.largestSeen = Math.max(this.largestSeen, frame.bytes.length);
    this.take(completeChecksum(frame)?.bytes ?? frame.bytes);
    return true;
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  /** The device has so many buffers again. */
  refill(buffers: number): void {
    this.buffers = buffers;
    this.#onRoom();
  }

  /** Takes the bytes of a frame, its checksums complete. */
  take(bytes: Uint8Array): void {
    const type = parseEthernet(bytes)?.type;
    const arp = type === ETHER_TYPE.arp ? parseArp(bytes) : undefined;
    if (arp !== undefined) {
      this.arps.push(arp);
      if (arp.operation === ARP.request && arp.target === this.address) this.#answerArp(arp);
    }
    const packet = type === ETHER_TYPE.ipv4 ? parseIpv4(bytes.subarray(ETHERNET_HEADER)) : undefined;
    if (packet === undefined) return;
    this.packets.push(packet);
    if (packet.protocol !== PROTOCOL.tcp) return;
    const segment = parseTcp(packet.payload, packet.source, packet.destination, false);
    if (segment === undefined) this.damaged += 1;
    else this.onSegment?.(packet, segment);
  }

  send(frame: NetworkFrame): void {
    this.#sending = true;
    this.#network.send(frame);
    this.#sending = false;
  }

  /** A packet in one frame; `header` changes what its header says. */
  sendPacket(destination: Ipv4Address, protocol: number, payload: Uint8Array, header: Partial<Ipv4Header> = {}): void {
    this.send({ bytes: this.frame(destination, protocol, payload, header) });
  }

  frame(destination: Ipv4Address, protocol: number, payload: Uint8Array, header: Partial<Ipv4Header> = {}): Uint8Array {
    const bytes = new Uint8Array(ETHERNET_HEADER + IPV4_HEADER + payload.length);
    writeEthernet(bytes, { destination: SUBNET.mac, source: this.mac, type: ETHER_TYPE.ipv4 });
    this.#identification = (this.#identification + 1) & 0xffff;
    const whole = {
      source: this.address,
      destination,
      protocol,
      timeToLive: 64,
      identification: this.#identification,
      doNotFragment: false,
      moreFragments: false,
      fragmentOffset: 0,
      ...header,
    };
    writeIpv4(bytes, ETHERNET_HEADER, whole, payload.length);
    bytes.set(payload, ETHERNET_HEADER + IPV4_HEADER);
    return bytes;
  }

  sendUdp(destination: Ipv4Address, datagram: UdpDatagram, source = this.address): void {
    this.sendPacket(destination, PROTOCOL.udp, buildUdp(datagram, source, destination), { source });
  }

  /** The frame of a TCP segment. */
  tcpFrame(destination: Ipv4Address, segment: TcpSegment): Uint8Array {
    const header = tcpHeaderLength(segment);
    const payload = new Uint8Array(header + segment.payload.length);
    writeTcp(payload, 0, segment);
    payload.set(segment.payload, header);
    const pseudo = pseudoHeaderSum(this.address, destination, PROTOCOL.tcp, payload.length);
    writeU16(payload, TCP_CHECKSUM, complement(sumWords(payload, 0, payload.length, pseudo)));
    return this.frame(destination, PROTOCOL.tcp, payload);
  }

  #answerArp(request: ArpMessage): void {
    // A network never hears from a device inside its own call.
    void Promise.resolve().then(() => this.announce(request.sender, request.senderMac));
  }

  /** An ARP reply that says where this guest is. */
  announce(target: Ipv4Address, targetMac: number): void {
    this.send({
      bytes: buildArp({ operation: ARP.reply, senderMac: this.mac, sender: this.address, targetMac, target }),
    });
  }
}
