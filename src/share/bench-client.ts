import type { FileServer } from '../base/file-server.ts';

/** A field of a message: a number of 1, 2, 4 or 8 bytes, or bytes as they are. */
export type Field = Uint8Array;

export const u8 = (value: number): Field => Uint8Array.of(value);
export const u16 = (value: number): Field => little(BigInt(value), 2);
export const u32 = (value: number): Field => little(BigInt(value >>> 0), 4);
export const u64 = (value: number | bigint): Field => little(BigInt.asUintN(64, BigInt(value)), 8);
export const string = (value: string | Uint8Array): Field => {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return concatenate([u16(bytes.length), bytes]);
};

/** The server answered with an error number of Linux. */
export class ReplyError extends Error {
  readonly number: number;

  constructor(number: number) {
    super(`error ${number}`);
    this.number = number;
  }
}

/** What a reply holds after its header. */
export class Reply {
  readonly bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  number(size: 1 | 2 | 4): number {
    return Number(this.#little(size));
  }

  u64(): bigint {
    return this.#little(8);
  }

  string(): string {
    return new TextDecoder().decode(this.take(this.number(2)));
  }

  take(length: number): Uint8Array {
    this.#offset += length;
    if (this.#offset > this.bytes.length) throw new Error('the reply is too short');
    return this.bytes.subarray(this.#offset - length, this.#offset);
  }

  /** Throws if there is more. */
  end(): void {
    if (this.#offset !== this.bytes.length)
      throw new Error(`the reply has ${this.bytes.length - this.#offset} more bytes`);
  }

  get isAtEnd(): boolean {
    return this.#offset === this.bytes.length;
  }

  #little(size: number): bigint {
    return this.take(size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }
}

export interface Entry {
  readonly name: string;
  readonly identity: bigint;
  /** Where to read on after this entry. */
  readonly offset: bigint;
  readonly type: number;
}

export interface Attributes {
  readonly type: number;
  readonly identity: bigint;
  readonly mode: number;
  readonly user: number;
  readonly group: number;
  readonly links: bigint;
  readonly size: bigint;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** A client of 9P, byte by byte, to try a server with: it knows nothing of how the server reads and writes messages. */
export class BenchClient {
  readonly #server: FileServer;
  /** The longest message that a server may send. */
  longestMessage: number;
  #tag = 0;

  constructor(server: FileServer, longestMessage = 8192) {
    this.#server = server;
    this.longestMessage = longestMessage;
  }

  /** Sends a request, and checks the form of the reply. Rejects with a `ReplyError` if it is one. */
  async send(type: number, ...fields: readonly Field[]): Promise<Reply> {
    this.#tag = (this.#tag + 1) % 0xffff;
    return this.sendTagged(type, this.#tag, ...fields);
  }

  async sendTagged(type: number, tag: number, ...fields: readonly Field[]): Promise<Reply> {
    const body = concatenate(fields);
    return this.sendBytes(concatenate([u32(7 + body.length), u8(type), u16(tag), body]), tag);
  }

  /** Sends bytes as they are. */
  async sendBytes(request: Uint8Array, tag: number): Promise<Reply> {
    const type = request[4] ?? 0;
    const bytes = await this.#server.handle(request);
    const reply = new Reply(bytes);
    if (reply.number(4) !== bytes.length) throw new Error('the reply is not as long as it says');
    if (bytes.length > this.longestMessage) throw new Error(`the reply has ${bytes.length} bytes`);
    const replyType = reply.number(1);
    if (reply.number(2) !== tag) throw new Error('the reply has another tag');
    if (replyType === 7) {
      const number = reply.number(4);
      reply.end();
      throw new ReplyError(number);
    }
    if (replyType !== type + 1) throw new Error(`the reply to ${type} is ${replyType}`);
    return new Reply(bytes.subarray(7));
  }

  /** Begins a session, with fid 0 as the root. */
  async start(longestMessage = this.longestMessage): Promise<void> {
    const version = await this.sendTagged(100, 0xffff, u32(longestMessage), string('9P2000.L'));
    this.longestMessage = version.number(4);
    await this.send(104, u32(0), u32(0xffff_ffff), string('root'), string(''), u32(0));
  }

  /** Makes `to` a fid of what a path from `from` leads to. */
  async walk(from: number, to: number, path: string): Promise<void> {
    const names = path === '' ? [] : path.split('/');
    const reply = await this.send(110, u32(from), u32(to), u16(names.length), ...names.map(string));
    const count = reply.number(2);
    if (count !== names.length) throw new ReplyError(2);
    reply.take(13 * count);
    reply.end();
  }

  async clunk(fid: number): Promise<void> {
    (await this.send(120, u32(fid))).end();
  }

  /** Opens, with the flags of open(2). */
  open(fid: number, flags: number): Promise<Reply> {
    return this.send(12, u32(fid), u32(flags));
  }

  /** Makes a file in the directory of `fid` and opens it. */
  create(fid: number, name: string, flags: number, mode = 0o644): Promise<Reply> {
    return this.send(14, u32(fid), string(name), u32(flags), u32(mode), u32(0));
  }

  async read(fid: number, offset = 0n, count = 4096): Promise<string> {
    const reply = await this.send(116, u32(fid), u64(offset), u32(count));
    const data = reply.take(reply.number(4));
    reply.end();
    return new TextDecoder().decode(data);
  }

  async write(fid: number, offset: number, text: string): Promise<number> {
    const data = new TextEncoder().encode(text);
    const reply = await this.send(118, u32(fid), u64(offset), u32(data.length), data);
    const count = reply.number(4);
    reply.end();
    return count;
  }

  async readDirectory(fid: number, offset: bigint, count: number): Promise<Entry[]> {
    const reply = await this.send(40, u32(fid), u64(offset), u32(count));
    const length = reply.number(4);
    if (length > count || reply.bytes.length !== 4 + length)
      throw new Error(`the reply has ${length} bytes of entries`);
    const entries: Entry[] = [];
    while (!reply.isAtEnd) {
      reply.take(5);
      entries.push({ identity: reply.u64(), offset: reply.u64(), type: reply.number(1), name: reply.string() });
    }
    return entries;
  }

  async attributes(fid: number): Promise<Attributes> {
    const reply = await this.send(24, u32(fid), u64(0x7ff));
    if ((reply.u64() & 0x7ffn) !== 0x7ffn) throw new Error('some attributes are missing');
    const type = reply.number(1);
    reply.number(4);
    const identity = reply.u64();
    const mode = reply.number(4);
    const [user, group] = [reply.number(4), reply.number(4)];
    const links = reply.u64();
    reply.u64();
    const size = reply.u64();
    reply.take(16);
    const times = Array.from({ length: 4 }, () => BigInt.asIntN(64, reply.u64()) * 1_000_000_000n + reply.u64());
    reply.take(16);
    reply.end();
    const [accessed = 0n, modified = 0n, changed = 0n] = times;
    return { type, identity, mode, user, group, links, size, accessed, modified, changed };
  }

  /** The number of an error, or 0 if there is none. */
  async errorOf(reply: Promise<unknown>): Promise<number> {
    try {
      await reply;
      return 0;
    } catch (error) {
      if (error instanceof ReplyError) return error.number;
      throw error;
    }
  }
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function little(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => Number((value >> BigInt(index * 8)) & 0xffn));
}
