/** A protocol as a generator: it yields how many bytes it wants next, and is given them. */
export type Protocol = Generator<number, void, Uint8Array>;

/** Takes `count` bytes inside a `Protocol`: `const bytes = yield* take(4)`. */
export function* take(count: number): Generator<number, DataView, Uint8Array> {
  const bytes = yield count;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Takes and forgets any number of bytes, without ever holding many of them. */
export function* skip(count: number): Generator<number, void, Uint8Array> {
  for (let left = count; left > 0; left -= CHUNK) yield Math.min(left, CHUNK);
}

const CHUNK = 0x1_0000;

/** Cuts what arrives in pieces of any size into what a protocol wants. */
export class ByteInput {
  readonly #protocol: Protocol;
  #held = new Uint8Array(0);
  #wanted = 0;
  #isDone = false;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
    this.#resume(new Uint8Array(0));
  }

  /** Whether the protocol has ended. */
  get isDone(): boolean {
    return this.#isDone;
  }

  receive(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    let at = 0;
    while (!this.#isDone && all.length - at >= this.#wanted) {
      const piece = all.subarray(at, at + this.#wanted);
      at += this.#wanted;
      this.#resume(piece);
    }
    this.#held = all.slice(at);
  }

  #resume(piece: Uint8Array): void {
    const { done, value } = this.#protocol.next(piece);
    this.#isDone = done === true;
    this.#wanted = typeof value === 'number' ? value : 0;
  }
}
