import { readU16, readU32, writeU16, writeU32 } from './big-endian.ts';
import { ETHERNET_HEADER, ETHER_TYPE, writeEthernet } from './ethernet.ts';
import type { Ipv4Address } from './ipv4-address.ts';
import { BROADCAST, readMac, writeMac } from './mac-address.ts';
import type { MacAddress } from './mac-address.ts';

const LENGTH = 28;
/** Hardware type 1 (Ethernet), protocol IPv4, and the lengths of both addresses (RFC 826). */
const KIND = [0x00, 0x01, 0x08, 0x00, 6, 4];

export const ARP = { request: 1, reply: 2 } as const;

/** An ARP message for IPv4 over Ethernet. */
export interface ArpMessage {
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly sender: Ipv4Address;
  readonly targetMac: MacAddress;
  readonly target: Ipv4Address;
}

/** The message in an Ethernet frame; undefined when it is none for IPv4 over Ethernet. */
export function parseArp(frame: Uint8Array): ArpMessage | undefined {
  if (frame.length < ETHERNET_HEADER + LENGTH) return undefined;
  const bytes = frame.subarray(ETHERNET_HEADER);
  if (KIND.some((byte, index) => bytes[index] !== byte)) return undefined;
  return {
    operation: readU16(bytes, 6),
    senderMac: readMac(bytes, 8),
    sender: readU32(bytes, 14),
    targetMac: readMac(bytes, 18),
    target: readU32(bytes, 24),
  };
}

/** A whole frame: requests go to everyone, replies to their target. */
export function buildArp(message: ArpMessage): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER + LENGTH);
  const destination = message.operation === ARP.request ? BROADCAST : message.targetMac;
  writeEthernet(frame, { destination, source: message.senderMac, type: ETHER_TYPE.arp });
  const bytes = frame.subarray(ETHERNET_HEADER);
  bytes.set(KIND);
  writeU16(bytes, 6, message.operation);
  writeMac(bytes, 8, message.senderMac);
  writeU32(bytes, 14, message.sender);
  writeMac(bytes, 18, message.targetMac);
  writeU32(bytes, 24, message.target);
  return frame;
}
