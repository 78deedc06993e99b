import type { FileServer } from '../../base/file-server.ts';
import type { PlainData } from '../../base/state-field.ts';
import type { Chain } from '../virtio/chain.ts';
import type { VirtioModel, VirtioQueues } from '../virtio/virtio-model.ts';

/** The device has a mount tag. */
const MOUNT_TAG = 1n << 0n;
const QUEUE_SIZE = 128;
/** A longer message is no message: the server agrees on less with the guest. */
const LONGEST_MESSAGE = 1 << 20;

/** A channel of the 9P protocol (virtio 1.2, 5.9 has the number; Linux's net/9p/trans_virtio.c the rest). */
export class Virtio9p implements VirtioModel {
  readonly name: string;
  readonly type = 9;
  readonly classCode = 0x00_ff00;
  readonly features = MOUNT_TAG;
  readonly queueSizes = [QUEUE_SIZE];
  readonly #tag: Uint8Array;
  readonly #server: FileServer;
  #queues: VirtioQueues | undefined;
  #underWay = 0;

  /** @param tag what the guest mounts: 1 to 65,535 bytes of UTF-8; Linux takes 31 */
  constructor(name: string, tag: string, server: FileServer) {
    this.name = name;
    this.#tag = new TextEncoder().encode(tag);
    this.#server = server;
  }

  configuration(): Uint8Array {
    return Uint8Array.of(this.#tag.length & 0xff, this.#tag.length >>> 8, ...this.#tag);
  }

  start(queues: VirtioQueues): void {
    this.#queues = queues;
  }

  notify(): void {
    const queues = this.#queues;
    if (queues === undefined) return;
    while (this.#underWay < QUEUE_SIZE) {
      const chain = queues.pop(0);
      if (chain === undefined) return;
      this.#underWay += 1;
      void this.#serve(queues, chain);
    }
  }

  reset(): void {
    if (this.#queues !== undefined) this.#server.reset();
    this.#queues = undefined;
  }

  save(): PlainData {
    return null;
  }

  restore(): void {}

  dispose(): void {
    this.#queues = undefined;
  }

  async #serve(queues: VirtioQueues, chain: Chain): Promise<void> {
    const request = chain.read(0, LONGEST_MESSAGE);
    const reply = await this.#server.handle(request);
    this.#underWay -= 1;
    // A reply that does not fit would not be the reply: the guest has promised room for it.
    queues.push(0, chain, reply.length <= chain.writeLength ? chain.write(0, reply) : 0);
    queues.signal(0);
    this.notify();
  }
}
