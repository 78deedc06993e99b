// One process's part in a switch.

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { UserError } from '../../base/errors.ts';
import type { NetworkBackend, NetworkFrame, NetworkReceiver } from '../../base/network-backend.ts';
import { Cable } from '../../net/cable.ts';
import { LearningSwitch } from '../../net/learning-switch.ts';
import type { DeliverFrame, SwitchPort } from '../../net/learning-switch.ts';
import { isSound } from '../../net/resolve-offloads.ts';
import type { NetworkTime } from '../../net/network-time.ts';
import { encodeHello } from './switch-protocol.ts';
import { attachSocket, SwitchHub } from './switch-hub.ts';
import type { SwitchEnding } from './switch-hub.ts';

/** After the hub went, everyone waits for a moment up to this (ms), so that not all want to be the next. */
const LONGEST_PAUSE = 50;
/** How long to wait after a failure (ms). */
const RETRY = 1000;

export interface SwitchOptions {
  readonly path: string;
  /** What users call it, for messages. */
  readonly name: string;
  readonly time: NetworkTime;
  /** Makes the router of a switch that has one, in the process that has the switch. */
  readonly createRouter?: () => NetworkBackend;
}

/** A cable to a switch that several processes share. Whoever comes first has it; when it ends another takes its place. */
export class SwitchNetwork implements NetworkBackend {
  readonly takesOffloads = true;
  readonly #options: SwitchOptions;
  readonly #cable: Cable;
  /** Where what the guest sends goes. */
  #port: SwitchPort | undefined;
  #leave = (): void => {};
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Joins the switch, or makes it. Rejects with a `UserError`. */
  static async open(options: SwitchOptions): Promise<SwitchNetwork> {
    const network = new SwitchNetwork(options);
    await network.#join();
    return network;
  }

  private constructor(options: SwitchOptions) {
    this.#options = options;
    this.#cable = new Cable(options.time, () => {});
  }

  send(frame: NetworkFrame): void {
    if (isSound(frame)) this.#cable.hold(() => this.#port?.send(frame));
  }

  connect(receiver: NetworkReceiver): void {
    this.#cable.connect(receiver);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#leave();
    this.#cable.close();
  }

  readonly #deliver: DeliverFrame = (frame) => this.#cable.send(frame);

  async #join(): Promise<void> {
    const socket = await this.#find();
    if (socket !== undefined) await this.#become(socket);
    else await this.#beHub();
  }

  /** A connection to whoever has the switch; undefined when nobody has. */
  #find(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect(this.#options.path);
      socket.once('error', () => resolve(undefined));
      socket.once('connect', () => resolve(socket));
    });
  }

  /** Takes part in a switch elsewhere. Rejects when that one is of the other kind. */
  #become(socket: Socket): Promise<void> {
    const hasRouter = this.#options.createRouter !== undefined;
    return new Promise((resolve, reject) => {
      let isIn = false;
      const attach = (deliver: DeliverFrame): SwitchPort => {
        isIn = true;
        this.#port = { send: deliver, detach: () => {} };
        resolve();
        return { send: this.#deliver, detach: () => (this.#port = undefined) };
      };
      const onEnd = (reason: SwitchEnding): void => {
        if (isIn || reason === 'ended') {
          this.#joinLater(Math.random() * LONGEST_PAUSE);
          resolve();
        } else reject(refusal(this.#options, reason));
      };
      attachSocket({ socket, hasRouter, answers: false, attach, onEnd });
      this.#leave = () => socket.destroy();
      socket.write(encodeHello(hasRouter));
    });
  }

  async #beHub(): Promise<void> {
    const { path, time, createRouter } = this.#options;
    const lan = new LearningSwitch(time);
    const hub = await SwitchHub.open(path, lan, createRouter !== undefined, () => {
      this.#leave();
      this.#joinLater(Math.random() * LONGEST_PAUSE);
    }).catch((error: NodeJS.ErrnoException) => {
      const { code, message } = error;
      throw new UserError(`The switch's socket ${path} cannot be made (${code ?? message}); check its directory.`, {
        cause: error,
      });
    });
    const router = createRouter?.();
    if (router !== undefined) attachRouter(router, lan);
    this.#port = lan.attach(this.#deliver);
    this.#leave = () => {
      this.#leave = () => {};
      this.#port = undefined;
      hub.close();
      router?.close();
    };
    if (this.#isClosed) this.#leave();
  }

  #joinLater(milliseconds: number): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#join().catch(() => this.#joinLater(RETRY));
    }, milliseconds);
    this.#retry.unref();
  }
}

/** The sentence for a switch that cannot be joined. */
function refusal({ path, name, createRouter }: SwitchOptions, reason: SwitchEnding): UserError {
  if (reason === 'stranger')
    return new UserError(`Another program listens on ${path}; end it, or name another switch.`);
  const [mode, fix] = createRouter === undefined ? ['with', `switch:${name},nat`] : ['without', `switch:${name}`];
  return new UserError(`The switch ${name} runs ${mode} a router; join it by --network ${fix}, or name another.`);
}

/** Puts a router on a port of a switch. */
function attachRouter(router: NetworkBackend, lan: LearningSwitch): void {
  const port = lan.attach((frame) => router.send(frame));
  router.connect({
    // A guest elsewhere may take less: its own cable cuts what is too long for it.
    largestFrame: 65_550,
    takesPartialChecksums: true,
    receive(frame) {
      port.send(frame);
      return true;
    },
    onRoom() {},
  });
}
