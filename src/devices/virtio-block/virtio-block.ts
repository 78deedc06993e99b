import { SECTOR_SIZE } from '../../base/block-backend.ts';
import type { BlockBackend } from '../../base/block-backend.ts';
import type { PlainData } from '../../base/state-field.ts';
import type { Chain } from '../virtio/chain.ts';
import type { VirtioModel, VirtioQueues } from '../virtio/virtio-model.ts';
import { MOST_RANGES, MOST_SECTORS_A_RANGE, serveRequest } from './block-request.ts';

/** Feature bits (virtio 1.2, 5.2.3). */
const FEATURE = {
  mostSegments: 1n << 2n,
  readOnly: 1n << 5n,
  blockSize: 1n << 6n,
  flush: 1n << 9n,
  discard: 1n << 13n,
  writeZeroes: 1n << 14n,
} as const;

const QUEUE_SIZE = 256;
/** A request has descriptors for its header and its status besides. */
const MOST_SEGMENTS = QUEUE_SIZE - 2;
/** Requests under way at once; the rest wait in the queue. */
const MOST_REQUESTS = 64;
const CONFIGURATION_LENGTH = 60;

/** A disk (virtio 1.2, 5.2). Requests go to the backend as they come, and may be answered out of order. */
export class VirtioBlock implements VirtioModel {
  readonly name: string;
  readonly type = 2;
  readonly classCode = 0x01_0000;
  readonly features: bigint;
  readonly queueSizes = [QUEUE_SIZE];
  readonly #backend: BlockBackend;
  #queues: VirtioQueues | undefined;
  #underWay = 0;
  /** Resolves when the last request under way has been answered. */
  #idle: (() => void) | undefined;

  /** @param name such as `disk0`; what the guest reads as the disk's serial number, of which it gets 20 bytes */
  constructor(name: string, backend: BlockBackend) {
    this.name = name;
    this.#backend = backend;
    this.features =
      FEATURE.mostSegments |
      FEATURE.blockSize |
      FEATURE.flush |
      (backend.isReadOnly ? FEATURE.readOnly : FEATURE.discard | FEATURE.writeZeroes);
  }

  configuration(): Uint8Array {
    const view = new DataView(new ArrayBuffer(CONFIGURATION_LENGTH));
    view.setBigUint64(0, BigInt(this.#backend.size / SECTOR_SIZE), true);
    view.setUint32(12, MOST_SEGMENTS, true);
    view.setUint32(20, SECTOR_SIZE, true);
    view.setUint32(36, MOST_SECTORS_A_RANGE, true);
    view.setUint32(40, MOST_RANGES, true);
    view.setUint32(44, 1, true); // discards may begin at any sector
    view.setUint32(48, MOST_SECTORS_A_RANGE, true);
    view.setUint32(52, MOST_RANGES, true);
    view.setUint8(56, 1); // writing zeroes may give the space back
    return new Uint8Array(view.buffer);
  }

  start(queues: VirtioQueues): void {
    this.#queues = queues;
  }

  notify(): void {
    const queues = this.#queues;
    if (queues === undefined) return;
    while (this.#underWay < MOST_REQUESTS) {
      const chain = queues.pop(0);
      if (chain === undefined) return;
      this.#underWay += 1;
      void this.#serve(queues, chain);
    }
  }

  /** Requests under way go on; what the guest was not told is done, is not. */
  reset(): void {
    this.#queues = undefined;
  }

  /** Resolves when no request is under way: nothing of the queue is then in the monitor alone. */
  settled(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => (this.#idle = resolve));
  }

  save(): PlainData {
    return null;
  }

  restore(): void {}

  dispose(): void {
    this.#queues = undefined;
  }

  async #serve(queues: VirtioQueues, chain: Chain): Promise<void> {
    const written = await serveRequest(chain, { backend: this.#backend, identity: this.name });
    this.#underWay -= 1;
    queues.push(0, chain, written);
    queues.signal(0);
    if (this.#underWay === 0) this.#idle?.();
    this.notify();
  }
}
