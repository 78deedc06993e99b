import { writeU16 } from './big-endian.ts';
import { complement, sumWords } from './checksum.ts';
import { PROTOCOL } from './ipv4.ts';
import type { Ipv4Packet } from './ipv4.ts';

const HEADER = 8;
const ECHO_REPLY = 0;
const ECHO_REQUEST = 8;

/** Type and code of the errors that Lodge sends (RFC 792; RFC 1812, 5.2.7.1 for code 13). */
export const ICMP_ERROR = {
  networkUnreachable: [3, 0],
  hostUnreachable: [3, 1],
  portUnreachable: [3, 3],
  prohibited: [3, 13],
  timeExceeded: [11, 0],
} as const satisfies Record<string, readonly [type: number, code: number]>;

export type IcmpError = keyof typeof ICMP_ERROR;

/** The reply to an echo request; undefined when the message is no intact echo request. */
export function buildEchoReply(message: Uint8Array): Uint8Array | undefined {
  if (!isEchoRequest(message)) return undefined;
  const reply = message.slice();
  reply[0] = ECHO_REPLY;
  return withChecksum(reply);
}

export function isEchoRequest(message: Uint8Array): boolean {
  return (
    message.length >= HEADER &&
    message[0] === ECHO_REQUEST &&
    message[1] === 0 &&
    sumWords(message, 0, message.length) === 0xffff
  );
}

/** Whether a packet may be answered by an ICMP error: no error itself, and no later fragment (RFC 1122, 3.2.2). */
export function mayCauseError(packet: Ipv4Packet): boolean {
  if (packet.fragmentOffset !== 0) return false;
  return packet.protocol !== PROTOCOL.icmp || packet.payload[0] === ECHO_REQUEST;
}

/** An error about a packet: its header and the first bytes of its payload follow. */
export function buildIcmpError(error: IcmpError, packet: Ipv4Packet): Uint8Array {
  const [type, code] = ICMP_ERROR[error];
  const excerpt = packet.payload.subarray(0, 8);
  const message = new Uint8Array(HEADER + packet.header.length + excerpt.length);
  message[0] = type;
  message[1] = code;
  message.set(packet.header, HEADER);
  message.set(excerpt, HEADER + packet.header.length);
  return withChecksum(message);
}

function withChecksum(message: Uint8Array): Uint8Array {
  writeU16(message, 2, 0);
  writeU16(message, 2, complement(sumWords(message, 0, message.length)));
  return message;
}
