// A command in a guest, with its streams.

import { Readable, Writable } from 'node:stream';
import type { AgentFrame } from './agent-frame.ts';
import { FRAME } from './agent-frame.ts';

/** What a stream of the guest may send ahead of its reader, in bytes. */
const WINDOW = 256 * 1024;
/** Bytes of standard input in one frame. */
const PIECE = 32 * 1024;
const STREAM = { output: 1, errors: 2 } as const;

export interface GuestProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * The status with which the command ended, as a shell gives it: 128 + n for signal n. Rejects when it could not be started, or the
   * guest ended or restarted before it.
   */
  readonly exited: Promise<number>;
  /** Sends a signal, by its Linux number, to the command and what it has started. */
  kill(signal: number): void;
}

/** The host's side of a command that an agent runs. */
export class AgentProcess implements GuestProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<number>;
  readonly #session: number;
  readonly #send: (frame: AgentFrame) => void;
  #resolve!: (status: number) => void;
  #reject!: (error: Error) => void;
  /** Bytes of standard input that the agent takes now. */
  #window = 0;
  /** Bytes of each stream that wait here for a reader. */
  readonly #owed: number[] = [];
  #waiting: { bytes: Uint8Array; readonly done: () => void } | undefined;

  constructor(session: number, send: (frame: AgentFrame) => void) {
    this.#session = session;
    this.#send = send;
    this.exited = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever reads the streams need not wait for the status as well.
    this.exited.catch(() => {});
    this.stdout = this.#readable(STREAM.output);
    this.stderr = this.#readable(STREAM.errors);
    this.stdin = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        this.#waiting = { bytes, done };
        this.#sendInput();
      },
      final: (done) => {
        this.#frame(FRAME.input, new Uint8Array(0));
        done();
      },
    });
    // A command that ends leaves nobody to read the rest.
    this.stdin.on('error', () => {});
  }

  kill(signal: number): void {
    this.#frame(FRAME.signal, Uint8Array.of(signal));
  }

  /** Takes what the agent says of this session. */
  take({ kind, data }: AgentFrame): void {
    if (kind === FRAME.output) this.#deliver(this.stdout, STREAM.output, data);
    else if (kind === FRAME.errors) this.#deliver(this.stderr, STREAM.errors, data);
    else if (kind === FRAME.exit) this.#end(data[0] ?? 255);
    else if (kind === FRAME.failed)
      this.fail(new Error(`The command cannot be started: ${new TextDecoder().decode(data)}.`));
    else if (kind === FRAME.window && data.length === 5) {
      this.#window += new DataView(data.buffer, data.byteOffset).getUint32(1, true);
      this.#sendInput();
    }
  }

  /** The command will not end by itself any more. */
  fail(error: Error): void {
    this.#reject(error);
    this.#close();
  }

  #end(status: number): void {
    this.#resolve(status);
    this.#close();
  }

  #close(): void {
    this.stdout.push(null);
    this.stderr.push(null);
    const { done } = this.#waiting ?? {};
    this.#waiting = undefined;
    done?.();
    this.stdin.destroy();
  }

  #frame(kind: number, data: Uint8Array): void {
    this.#send({ kind, session: this.#session, data });
  }

  #readable(stream: number): Readable {
    this.#allow(stream, WINDOW);
    return new Readable({
      read: () => {
        const count = this.#owed[stream] ?? 0;
        this.#owed[stream] = 0;
        this.#allow(stream, count);
      },
    });
  }

  #deliver(readable: Readable, stream: number, data: Uint8Array): void {
    if (readable.push(data)) this.#allow(stream, data.length);
    // What its reader has not taken is given back when it asks for more.
    else this.#owed[stream] = (this.#owed[stream] ?? 0) + data.length;
  }

  #allow(stream: number, count: number): void {
    if (count === 0) return;
    const data = new Uint8Array(5);
    data[0] = stream;
    new DataView(data.buffer).setUint32(1, count, true);
    this.#frame(FRAME.window, data);
  }

  #sendInput(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    while (waiting.bytes.length > 0 && this.#window > 0) {
      const piece = waiting.bytes.subarray(0, Math.min(PIECE, this.#window));
      this.#window -= piece.length;
      waiting.bytes = waiting.bytes.subarray(piece.length);
      this.#frame(FRAME.input, new Uint8Array(piece));
    }
    if (waiting.bytes.length > 0) return;
    this.#waiting = undefined;
    waiting.done();
  }
}
