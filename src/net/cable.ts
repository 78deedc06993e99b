import type { NetworkFrame, NetworkReceiver } from '../base/network-backend.ts';
import type { NetworkTime } from './network-time.ts';
import { resolveOffloads } from './resolve-offloads.ts';

/** What waits for a guest that takes nothing, at most; later frames are dropped. */
const MOST_FRAMES = 1024;
const MOST_BYTES = 4 * 1024 * 1024;

/** The way to the device: keeps frames while the device has no room, and while it is in the middle of a `send`. */
export class Cable {
  readonly #time: NetworkTime;
  readonly #onRoom: () => void;
  #receiver: NetworkReceiver | undefined;
  #queue: NetworkFrame[] = [];
  #queuedBytes = 0;
  /** The device did not take the first frame in the queue. */
  #blocked = false;
  #held = false;
  #flushing = false;

  /** `onRoom` is called when everything that waited has gone. */
  constructor(time: NetworkTime, onRoom: () => void) {
    this.#time = time;
    this.#onRoom = onRoom;
  }

  get largestFrame(): number {
    return this.#receiver?.largestFrame ?? 0;
  }

  get takesPartialChecksums(): boolean {
    return this.#receiver?.takesPartialChecksums ?? false;
  }

  /** Whether a frame would go to the device at once. */
  get hasRoom(): boolean {
    return this.#receiver !== undefined && this.#queue.length === 0;
  }

  connect(receiver: NetworkReceiver): void {
    // What waited was for the device of a guest that is no more.
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#blocked = false;
    this.#receiver = receiver;
    receiver.onRoom(() => {
      this.#blocked = false;
      this.#flush();
    });
  }

  /** Sends a frame, in the form in which the device takes it. Without a device it is lost. */
  send(frame: NetworkFrame): void {
    if (this.#receiver === undefined) return;
    for (const piece of resolveOffloads(frame, this.#receiver)) this.#sendOne(piece, this.#receiver);
  }

  /** Runs `action`, which is the device's `send`, and gives the device what it led to soon afterwards. */
  hold(action: () => void): void {
    this.#held = true;
    try {
      action();
    } finally {
      this.#held = false;
      if (this.#queue.length > 0 && !this.#blocked) this.#time.soon(() => this.#flush());
    }
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#receiver = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #sendOne(frame: NetworkFrame, receiver: NetworkReceiver): void {
    if (this.#queue.length === 0 && !this.#held && !this.#blocked) {
      if (receiver.receive(frame)) return;
      this.#blocked = true;
    }
    if (this.#queue.length >= MOST_FRAMES || this.#queuedBytes + frame.bytes.length > MOST_BYTES) return;
    this.#queue.push(frame);
    this.#queuedBytes += frame.bytes.length;
  }

  #flush(): void {
    if (this.#flushing || this.#held) return;
    this.#flushing = true;
    let sent = 0;
    for (const frame of this.#queue) {
      if (this.#blocked) break;
      this.#blocked = this.#receiver?.receive(frame) === false;
      if (this.#blocked) break;
      sent += 1;
      this.#queuedBytes -= frame.bytes.length;
    }
    this.#queue.splice(0, sent);
    this.#flushing = false;
    if (this.#queue.length === 0) this.#onRoom();
  }
}
