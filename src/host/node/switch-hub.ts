// The process that came first has the switch; others connect to it.

import { renameSync, statSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { DeliverFrame, LearningSwitch, SwitchPort } from '../../net/learning-switch.ts';
import { decodeHello, encodeFrame, encodeHello, FrameDecoder, HELLO_LENGTH } from './switch-protocol.ts';

/** How often the hub looks whether it is still the one that others find (ms). */
const LOOK_EVERY = 500;
/** Bytes that may wait for a process that does not read; later frames for it are dropped, as switches do. */
const MOST_QUEUED = 4 * 1024 * 1024;
const MOST_PORTS = 256;

/** A listening Unix-domain socket with a switch behind it. */
export class SwitchHub {
  readonly #path: string;
  readonly #server: Server;
  readonly #inode: number;
  readonly #sockets: Set<Socket>;
  readonly #watch: NodeJS.Timeout;

  /**
   * Takes the place at `path`, whoever had it: callers have found nobody there who answers. Of two that do so at once the
   * later has it; the other finds out soon, and `onLost` is called. Rejects with the system's error.
   */
  static async open(path: string, lan: LearningSwitch, hasRouter: boolean, onLost: () => void): Promise<SwitchHub> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      if (sockets.size >= MOST_PORTS) {
        socket.destroy();
        return;
      }
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      attachSocket({ socket, hasRouter, answers: true, attach: (deliver) => lan.attach(deliver) });
    });
    const ownPath = `${path}.${randomBytes(4).toString('hex')}`;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(ownPath, resolve);
    });
    server.on('error', () => {});
    const inode = statSync(ownPath).ino;
    renameSync(ownPath, path);
    return new SwitchHub(path, server, inode, sockets, onLost);
  }

  private constructor(path: string, server: Server, inode: number, sockets: Set<Socket>, onLost: () => void) {
    this.#path = path;
    this.#server = server;
    this.#inode = inode;
    this.#sockets = sockets;
    this.#watch = setInterval(() => {
      if (this.#isFound()) return;
      this.close();
      onLost();
    }, LOOK_EVERY);
    this.#watch.unref();
  }

  /** Ends every connection: the others find a new place. */
  close(): void {
    clearInterval(this.#watch);
    if (this.#isFound()) unlinkSync(this.#path);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #isFound(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode;
  }
}

export interface SwitchSocket {
  readonly socket: Socket;
  readonly hasRouter: boolean;
  /** Whether we say hello after the other side has, so that it knows that it is heard; else it was said. */
  readonly answers: boolean;
  /** Gives a port once the other side has said hello, and its switch has a router if ours has. */
  readonly attach: (deliver: DeliverFrame) => SwitchPort;
  /** Called once when it is over. */
  readonly onEnd?: (reason: SwitchEnding) => void;
}

/** Why a socket is over: as sockets are; the other side's switch is of the other kind; it is no switch. */
export type SwitchEnding = 'ended' | 'other-kind' | 'stranger';

/** Joins a socket between two processes of a switch to a port. */
export function attachSocket({ socket, hasRouter, answers, attach, onEnd }: SwitchSocket): void {
  const decoder = new FrameDecoder();
  let port: SwitchPort | undefined;
  let reason: SwitchEnding = 'ended';
  let hello = Buffer.alloc(0);
  const greet = (bytes: Buffer): Buffer | undefined => {
    hello = Buffer.concat([hello, bytes]);
    if (hello.length < HELLO_LENGTH) return undefined;
    if (answers) socket.write(encodeHello(hasRouter));
    const theirs = decodeHello(hello);
    if (theirs !== hasRouter) {
      reason = theirs === undefined ? 'stranger' : 'other-kind';
      socket.destroySoon();
      return undefined;
    }
    port = attach((frame) => {
      if (socket.writableLength < MOST_QUEUED) socket.write(encodeFrame(frame));
    });
    return hello.subarray(HELLO_LENGTH);
  };
  socket.on('data', (bytes: Buffer) => {
    if (reason !== 'ended') return;
    const rest = port === undefined ? greet(bytes) : bytes;
    const frames = rest === undefined ? [] : decoder.push(rest);
    if (frames === undefined) socket.destroy();
    for (const frame of frames ?? []) port?.send(frame);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    port?.detach();
    onEnd?.(reason);
  });
}
