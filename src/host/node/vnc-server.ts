// Listens for viewers of a screen. What is spoken with them is for whoever serves them.

import { createServer, type Server, type Socket } from 'node:net';
import type { ByteStream, ByteStreamHandler } from '../../base/byte-stream.ts';
import { UserError } from '../../base/errors.ts';

/** Viewers at a time; more are turned away. */
const MOST_VIEWERS = 16;

export interface VncServer {
  /** The port that it listens on: the one that was asked for, or any when that was 0. */
  readonly port: number;
  /** Ends every connection and listens no more. */
  close(): Promise<void>;
}

/** Where to listen, from `HOST:PORT` or `[HOST]:PORT`. Throws `UserError`. */
export function parseVncAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new UserError(`The VNC address "${text}" is none; give HOST:PORT, such as 127.0.0.1:5901.`);
  }
  return { host: match[1] ?? (match[2] === '' ? '127.0.0.1' : (match[2] as string)), port };
}

/**
 * Listens at `HOST:PORT`, and gives each connection to whom `accept` says.
 * @throws UserError when the address is none, taken, or not this machine's
 */
export async function listenForVnc(
  address: string,
  accept: (stream: ByteStream) => ByteStreamHandler,
): Promise<VncServer> {
  const { host, port } = parseVncAddress(address);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= MOST_VIEWERS) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, accept);
  });
  await listen(server, host, port);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serve(socket: Socket, accept: (stream: ByteStream) => ByteStreamHandler): void {
  socket.setNoDelay(true);
  // A connection that breaks is closed too; there is nobody to tell.
  socket.on('error', () => {});
  const handler = accept({
    write: (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    get waiting() {
      return socket.writableLength;
    },
    end: () => void socket.end(),
  });
  socket.on('data', (bytes) => handler.receive(bytes));
  socket.once('close', () => handler.closed());
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${host}:${port}`;
      const reason =
        error.code === 'EADDRINUSE'
          ? `Port ${port} of ${host} is in use; give the screen another one.`
          : `The screen cannot listen at ${where} (${error.code ?? error.message}); give it an address of this machine.`;
      reject(new UserError(reason, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}
