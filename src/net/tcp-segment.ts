import { readU16, readU32, writeU16, writeU32 } from './big-endian.ts';
import { pseudoHeaderSum, sumWords } from './checksum.ts';
import { PROTOCOL } from './ipv4.ts';
import type { Ipv4Address } from './ipv4-address.ts';

/** Bytes of a header without options. */
export const TCP_HEADER = 20;
/** Where the checksum is in the header. */
export const TCP_CHECKSUM = 16;

/** Control bits (RFC 9293, 3.1). */
export const TCP = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const;

const OPTION = { end: 0, none: 1, segmentSize: 2, windowScale: 3 } as const;
/** The largest shift of a window (RFC 7323, 2.3). */
const LARGEST_SCALE = 14;

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Sequence number of the first byte, or of SYN. */
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  /** As it stands in the header, not scaled. */
  readonly window: number;
  readonly payload: Uint8Array;
  /** The largest payload that the sender takes, when the option is there. */
  readonly segmentSize?: number;
  /** The shift of the sender's windows, when the option is there. */
  readonly windowScale?: number;
}

/**
 * The segment in an IPv4 payload; undefined unless its lengths and checksum are right. `isChecked` says that the
 * checksum is right or yet to be computed.
 */
export function parseTcp(
  bytes: Uint8Array,
  source: Ipv4Address,
  destination: Ipv4Address,
  isChecked: boolean,
): TcpSegment | undefined {
  if (bytes.length < TCP_HEADER) return undefined;
  const headerLength = ((bytes[12] as number) >> 4) * 4;
  if (headerLength < TCP_HEADER || headerLength > bytes.length) return undefined;
  if (!isChecked) {
    const pseudo = pseudoHeaderSum(source, destination, PROTOCOL.tcp, bytes.length);
    if (sumWords(bytes, 0, bytes.length, pseudo) !== 0xffff) return undefined;
  }
  const flags = (bytes[13] as number) & 0x3f;
  return {
    sourcePort: readU16(bytes, 0),
    destinationPort: readU16(bytes, 2),
    sequence: readU32(bytes, 4),
    acknowledgement: readU32(bytes, 8),
    flags,
    window: readU16(bytes, 14),
    payload: bytes.subarray(headerLength),
    ...((flags & TCP.syn) === 0 ? {} : parseOptions(bytes, headerLength)),
  };
}

/** The options of a SYN. Malformed ones end the list. */
function parseOptions(bytes: Uint8Array, end: number): { segmentSize?: number; windowScale?: number } {
  const options: { segmentSize?: number; windowScale?: number } = {};
  for (let offset = TCP_HEADER; offset < end;) {
    const kind = bytes[offset] as number;
    if (kind === OPTION.end) break;
    if (kind === OPTION.none) {
      offset += 1;
      continue;
    }
    const length = offset + 1 < end ? (bytes[offset + 1] as number) : 0;
    if (length < 2 || offset + length > end) break;
    if (kind === OPTION.segmentSize && length === 4) options.segmentSize = readU16(bytes, offset + 2);
    if (kind === OPTION.windowScale && length === 3) {
      options.windowScale = Math.min(bytes[offset + 2] as number, LARGEST_SCALE);
    }
    offset += length;
  }
  return options;
}

/** Bytes of the header that `writeTcp` writes for a segment. */
export function tcpHeaderLength(segment: Omit<TcpSegment, 'payload'>): number {
  return TCP_HEADER + (segment.segmentSize === undefined ? 0 : 4) + (segment.windowScale === undefined ? 0 : 4);
}

/** Writes a header at `offset` with a zero checksum field. */
export function writeTcp(bytes: Uint8Array, offset: number, segment: Omit<TcpSegment, 'payload'>): void {
  writeU16(bytes, offset, segment.sourcePort);
  writeU16(bytes, offset + 2, segment.destinationPort);
  writeU32(bytes, offset + 4, segment.sequence);
  writeU32(bytes, offset + 8, segment.acknowledgement);
  bytes[offset + 12] = (tcpHeaderLength(segment) / 4) << 4;
  bytes[offset + 13] = segment.flags;
  writeU16(bytes, offset + 14, segment.window);
  writeU32(bytes, offset + TCP_CHECKSUM, 0);
  let next = offset + TCP_HEADER;
  if (segment.segmentSize !== undefined) {
    bytes.set([OPTION.segmentSize, 4], next);
    writeU16(bytes, next + 2, segment.segmentSize);
    next += 4;
  }
  if (segment.windowScale !== undefined) bytes.set([OPTION.none, OPTION.windowScale, 3, segment.windowScale], next);
}
