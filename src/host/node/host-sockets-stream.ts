// TCP for guests, by this process's own sockets.

import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { UserError } from '../../base/errors.ts';
import type { Endpoint, HostListener, HostSockets, HostStream, HostStreamEvents } from '../../base/host-sockets.ts';
import type { SocketFailure } from '../../base/host-sockets.ts';
import { formatIpv4, parseIpv4 } from '../../net/ipv4-address.ts';

/** When a silent peer is asked whether it lives: the guest's own probes end at us. */
const KEEP_ALIVE_AFTER = 120_000;

const FAILURES: Readonly<Record<string, SocketFailure>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timed-out',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EADDRINUSE: 'in-use',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
};

/** Begins a connection. */
export function connectStream(to: Endpoint, events: HostStreamEvents): HostStream {
  const socket = connect({ host: formatIpv4(to.address), port: to.port, allowHalfOpen: true, noDelay: true });
  socket.pause();
  const stream = new NodeStream(socket);
  stream.attach(events);
  socket.on('connect', () => stream.connected());
  return stream;
}

/** Takes connections on a port. */
export const listenStream: HostSockets['listen'] = (at, onConnection) =>
  new Promise<HostListener>((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      const address = parseIpv4(socket.remoteAddress ?? '');
      const stream = new NodeStream(socket);
      const from = { address: address ?? 0, port: socket.remotePort ?? 0 };
      const events = address === undefined ? undefined : onConnection(stream, from);
      if (events === undefined) return stream.reset();
      stream.attach(events);
    });
    server.on('error', (error: NodeJS.ErrnoException) => reject(refusal(at, 'TCP', error)));
    server.listen({ host: formatIpv4(at.address), port: at.port }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : at.port;
      resolve({ port, close: () => void server.close() });
    });
  });

/** The sentence for a port that cannot be listened to. */
export function refusal(at: Endpoint, protocol: string, error: NodeJS.ErrnoException): UserError {
  const where = `The ${protocol} port ${formatIpv4(at.address)}:${at.port} of this host`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'is in use by another program; publish another port, or end that program',
    EACCES: 'may only be used by a privileged user; publish a port from 1024 on',
    EADDRNOTAVAIL: 'has an address that this host does not have; publish on one of its own, or leave the address out',
  };
  const reason = reasons[error.code ?? ''] ?? `cannot be listened to (${error.code ?? error.message}); publish another`;
  return new UserError(`${where} ${reason}.`, { cause: error });
}

class NodeStream implements HostStream {
  readonly #socket: Socket;
  #events: HostStreamEvents | undefined;
  #failure: SocketFailure | undefined;
  #corked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = FAILURES[error.code ?? ''] ?? 'other';
    });
    socket.on('close', () => {
      const events = this.#events;
      this.#events = undefined;
      events?.onClose(this.#failure);
    });
  }

  attach(events: HostStreamEvents): void {
    this.#events = events;
    this.#socket.on('data', (bytes: Buffer) => this.#events?.onData(bytes));
    this.#socket.on('end', () => this.#events?.onEnd());
  }

  connected(): void {
    this.#events?.onConnect();
  }

  write(bytes: Uint8Array): void {
    if (this.#events === undefined || this.#socket.destroyed) return;
    // The guest sends many small frames at once: one system call is to take them all.
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes, (error) => {
      if (error === undefined || error === null) this.#events?.onWritten(bytes.length);
    });
  }

  end(): void {
    if (this.#events !== undefined) this.#socket.end();
  }

  reset(): void {
    this.#events = undefined;
    if (this.#socket.destroyed) return;
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
