import { createConnection, type Socket } from 'node:net';
import { UserError } from '../../base/errors.ts';
import { MIB } from '../../base/units.ts';
import type { NbdTransport } from '../../storage/nbd/nbd-transport.ts';

/** Where a server listens. */
export type NbdSocketAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** How long it may take to connect, and until a silent connection is asked whether it still lives, in milliseconds. */
const PATIENCE = 10_000;
const KEEP_ALIVE = 30_000;
/** The socket is read no further while so many bytes wait. */
const MOST_WAITING = MIB;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start the server, or check the address',
  ENOENT: 'there is no such socket; start the server, or check the name',
  ENOTFOUND: 'its host is not known; check the name',
  EAI_AGAIN: 'its host’s name cannot be looked up now; check the network',
  EACCES: 'the permissions of the socket forbid it; change them, or run as a user who may connect',
  EHOSTUNREACH: 'its host cannot be reached; check the network',
  ENETUNREACH: 'its network cannot be reached; check the network',
  ETIMEDOUT: 'its host does not answer; check the address and the network',
};

/** A socket to a server of network block devices. */
class NbdConnection implements NbdTransport {
  readonly #socket: Socket;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #end: Error | undefined;
  /** What is to be filled, and how much of it is. */
  #into: Uint8Array | undefined;
  #filled = 0;
  #settle: ((error?: Error) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#finish(error));
    socket.on('close', () => this.#finish(new Error('the server has ended the connection')));
  }

  send(...parts: readonly Uint8Array[]): void {
    if (this.#end !== undefined) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  receive(into: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#into = into;
      this.#filled = 0;
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
      this.#fill();
    });
  }

  close(): void {
    this.#end ??= new Error('the connection is closed');
    this.#socket.end();
    // What was sent goes out; a server that does not take leave is not waited for.
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  #take(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > MOST_WAITING) this.#socket.pause();
    this.#fill();
  }

  #fill(): void {
    if (this.#into === undefined) return;
    while (this.#filled < this.#into.length && this.#waiting.length > 0) {
      const [chunk] = this.#waiting as [Uint8Array];
      const part = chunk.subarray(0, this.#into.length - this.#filled);
      this.#into.set(part, this.#filled);
      this.#filled += part.length;
      this.#waitingBytes -= part.length;
      if (part.length === chunk.length) this.#waiting.shift();
      else this.#waiting[0] = chunk.subarray(part.length);
    }
    if (this.#waitingBytes <= MOST_WAITING && this.#end === undefined) this.#socket.resume();
    if (this.#filled === this.#into.length) this.#answer();
    else if (this.#end !== undefined) this.#answer(this.#end);
  }

  #finish(error: Error): void {
    this.#end ??= error;
    this.#fill();
  }

  #answer(error?: Error): void {
    const settle = this.#settle;
    this.#into = undefined;
    this.#settle = undefined;
    settle?.(error);
  }
}

/** Connects to a server. `name` is the disk's, for messages. Rejects with a UserError when there is none. */
export function connectNbd(address: NbdSocketAddress, name: string): Promise<NbdTransport> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(address);
    const fail = (code: string, cause?: Error): void => {
      socket.destroy();
      const reason = REASONS[code] ?? `connecting fails (${code})`;
      reject(new UserError(`The disk ${name} cannot be had: ${reason}.`, { cause }));
    };
    const timer = setTimeout(() => fail('ETIMEDOUT'), PATIENCE);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(error.code ?? error.message, error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(new NbdConnection(socket));
    });
  });
}
