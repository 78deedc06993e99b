import type { NbdExport } from './nbd-handshake.ts';
import {
  COMMAND,
  encodeRequest,
  errorText,
  SIMPLE_REPLY_LENGTH,
  SIMPLE_REPLY_MAGIC,
  type Command,
} from './nbd-protocol.ts';
import type { NbdTransport } from './nbd-transport.ts';

export interface NbdRequest {
  readonly command: Command;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  /** What a write sends. */
  readonly from?: Uint8Array;
  /** What a read fills. */
  readonly into?: Uint8Array;
}

interface Pending {
  readonly into: Uint8Array | undefined;
  resolve(): void;
  reject(error: Error): void;
}

/** One connection that serves an export, with any number of requests under way. */
export class NbdSession {
  readonly export: NbdExport;
  readonly #transport: NbdTransport;
  readonly #pending = new Map<number, Pending>();
  #nextHandle = 0;
  #end: Error | undefined;

  /** @param onEnd is called once, when the connection is over without `close` */
  constructor(transport: NbdTransport, served: NbdExport, onEnd: () => void) {
    this.#transport = transport;
    this.export = served;
    this.#receiveReplies().catch((error: Error) => {
      const isClosed = this.#end !== undefined;
      this.#finish(error);
      if (!isClosed) onEnd();
    });
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Rejects when the server reports an error, and when the connection breaks before it has answered. */
  request({ command, flags, offset, length, from, into }: NbdRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      const handle = this.#nextHandle;
      this.#nextHandle = (handle + 1) >>> 0;
      this.#pending.set(handle, { into, resolve, reject });
      const head = encodeRequest(command, flags, handle, offset, length);
      if (from === undefined) this.#transport.send(head);
      else this.#transport.send(head, from);
      return undefined;
    });
  }

  /** Takes leave of the server. */
  close(): void {
    if (this.#end !== undefined) return;
    this.#transport.send(encodeRequest(COMMAND.disconnect, 0, 0, 0, 0));
    this.#finish(new Error('the connection is closed'));
  }

  #finish(error: Error): void {
    this.#end ??= error;
    this.#transport.close();
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
  }

  async #receiveReplies(): Promise<never> {
    const head = new Uint8Array(SIMPLE_REPLY_LENGTH);
    const view = new DataView(head.buffer);
    for (;;) {
      await this.#transport.receive(head);
      const handle = view.getUint32(12);
      const pending = this.#pending.get(handle);
      if (view.getUint32(0) !== SIMPLE_REPLY_MAGIC || view.getUint32(8) !== 0 || pending === undefined) {
        throw new Error('the server breaks the NBD protocol');
      }
      const error = view.getUint32(4);
      if (error === 0 && pending.into !== undefined) await this.#transport.receive(pending.into);
      this.#pending.delete(handle);
      if (error === 0) pending.resolve();
      else pending.reject(new Error(`the server reports: ${errorText(error)}`));
    }
  }
}
