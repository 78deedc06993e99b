// Haggling with a server until it serves an export (NBD protocol, "Newstyle negotiation").

import { SECTOR_SIZE } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import { MIB } from '../../base/units.ts';
import {
  HANDSHAKE,
  INFO,
  OPTION,
  OPTION_ERROR,
  OPTION_MAGIC,
  OPTION_REPLY,
  OPTION_REPLY_MAGIC,
  SERVER_MAGIC,
} from './nbd-protocol.ts';
import type { NbdTransport } from './nbd-transport.ts';

/** What a server says of an export. */
export interface NbdExport {
  /** In bytes, a multiple of a sector. */
  readonly size: number;
  /** Transmission flags. */
  readonly flags: number;
  /** The most bytes of data in one request. */
  readonly largestRequest: number;
}

/** What every server takes, unless it says otherwise. */
const LARGEST_REQUEST = 32 * MIB;
/** The longest reply to an option that is read, in bytes; texts for the user are far shorter. */
const LONGEST_REPLY = 65_536;

/**
 * Asks for an export by name; the empty name is the server's default. `name` is the disk's, for messages. Throws a UserError
 * when the server does not have it, or not for Lodge.
 */
export async function negotiate(transport: NbdTransport, exportName: string, name: string): Promise<NbdExport> {
  const greeting = await receiveView(transport, 18);
  if (greeting.getBigUint64(0) !== SERVER_MAGIC || greeting.getBigUint64(8) !== OPTION_MAGIC) {
    throw new UserError(`The disk ${name} is not served by an NBD server of today; check the address and the port.`);
  }
  const flags = greeting.getUint16(16);
  const isFixed = (flags & HANDSHAKE.fixedNewstyle) !== 0;
  const accepted = flags & (HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes);
  transport.send(Uint8Array.of(0, 0, 0, accepted));
  const bytes = new TextEncoder().encode(exportName);
  const found = isFixed ? await go(transport, bytes, name) : undefined;
  const answer = found ?? (await takeExport(transport, bytes, accepted));
  checkExport(answer, name);
  return { size: answer.size, flags: answer.flags, largestRequest: answer.largestRequest };
}

interface Answer extends NbdExport {
  /** The smallest part that can be read or written, in bytes. */
  readonly smallestBlock: number;
}

function checkExport({ size, smallestBlock, largestRequest }: Answer, name: string): void {
  if (smallestBlock > SECTOR_SIZE) {
    throw new UserError(
      `The disk ${name} can be written only in blocks of ${smallestBlock} bytes, and a disk of a guest has sectors of ${SECTOR_SIZE}; export it with smaller blocks.`,
    );
  }
  if (size === 0 || size % SECTOR_SIZE !== 0 || !Number.isSafeInteger(size) || largestRequest < SECTOR_SIZE) {
    throw new UserError(
      `The disk ${name} has ${size} bytes, which is no multiple of ${SECTOR_SIZE}; export one of another size.`,
    );
  }
}

/** NBD_OPT_GO; undefined when the server does not know it. */
async function go(transport: NbdTransport, exportName: Uint8Array, name: string): Promise<Answer | undefined> {
  const data = new Uint8Array(4 + exportName.length + 4);
  const view = new DataView(data.buffer);
  view.setUint32(0, exportName.length);
  data.set(exportName, 4);
  view.setUint16(4 + exportName.length, 1);
  view.setUint16(6 + exportName.length, INFO.blockSize);
  sendOption(transport, OPTION.go, data);
  let answer: Answer = { size: 0, flags: 0, smallestBlock: 1, largestRequest: LARGEST_REQUEST };
  for (;;) {
    const { type, reply } = await receiveReply(transport, OPTION.go, name);
    if (type === OPTION_REPLY.ack) return answer;
    if (type === OPTION_ERROR.unsupported) return undefined;
    if (type !== OPTION_REPLY.info) throw refusal(type, new TextDecoder().decode(reply), name);
    answer = { ...answer, ...readInfo(reply) };
  }
}

function readInfo(reply: DataView): Partial<Answer> {
  const type = reply.byteLength >= 2 ? reply.getUint16(0) : -1;
  if (type === INFO.export && reply.byteLength >= 12) {
    return { size: Number(reply.getBigUint64(2)), flags: reply.getUint16(10) };
  }
  if (type === INFO.blockSize && reply.byteLength >= 14) {
    const largest = Math.floor(reply.getUint32(10) / SECTOR_SIZE) * SECTOR_SIZE;
    return { smallestBlock: reply.getUint32(2), largestRequest: Math.min(largest, LARGEST_REQUEST) };
  }
  return {};
}

function refusal(type: number, text: string, name: string): UserError {
  // The server's words, without what would move a terminal's cursor.
  const words = text.replace(/[^ -~]/g, '?').slice(0, 200);
  const reasons = new Map<number, string>([
    [OPTION_ERROR.policy, 'is not for us, says its server; let the server allow it'],
    [
      OPTION_ERROR.tlsRequired,
      'is served with TLS only, which Lodge does not speak; let the server allow plain connections',
    ],
    [OPTION_ERROR.unknown, 'is not exported by its server; check the name of the export'],
    [
      OPTION_ERROR.blockSizeRequired,
      'is served in blocks of another size than Lodge uses; export it with blocks of 512 bytes',
    ],
  ]);
  const reason = reasons.get(type) ?? `is refused by its server with error ${type}; see the log of the server`;
  return new UserError(`The disk ${name} ${reason}${words === '' ? '' : ` (${words})`}.`);
}

/** NBD_OPT_EXPORT_NAME, to which a server that does not have the export answers by going away. */
async function takeExport(transport: NbdTransport, exportName: Uint8Array, accepted: number): Promise<Answer> {
  sendOption(transport, OPTION.exportName, exportName);
  const reply = await receiveView(transport, 10);
  if ((accepted & HANDSHAKE.noZeroes) === 0) await receiveView(transport, 124);
  const size = Number(reply.getBigUint64(0));
  return { size, flags: reply.getUint16(8), smallestBlock: 1, largestRequest: LARGEST_REQUEST };
}

function sendOption(transport: NbdTransport, option: number, data: Uint8Array): void {
  const head = new DataView(new ArrayBuffer(16));
  head.setBigUint64(0, OPTION_MAGIC);
  head.setUint32(8, option);
  head.setUint32(12, data.length);
  transport.send(new Uint8Array(head.buffer), data);
}

async function receiveReply(
  transport: NbdTransport,
  option: number,
  name: string,
): Promise<{ readonly type: number; readonly reply: DataView }> {
  const head = await receiveView(transport, 20);
  const length = head.getUint32(16);
  const isReply = head.getBigUint64(0) === OPTION_REPLY_MAGIC && head.getUint32(8) === option;
  if (!isReply || length > LONGEST_REPLY) {
    throw new UserError(`The disk ${name} is served by something that breaks the NBD protocol; check the address.`);
  }
  return { type: head.getUint32(12), reply: await receiveView(transport, length) };
}

async function receiveView(transport: NbdTransport, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length);
  await transport.receive(bytes);
  return new DataView(bytes.buffer);
}
