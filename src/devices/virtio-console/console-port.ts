import type { CharacterBackend, CharacterInput } from '../../base/character-backend.ts';
import type { VirtioQueues } from '../virtio/virtio-model.ts';

/** What is moved at once, in bytes. */
const PIECE = 32 * 1024;
/** Programs in Linux write 32 KiB at once. What a request has beyond this is dropped: it may name more memory than there is. */
const MOST_OUTPUT = 1 << 20;
/** Requests that one notification may have answered. */
const MOST_REQUESTS = 128;

/** One port: bytes to and from the host, as a serial line. */
export class ConsolePort implements CharacterInput {
  readonly portName: string | undefined;
  readonly #backend: CharacterBackend;
  readonly #receive: number;
  readonly #transmit: number;
  #queues: VirtioQueues | undefined;
  #listener: () => void = () => {};
  #open = false;

  constructor(
    portName: string | undefined,
    backend: CharacterBackend,
    queues: { readonly receive: number; readonly transmit: number },
  ) {
    this.portName = portName;
    this.#backend = backend;
    this.#receive = queues.receive;
    this.#transmit = queues.transmit;
    backend.connect(this);
  }

  /** Whether a program in the guest has the port open. */
  get isOpen(): boolean {
    return this.#open;
  }

  setOpen(open: boolean): void {
    this.#open = open;
    if (open) this.#listener();
  }

  start(queues: VirtioQueues): void {
    this.#queues = queues;
  }

  reset(): void {
    this.#queues = undefined;
    this.#open = false;
  }

  notify(queue: number): void {
    if (queue === this.#receive) this.#listener();
    else if (queue === this.#transmit) this.#takeOutput();
  }

  /** What waits for a program that has not opened the port yet stays with the host. */
  get room(): number {
    if (!this.#open) return 0;
    const chain = this.#queues?.pop(this.#receive);
    if (chain === undefined) return 0;
    this.#queues?.putBack(this.#receive, chain);
    return Math.min(PIECE, chain.writeLength);
  }

  receive(bytes: Uint8Array): number {
    let done = 0;
    while (this.#open && done < bytes.length) {
      const chain = this.#queues?.pop(this.#receive);
      if (chain === undefined) break;
      const written = chain.write(0, bytes.subarray(done));
      this.#queues?.push(this.#receive, chain, written);
      if (written === 0) break;
      done += written;
    }
    if (done > 0) this.#queues?.signal(this.#receive);
    return done;
  }

  onRoom(listener: () => void): void {
    this.#listener = listener;
  }

  /** There is no such thing on this line. */
  receiveBreak(): void {}

  #takeOutput(): void {
    for (let left = MOST_REQUESTS; left > 0; left -= 1) {
      const chain = this.#queues?.pop(this.#transmit);
      if (chain === undefined) break;
      const length = Math.min(chain.readLength, MOST_OUTPUT);
      for (let done = 0; done < length; done += PIECE)
        this.#backend.write(chain.read(done, Math.min(PIECE, length - done)));
      this.#queues?.push(this.#transmit, chain, 0);
    }
    this.#queues?.signal(this.#transmit);
  }
}
