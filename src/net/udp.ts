import { readU16, writeU16 } from './big-endian.ts';
import { complement, pseudoHeaderSum, sumWords } from './checksum.ts';
import { PROTOCOL } from './ipv4.ts';
import type { Ipv4Address } from './ipv4-address.ts';

export const UDP_HEADER = 8;
/** The largest payload of a datagram over IPv4, in bytes. */
export const UDP_LARGEST = 65_507;

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/**
 * The datagram in an IPv4 payload; undefined unless its length and checksum are right (RFC 768). `isChecked` says that
 * the checksum is right or yet to be computed.
 */
export function parseUdp(
  bytes: Uint8Array,
  source: Ipv4Address,
  destination: Ipv4Address,
  isChecked: boolean,
): UdpDatagram | undefined {
  if (bytes.length < UDP_HEADER) return undefined;
  const length = readU16(bytes, 4);
  if (length < UDP_HEADER || length > bytes.length) return undefined;
  if (!isChecked && readU16(bytes, 6) !== 0) {
    const pseudo = pseudoHeaderSum(source, destination, PROTOCOL.udp, length);
    if (sumWords(bytes, 0, length, pseudo) !== 0xffff) return undefined;
  }
  return {
    sourcePort: readU16(bytes, 0),
    destinationPort: readU16(bytes, 2),
    payload: bytes.subarray(UDP_HEADER, length),
  };
}

/** The IPv4 payload of a datagram, its checksum computed. */
export function buildUdp(datagram: UdpDatagram, source: Ipv4Address, destination: Ipv4Address): Uint8Array {
  const length = UDP_HEADER + datagram.payload.length;
  const bytes = new Uint8Array(length);
  writeU16(bytes, 0, datagram.sourcePort);
  writeU16(bytes, 2, datagram.destinationPort);
  writeU16(bytes, 4, length);
  bytes.set(datagram.payload, UDP_HEADER);
  const checksum = complement(sumWords(bytes, 0, length, pseudoHeaderSum(source, destination, PROTOCOL.udp, length)));
  // Zero stands for a checksum that was not computed.
  writeU16(bytes, 6, checksum === 0 ? 0xffff : checksum);
  return bytes;
}
