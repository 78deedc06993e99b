// A server of network block devices for tests: what the protocol asks for, and what it allows.

/** How the server is to behave. */
export interface NbdTestOptions {
  readonly exports: ReadonlyMap<string, Uint8Array>;
  /** Transmission flags. */
  readonly flags: number;
  readonly isFixed: boolean;
  readonly hasGo: boolean;
  readonly hasNoZeroes: boolean;
  readonly smallestBlock: number;
  readonly largestBlock: number;
}

/** The peer's side of a connection. */
export interface NbdTestPeer {
  send(bytes: Uint8Array): void;
  /** The next bytes. Rejects at the end. */
  receive(length: number): Promise<DataView>;
  end(): void;
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value);
const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
const u64 = (value: bigint): Uint8Array => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  return new Uint8Array(view.buffer);
};
const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const bytesOf = ({ buffer, byteOffset, byteLength }: DataView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

export class NbdTestServer {
  /** Names of commands that came, with the flags of the command. */
  readonly commands: string[] = [];
  /** What each command is answered with while it is not 0. */
  error = 0;
  /** Is awaited before a command is done. */
  delay: (command: string) => Promise<void> = async () => {};
  readonly #options: NbdTestOptions;

  constructor(exports: Record<string, Uint8Array>, options: Partial<Omit<NbdTestOptions, 'exports'>> = {}) {
    this.#options = {
      exports: new Map(Object.entries(exports)),
      flags: 1 | 4 | 8 | 32 | 64,
      isFixed: true,
      hasGo: true,
      hasNoZeroes: true,
      smallestBlock: 1,
      largestBlock: 1 << 25,
      ...options,
    };
  }

  /** Serves one connection until it ends. */
  async serve(peer: NbdTestPeer): Promise<void> {
    try {
      const bytes = await this.#negotiate(peer);
      if (bytes !== undefined) await this.#transmit(peer, bytes);
    } catch {
      // The client has gone.
    }
    peer.end();
  }

  async #negotiate(peer: NbdTestPeer): Promise<Uint8Array | undefined> {
    const { isFixed, hasNoZeroes, hasGo, exports, flags } = this.#options;
    peer.send(join(u64(0x4e42444d41474943n), u64(0x49484156454f5054n), u16((isFixed ? 1 : 0) | (hasNoZeroes ? 2 : 0))));
    const clientFlags = (await peer.receive(4)).getUint32(0);
    for (;;) {
      const head = await peer.receive(16);
      if (head.getBigUint64(0) !== 0x49484156454f5054n) return undefined;
      const option = head.getUint32(8);
      const data = bytesOf(await peer.receive(head.getUint32(12)));
      const reply = (type: number, payload: Uint8Array = new Uint8Array()): void =>
        peer.send(join(u64(0x3e889045565a9n), u32(option), u32(type), u32(payload.length), payload));
      if (option === 1) {
        const found = exports.get(new TextDecoder().decode(data));
        if (found === undefined) return undefined;
        const zeroes = new Uint8Array((clientFlags & 2) !== 0 ? 0 : 124);
        peer.send(join(u64(BigInt(found.length)), u16(flags), zeroes));
        return found;
      }
      if (option !== 7 || !hasGo) {
        reply(0x80000001);
        continue;
      }
      const nameLength = new DataView(data.buffer, data.byteOffset).getUint32(0);
      const found = exports.get(new TextDecoder().decode(data.subarray(4, 4 + nameLength)));
      if (found === undefined) reply(0x80000006, new TextEncoder().encode('no such\u001b[1m export'));
      else {
        const { smallestBlock, largestBlock } = this.#options;
        reply(3, join(u16(0), u64(BigInt(found.length)), u16(flags)));
        reply(3, join(u16(3), u32(smallestBlock), u32(4096), u32(largestBlock)));
        reply(3, join(u16(77), u32(1)));
        reply(1);
        return found;
      }
    }
  }

  async #transmit(peer: NbdTestPeer, bytes: Uint8Array): Promise<void> {
    for (;;) {
      const head = await peer.receive(28);
      if (head.getUint32(0) !== 0x25609513) return;
      const type = head.getUint16(6);
      const offset = Number(head.getBigUint64(16));
      const length = head.getUint32(24);
      const name = ['read', 'write', 'disconnect', 'flush', 'trim', 'cache', 'writeZeroes'][type] ?? `${type}`;
      this.commands.push(`${name}${head.getUint16(4) === 0 ? '' : ` ${head.getUint16(4)}`}`);
      if (type === 2) return;
      const data = type === 1 ? bytesOf(await peer.receive(length)).slice() : undefined;
      const handle = bytesOf(head).slice(8, 16);
      const isTooLong = type < 2 && length > this.#options.largestBlock;
      const isInvalid = isTooLong || (type !== 3 && offset + length > bytes.length);
      // Several commands may be under way, and the answers come in any order.
      void this.delay(name).then(() => {
        const error = isInvalid ? 22 : this.error;
        if (error === 0 && data !== undefined) bytes.set(data, offset);
        if (error === 0 && (type === 4 || type === 6)) bytes.fill(0, offset, offset + length);
        peer.send(join(u32(0x67446698), u32(error), handle));
        if (error === 0 && type === 0) peer.send(bytes.slice(offset, offset + length));
      });
    }
  }
}
