import type { PlainData } from '../../base/state-field.ts';
import type { VirtioModel, VirtioQueues } from '../virtio/virtio-model.ts';

/** What one request gets at most, in bytes: it may name terabytes. */
const MOST_BYTES = 4096;
/** Requests that one notification may have answered. */
const QUEUE_SIZE = 64;

/** A source of random bytes (virtio 1.2, 5.4). */
export class VirtioEntropy implements VirtioModel {
  readonly name = 'entropy';
  readonly type = 4;
  readonly classCode = 0x00_ff00;
  readonly features = 0n;
  readonly queueSizes = [QUEUE_SIZE];
  readonly #fill: (bytes: Uint8Array) => void;
  #queues: VirtioQueues | undefined;

  /** @param fill fills an array with random bytes */
  constructor(fill: (bytes: Uint8Array) => void) {
    this.#fill = fill;
  }

  configuration(): Uint8Array {
    return new Uint8Array(0);
  }

  start(queues: VirtioQueues): void {
    this.#queues = queues;
  }

  notify(): void {
    for (let left = QUEUE_SIZE; left > 0; left -= 1) {
      const chain = this.#queues?.pop(0);
      if (chain === undefined) break;
      const bytes = new Uint8Array(Math.min(chain.writeLength, MOST_BYTES));
      this.#fill(bytes);
      this.#queues?.push(0, chain, chain.write(0, bytes));
    }
    this.#queues?.signal(0);
  }

  reset(): void {
    this.#queues = undefined;
  }

  save(): PlainData {
    return null;
  }

  restore(): void {}

  dispose(): void {
    this.#queues = undefined;
  }
}
