import { readU16, readU32, writeU16, writeU32 } from './big-endian.ts';
import { complement, sumWords } from './checksum.ts';
import type { Ipv4Address } from './ipv4-address.ts';

/** Bytes of a header without options, which is what Lodge sends. */
export const IPV4_HEADER = 20;

export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const;

const DO_NOT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;

export interface Ipv4Header {
  readonly source: Ipv4Address;
  readonly destination: Ipv4Address;
  readonly protocol: number;
  readonly timeToLive: number;
  readonly identification: number;
  readonly doNotFragment: boolean;
  readonly moreFragments: boolean;
  /** Where the payload belongs in the datagram, in bytes. */
  readonly fragmentOffset: number;
}

/** A packet as it came, options and link-layer padding left out of `payload`. */
export interface Ipv4Packet extends Ipv4Header {
  readonly payload: Uint8Array;
  /** The header, options included, for ICMP errors. */
  readonly header: Uint8Array;
}

/** The packet that `bytes` begins with; undefined unless version, lengths and header checksum are right (RFC 791, 3.1). */
export function parseIpv4(bytes: Uint8Array): Ipv4Packet | undefined {
  if (bytes.length < IPV4_HEADER) return undefined;
  const first = bytes[0] as number;
  const headerLength = (first & 15) * 4;
  const totalLength = readU16(bytes, 2);
  if (first >> 4 !== 4 || headerLength < IPV4_HEADER) return undefined;
  if (totalLength < headerLength || totalLength > bytes.length) return undefined;
  if (sumWords(bytes, 0, headerLength) !== 0xffff) return undefined;
  const fragment = readU16(bytes, 6);
  return {
    source: readU32(bytes, 12),
    destination: readU32(bytes, 16),
    protocol: bytes[9] as number,
    timeToLive: bytes[8] as number,
    identification: readU16(bytes, 4),
    doNotFragment: (fragment & DO_NOT_FRAGMENT) !== 0,
    moreFragments: (fragment & MORE_FRAGMENTS) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    payload: bytes.subarray(headerLength, totalLength),
    header: bytes.subarray(0, headerLength),
  };
}

/** Writes a header of 20 bytes, checksum included, at `offset`. */
export function writeIpv4(bytes: Uint8Array, offset: number, header: Ipv4Header, payloadLength: number): void {
  bytes[offset] = 0x45;
  bytes[offset + 1] = 0;
  writeU16(bytes, offset + 2, IPV4_HEADER + payloadLength);
  writeU16(bytes, offset + 4, header.identification);
  const flags = (header.doNotFragment ? DO_NOT_FRAGMENT : 0) | (header.moreFragments ? MORE_FRAGMENTS : 0);
  writeU16(bytes, offset + 6, flags | (header.fragmentOffset >>> 3));
  bytes[offset + 8] = header.timeToLive;
  bytes[offset + 9] = header.protocol;
  writeU16(bytes, offset + 10, 0);
  writeU32(bytes, offset + 12, header.source);
  writeU32(bytes, offset + 16, header.destination);
  writeU16(bytes, offset + 10, complement(sumWords(bytes, offset, offset + IPV4_HEADER)));
}
