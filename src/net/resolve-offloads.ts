import type { NetworkFrame, NetworkReceiver } from '../base/network-backend.ts';
import { readU16, readU32, writeU16, writeU32 } from './big-endian.ts';
import { complement, pseudoHeaderSum, sumWords } from './checksum.ts';
import { ETHERNET_HEADER, ETHER_TYPE } from './ethernet.ts';
import { IPV4_HEADER, PROTOCOL } from './ipv4.ts';
import { TCP, TCP_CHECKSUM, TCP_HEADER } from './tcp-segment.ts';

const IPV6 = 0x86dd;
const IPV6_HEADER = 40;

/** Nobody's segments are smaller (bytes); a hostile guest's would be thousands of frames. */
const SMALLEST_SEGMENT = 64;

/** What one end of a cable takes. */
export type FrameLimits = Pick<NetworkReceiver, 'largestFrame' | 'takesPartialChecksums'>;

/** The longest frame there is, in bytes: an Ethernet header, maybe tagged, and the largest IP packet. */
export const LARGEST_FRAME = 65_553;

/** Whether a frame is no longer than frames are, and the checksum that it asks for lies in it. */
export function isSound({ bytes, checksum }: NetworkFrame): boolean {
  if (bytes.length > LARGEST_FRAME) return false;
  return checksum === undefined || checksum.start + checksum.offset + 2 <= bytes.length;
}

/** The frames to give a receiver for one that may stand for several: none when it is malformed or too long. */
export function resolveOffloads(frame: NetworkFrame, limits: FrameLimits): readonly NetworkFrame[] {
  const { bytes, checksum, segmentSize } = frame;
  if (bytes.length <= limits.largestFrame) {
    if (limits.takesPartialChecksums || (checksum === undefined && segmentSize === undefined)) return [frame];
    // What fits is one segment, whatever it might stand for elsewhere.
    const whole = completeChecksum({ bytes, ...(checksum === undefined ? {} : { checksum }) });
    return whole === undefined ? [] : [whole];
  }
  const pieces = segmentSize === undefined ? [frame] : cutSegments(frame, segmentSize);
  return pieces
    .map((piece) => (limits.takesPartialChecksums ? piece : completeChecksum(piece)))
    .filter((piece) => piece !== undefined)
    .filter((piece) => piece.bytes.length <= limits.largestFrame);
}

/** The frame with the checksum in it, a copy; undefined when there is no place for one. */
export function completeChecksum(frame: NetworkFrame): NetworkFrame | undefined {
  if (frame.checksum === undefined) return frame;
  const { start, offset } = frame.checksum;
  if (start + offset + 2 > frame.bytes.length) return undefined;
  const bytes = frame.bytes.slice();
  // Zero would say that a UDP datagram has no checksum; to TCP both zeroes are the same.
  writeU16(bytes, start + offset, complement(sumWords(bytes, start, bytes.length)) || 0xffff);
  return { bytes };
}

/** Cuts a TCP segment over IPv4 or IPv6 into segments of `size` payload bytes, their checksums partial. */
function cutSegments({ bytes }: NetworkFrame, size: number): NetworkFrame[] {
  const type = readU16(bytes, ETHERNET_HEADER - 2);
  const isIpv4 = type === ETHER_TYPE.ipv4;
  if (!isIpv4 && type !== IPV6) return [];
  const network = ETHERNET_HEADER;
  const transport = network + (isIpv4 ? ((bytes[network] ?? 0) & 15) * 4 : IPV6_HEADER);
  const protocol = bytes[network + (isIpv4 ? 9 : 6)];
  const data = transport + ((bytes[transport + 12] ?? 0) >> 4) * 4;
  const isWhole = transport >= network + IPV4_HEADER && data >= transport + TCP_HEADER && data <= bytes.length;
  if (!isWhole || protocol !== PROTOCOL.tcp || size < SMALLEST_SEGMENT) return [];
  const pieces: NetworkFrame[] = [];
  for (let at = data, index = 0; at === data || at < bytes.length; at += size, index += 1) {
    const payload = bytes.subarray(at, at + size);
    const piece = new Uint8Array(data + payload.length);
    piece.set(bytes.subarray(0, data));
    piece.set(payload, data);
    if (isIpv4) finishIpv4(piece, network, transport, index);
    else finishIpv6(piece, network, transport);
    writeU32(piece, transport + 4, (readU32(bytes, transport + 4) + at - data) >>> 0);
    if (at + size < bytes.length) piece[transport + 13] = (piece[transport + 13] as number) & ~(TCP.fin | TCP.psh);
    pieces.push({ bytes: piece, checksum: { start: transport, offset: TCP_CHECKSUM } });
  }
  return pieces;
}

/** Length, identification and checksum of a piece's header, and the sum of the pseudo-header. */
function finishIpv4(piece: Uint8Array, network: number, transport: number, index: number): void {
  writeU16(piece, network + 2, piece.length - network);
  writeU16(piece, network + 4, (readU16(piece, network + 4) + index) & 0xffff);
  writeU16(piece, network + 10, 0);
  writeU16(piece, network + 10, complement(sumWords(piece, network, transport)));
  const [source, destination] = [readU32(piece, network + 12), readU32(piece, network + 16)];
  const sum = pseudoHeaderSum(source, destination, PROTOCOL.tcp, piece.length - transport);
  writeU16(piece, transport + TCP_CHECKSUM, sum);
}

function finishIpv6(piece: Uint8Array, network: number, transport: number): void {
  const length = piece.length - transport;
  writeU16(piece, network + 4, length);
  writeU16(piece, transport + TCP_CHECKSUM, sumWords(piece, network + 8, transport, length + PROTOCOL.tcp));
}
