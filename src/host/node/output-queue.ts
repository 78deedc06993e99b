// What a guest writes, on its way to a stream of this process. A serial port delivers a byte at a time; one write to the
// host for each would cost more than the guest's own work, so bytes are gathered until the event loop turns.

import type { Writable } from 'node:stream';

const LARGEST = 64 * 1024;

export class OutputQueue {
  readonly #stream: Writable;
  #buffer = new Uint8Array(4096);
  #length = 0;
  #scheduled = false;
  #closed = false;

  /** `onClosed` is called once when nobody reads the stream any more (EPIPE) or it fails otherwise (a full disk). */
  constructor(stream: Writable, onClosed: (error: NodeJS.ErrnoException) => void) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#closed) return;
      this.#closed = true;
      onClosed(error);
    });
  }

  /** Queues a copy of the bytes. */
  write(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (this.#length + bytes.length > LARGEST) this.flush();
    if (this.#length + bytes.length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length + bytes.length));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Hands everything to the stream, which on Linux has written it when this returns, or blocks until a reader takes it. */
  flush(): void {
    if (this.#length === 0 || this.#closed) return;
    this.#stream.write(this.#buffer.slice(0, this.#length));
    this.#length = 0;
  }
}
