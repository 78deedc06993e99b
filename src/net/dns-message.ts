import { readU16, readU32, writeU16, writeU32 } from './big-endian.ts';
import type { Ipv4Address } from './ipv4-address.ts';

const HEADER = 12;
/** A name in a message may be led on so many times; each time to an earlier place, so that it ends (RFC 1035, 4.1.4). */
const MOST_POINTERS = 16;
const LONGEST_NAME = 253;
const MOST_RECORDS = 256;

export const DNS_TYPE = { a: 1, cname: 5, ptr: 12, aaaa: 28 } as const;
export const DNS_CODE = {
  success: 0,
  formatError: 1,
  serverFailure: 2,
  noName: 3,
  notImplemented: 4,
  refused: 5,
} as const;

const FLAG = { response: 0x8000, operation: 0x7800, truncated: 0x0200, recursion: 0x0100, available: 0x0080 } as const;
const CLASS_IN = 1;

/** The one question of a query. */
export interface DnsQuestion {
  readonly id: number;
  /** In lower case, without a dot at its end; the root is empty. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Where the question ends in the message. */
  readonly end: number;
}

/** A record of an answer. */
export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  /** Seconds. */
  readonly life: number;
  /** Of A records. */
  readonly address?: Ipv4Address;
  /** Of CNAME records. */
  readonly target?: string;
}

/** The question of a standard query; the response code for one that is none. */
export function parseQuery(
  message: Uint8Array,
): DnsQuestion | { readonly code: number; readonly id: number } | undefined {
  // Nothing to answer to, or an answer itself.
  if (message.length < HEADER || (readU16(message, 2) & FLAG.response) !== 0) return undefined;
  const id = readU16(message, 0);
  if ((readU16(message, 2) & FLAG.operation) !== 0) return { id, code: DNS_CODE.notImplemented };
  const question = readU16(message, 4) === 1 ? parseQuestion(message) : undefined;
  return question ?? { id, code: DNS_CODE.formatError };
}

function parseQuestion(message: Uint8Array): DnsQuestion | undefined {
  const name = readName(message, HEADER);
  if (name === undefined || name.end + 4 > message.length) return undefined;
  return {
    id: readU16(message, 0),
    name: name.text,
    type: readU16(message, name.end),
    class: readU16(message, name.end + 2),
    end: name.end + 4,
  };
}

/** The A and CNAME records among the answers to a question; undefined when the message does not answer it or is damaged. */
export function parseAnswers(message: Uint8Array, question: DnsQuestion): readonly DnsRecord[] | undefined {
  if (message.length < HEADER || (readU16(message, 2) & FLAG.response) === 0) return undefined;
  const asked = readU16(message, 4) === 1 ? parseQuestion(message) : undefined;
  if (asked === undefined || asked.name !== question.name || asked.type !== question.type) return undefined;
  const count = readU16(message, 6);
  if (count > MOST_RECORDS) return undefined;
  const records: DnsRecord[] = [];
  let offset = asked.end;
  for (let index = 0; index < count; index += 1) {
    const name = readName(message, offset);
    if (name === undefined || name.end + 10 > message.length) return undefined;
    const type = readU16(message, name.end);
    const life = readU32(message, name.end + 4);
    const data = name.end + 10;
    const length = readU16(message, name.end + 8);
    offset = data + length;
    if (offset > message.length) return undefined;
    if (readU16(message, name.end + 2) !== CLASS_IN) continue;
    if (type === DNS_TYPE.a && length === 4)
      records.push({ name: name.text, type, life, address: readU32(message, data) });
    if (type === DNS_TYPE.cname) {
      const target = readName(message, data);
      if (target === undefined) return undefined;
      records.push({ name: name.text, type, life, target: target.text });
    }
  }
  return records;
}

/** What the data of a record are, for `buildResponse`. */
export type DnsData = { readonly address: Ipv4Address } | { readonly name: string };

/** The response to a question: a code, and data of the type that was asked for, to be kept for `life` seconds. */
export function buildResponse(
  query: Uint8Array,
  question: DnsQuestion,
  code: number,
  data: readonly DnsData[] = [],
  life = 0,
): Uint8Array {
  const records = data.map((item) => {
    const bytes = 'address' in item ? new Uint8Array(4) : writeName(item.name);
    if ('address' in item) writeU32(bytes, 0, item.address);
    return bytes;
  });
  const length = records.reduce((sum, { length: size }) => sum + 12 + size, question.end);
  const message = new Uint8Array(length);
  message.set(query.subarray(0, question.end));
  writeHeader(message, readU16(query, 2), code, 1, records.length);
  let offset = question.end;
  for (const bytes of records) {
    // The name is the question's: a pointer to it.
    writeU16(message, offset, 0xc000 | HEADER);
    writeU16(message, offset + 2, question.type);
    writeU16(message, offset + 4, CLASS_IN);
    writeU32(message, offset + 6, life);
    writeU16(message, offset + 10, bytes.length);
    message.set(bytes, offset + 12);
    offset += 12 + bytes.length;
  }
  return message;
}

/** A response without a question, to what is no proper query. */
export function buildFailure(query: Uint8Array, code: number): Uint8Array {
  const message = new Uint8Array(HEADER);
  message.set(query.subarray(0, 2));
  writeHeader(message, readU16(query, 2), code, 0, 0);
  return message;
}

function writeHeader(message: Uint8Array, queryFlags: number, code: number, questions: number, answers: number): void {
  const kept = queryFlags & (FLAG.operation | FLAG.recursion);
  writeU16(message, 2, FLAG.response | FLAG.available | kept | code);
  writeU16(message, 4, questions);
  writeU16(message, 6, answers);
  writeU32(message, 8, 0);
}

/** A name, in lower case, and where it ends; undefined when it is malformed. */
function readName(message: Uint8Array, start: number): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let offset = start;
  let end: number | undefined;
  let length = 0;
  for (let pointers = 0; pointers <= MOST_POINTERS;) {
    const size = message[offset];
    if (size === undefined) return undefined;
    if (size === 0) return { text: labels.join('.').toLowerCase(), end: end ?? offset + 1 };
    if (size >= 0xc0) {
      const target = readU16(message, offset) & 0x3fff;
      if (target >= offset) return undefined;
      end ??= offset + 2;
      offset = target;
      pointers += 1;
      continue;
    }
    length += size + 1;
    if (size > 63 || offset + 1 + size > message.length || length > LONGEST_NAME + 1) return undefined;
    labels.push(String.fromCharCode(...message.subarray(offset + 1, offset + 1 + size)));
    offset += 1 + size;
  }
  return undefined;
}

function writeName(name: string): Uint8Array {
  const bytes: number[] = [];
  for (const label of name.split('.').filter((part) => part.length > 0)) {
    const codes = Array.from(label.slice(0, 63), (character) => character.charCodeAt(0) & 0xff);
    bytes.push(codes.length, ...codes);
  }
  return Uint8Array.of(...bytes, 0);
}

/** The IPv4 address that a name such as 1.2.0.10.in-addr.arpa asks for (RFC 1035, 3.5). */
export function parseReverseName(name: string): Ipv4Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  const parts = match?.slice(1).map(Number).toReversed();
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((address, part) => address * 256 + part, 0);
}
