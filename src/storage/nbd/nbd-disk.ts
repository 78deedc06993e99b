import type { BlockBackend } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import { GIB } from '../../base/units.ts';
import { settleAll } from '../settle-all.ts';
import { writeZeroesInParts } from '../zeroes.ts';
import { negotiate } from './nbd-handshake.ts';
import { COMMAND, COMMAND_FLAG, TRANSMISSION } from './nbd-protocol.ts';
import { NbdSession, type NbdRequest } from './nbd-session.ts';
import type { NbdTransport } from './nbd-transport.ts';

/** How long a server may take to serve an export, in milliseconds. */
const PATIENCE = 10_000;
/** After a connection could not be made, requests fail at once for so long, in milliseconds. */
const PAUSE = 1000;
/** The largest part of the disk that is trimmed or zeroed at once, in bytes; a request's length has 32 bits. */
const LARGEST_RANGE = GIB;

export interface NbdAddress {
  /** As the user named it. */
  readonly name: string;
  readonly exportName: string;
  /** Reaches the server. Rejects with a UserError when there is none. */
  connect(): Promise<NbdTransport>;
}

/**
 * A disk that an NBD server has. When the connection breaks, the requests under way fail, and the next one makes one attempt
 * to connect anew. The server may have lost what it had not flushed by then: if anything was written since the last flush, the
 * next flush fails, so that the guest learns of it.
 */
export class NbdDisk implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  readonly #address: NbdAddress;
  readonly #flags: number;
  #session: NbdSession | undefined;
  #connecting: Promise<NbdSession> | undefined;
  #connectAfter = 0;
  /** Something was written that no flush has covered yet. */
  #isDirty = false;
  #mayHaveLost = false;

  private constructor(address: NbdAddress, session: NbdSession, isReadOnly: boolean) {
    this.#address = address;
    this.#session = session;
    this.size = session.export.size;
    this.#flags = session.export.flags;
    this.isReadOnly = isReadOnly;
  }

  /** Connects. Throws a UserError when the server cannot be reached, or does not serve the disk. */
  static async open(address: NbdAddress, isReadOnly: boolean): Promise<NbdDisk> {
    let onEnd = (): void => {};
    const session = await openSession(address, () => onEnd());
    if (!isReadOnly && (session.export.flags & TRANSMISSION.readOnly) !== 0) {
      session.close();
      throw new UserError(`The disk ${address.name} may only be read, says its server; open it readonly.`);
    }
    const disk = new NbdDisk(address, session, isReadOnly);
    onEnd = () => disk.#lose();
    return disk;
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#inParts(offset, into.length, (start, length) => ({
      command: COMMAND.read,
      flags: 0,
      offset: start,
      length,
      into: into.subarray(start - offset, start - offset + length),
    }));
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#change(
      this.#inParts(offset, from.length, (start, length) => ({
        command: COMMAND.write,
        flags: this.#writeFlags(),
        offset: start,
        length,
        from: from.subarray(start - offset, start - offset + length),
      })),
    );
  }

  async writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    if (!this.#offers(TRANSMISSION.writeZeroes)) {
      return writeZeroesInParts(offset, length, (start, zeroes) => this.write(start, zeroes));
    }
    const flags = this.#writeFlags() | (mayUnmap ? 0 : COMMAND_FLAG.noHole);
    return this.#change(this.#overRange(COMMAND.writeZeroes, flags, offset, length));
  }

  async discard(offset: number, length: number): Promise<void> {
    if (this.#offers(TRANSMISSION.trim)) {
      await this.#change(this.#overRange(COMMAND.trim, this.#writeFlags(), offset, length));
    }
  }

  async flush(): Promise<void> {
    if (this.#mayHaveLost) {
      this.#mayHaveLost = false;
      throw new Error(`${this.#address.name}: what was written before the connection broke may be lost`);
    }
    if (!this.#offers(TRANSMISSION.flush)) return;
    const wasDirty = this.#isDirty;
    this.#isDirty = false;
    try {
      await this.#request({ command: COMMAND.flush, flags: 0, offset: 0, length: 0 });
    } catch (error) {
      this.#isDirty ||= wasDirty;
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      if (this.#isDirty || this.#mayHaveLost) await this.flush();
    } finally {
      this.#session?.close();
      this.#session = undefined;
      this.#connectAfter = Infinity;
    }
  }

  #offers(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  /** A server that cannot flush may be able to write through. */
  #writeFlags(): number {
    return !this.#offers(TRANSMISSION.flush) && this.#offers(TRANSMISSION.fua) ? COMMAND_FLAG.forceUnitAccess : 0;
  }

  async #change(request: Promise<void>): Promise<void> {
    // Even a request that fails may have been done.
    this.#isDirty = true;
    await request;
    this.#isDirty = true;
  }

  async #overRange(command: NbdRequest['command'], flags: number, offset: number, length: number): Promise<void> {
    for (let start = offset; start < offset + length; start += LARGEST_RANGE) {
      const part = Math.min(LARGEST_RANGE, offset + length - start);
      await this.#request({ command, flags, offset: start, length: part });
    }
  }

  async #inParts(offset: number, length: number, part: (start: number, length: number) => NbdRequest): Promise<void> {
    const largest = (await this.#connected()).export.largestRequest;
    const requests: Promise<void>[] = [];
    for (let start = offset; start < offset + length; start += largest) {
      requests.push(this.#request(part(start, Math.min(largest, offset + length - start))));
    }
    await settleAll(requests);
  }

  async #request(request: NbdRequest): Promise<void> {
    try {
      const session = await this.#connected();
      await session.request(request);
    } catch (error) {
      throw new Error(`${this.#address.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  #connected(): Promise<NbdSession> {
    if (this.#session?.isOver === false) return Promise.resolve(this.#session);
    if (performance.now() < this.#connectAfter) return Promise.reject(new Error('the connection is broken'));
    this.#connecting ??= this.#reconnect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #reconnect(): Promise<NbdSession> {
    try {
      const session = await openSession(this.#address, () => this.#lose());
      if (session.export.size !== this.size || session.export.flags !== this.#flags) {
        session.close();
        throw new Error('the server has another disk now');
      }
      if (this.#connectAfter === Infinity) session.close();
      else this.#session = session;
      return session;
    } catch (error) {
      this.#connectAfter = Math.max(this.#connectAfter, performance.now() + PAUSE);
      throw error;
    }
  }

  #lose(): void {
    this.#session = undefined;
    this.#mayHaveLost ||= this.#isDirty && this.#offers(TRANSMISSION.flush);
    this.#isDirty = false;
  }
}

/** Connects and haggles, within `PATIENCE`. */
async function openSession(address: NbdAddress, onEnd: () => void): Promise<NbdSession> {
  const transport = await address.connect();
  const timer = setTimeout(() => transport.close(), PATIENCE);
  try {
    return new NbdSession(transport, await negotiate(transport, address.exportName, address.name), onEnd);
  } catch (error) {
    transport.close();
    if (error instanceof UserError) throw error;
    throw new UserError(
      `The disk ${address.name} cannot be had, because its server does not answer or ends the connection; check the name of the export, and the log of the server.`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}
