// How the stream of a serial port keeps its promises: serial-port.ts has them.

import { Duplex } from 'node:stream';
import type { CharacterBackend } from '../base/character-backend.ts';
import { InputQueue } from '../host/node/input-queue.ts';
import { OutputBuffer } from './output-buffer.ts';
import type { SerialPort } from './serial-port.ts';

/** What an unread port keeps, and how much a reader may lag behind before the guest waits for it, in bytes. */
const CAPACITY = 64 * 1024;

export class SerialPortStream extends Duplex implements SerialPort {
  readonly #input = new InputQueue();
  readonly #output = new OutputBuffer();
  readonly #sources = new Set<NodeJS.ReadableStream>();
  readonly #onFull: (full: boolean) => void;
  /** Somebody has begun to read. */
  #begun = false;
  /** The reader waits for bytes. */
  #wanted = false;
  #scheduled = false;
  #full = false;
  #ended = false;
  /** Completes the write that waits for the guest. */
  #written: (() => void) | undefined;

  /** @param onFull told true when the guest is to stand still, and false when it may go on */
  constructor(onFull: (full: boolean) => void) {
    super({ allowHalfOpen: false });
    this.#onFull = onFull;
    this.on('pipe', (source: NodeJS.ReadableStream) => this.#sources.add(source));
    this.on('unpipe', (source: NodeJS.ReadableStream) => this.#sources.delete(source));
  }

  sendBreak(): void {
    if (!this.#ended) this.#input.sendBreak();
  }

  /** The machine's side of the port. */
  backend(): CharacterBackend {
    return {
      write: (bytes) => this.#receive(bytes),
      connect: (input) => this.#input.connect(input),
    };
  }

  /** The machine has ended. What is left can still be read. */
  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const source of this.#sources) source.unpipe(this);
    this.#completeWrite();
    this.#deliver();
  }

  override _read(): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#output.keepLast(CAPACITY);
    }
    this.#wanted = true;
    this.#deliver();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#ended || this.#input.push(new Uint8Array(bytes))) {
      done();
      return;
    }
    this.#written = done;
    this.#input.onDrained(() => this.#completeWrite());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#output.take();
    this.#setFull(false);
    done(error);
  }

  #completeWrite(): void {
    const done = this.#written;
    this.#written = undefined;
    done?.();
  }

  #receive(bytes: Uint8Array): void {
    if (this.destroyed) return;
    this.#output.append(bytes);
    if (!this.#begun) {
      if (this.#output.length >= 2 * CAPACITY) this.#output.keepLast(CAPACITY);
      return;
    }
    if (this.#output.length >= CAPACITY && !this.#wanted) this.#setFull(true);
    if (!this.#wanted || this.#scheduled) return;
    // A guest sends a byte at a time; a chunk for each would cost more than the guest's own work.
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (!this.#wanted || this.destroyed) return;
    const bytes = this.#output.take();
    this.#setFull(false);
    if (bytes !== undefined) this.#wanted = this.push(bytes);
    if (this.#ended) this.push(null);
  }

  #setFull(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#onFull(full);
  }
}
