import type { PlainData } from '../../base/state-field.ts';
import type { Chain } from './chain.ts';

/** What a kind of virtio device is, apart from how the driver reaches it. */
export interface VirtioModel {
  /** Unique on the board, such as `disk0`. */
  readonly name: string;
  /** The device ID of virtio 1.2, 5. */
  readonly type: number;
  /** PCI class code, such as 0x010000 for mass storage. */
  readonly classCode: number;
  /** Feature bits of this kind of device that are offered. */
  readonly features: bigint;
  /** The largest size of each queue: powers of two up to 32768. */
  readonly queueSizes: readonly number[];
  /** The device-specific configuration, as it is now. */
  configuration(): Uint8Array;
  /** The driver wrote to the configuration. Nothing is writable when absent. */
  writeConfiguration?(offset: number, size: number, value: number): void;
  /** The driver has set the device up, with some of the features, and it may use its queues. Comes after a restore too. */
  start(queues: VirtioQueues, features: bigint): void;
  /** There may be requests in a queue. Only after `start`. */
  notify(queue: number): void;
  /** Back to before `start`. Requests under way may end later; what they push is dropped. */
  reset(): void;
  /** What must survive a snapshot besides queues and features; null when that is nothing. */
  save(): PlainData;
  /** Takes what `save` gave; `start` follows if the device was started. Throws `Error` when it does not fit. */
  restore(saved: PlainData): void;
  dispose(): void;
}

/** The queues of a started device, until it is reset. After that, everything here does nothing. */
export interface VirtioQueues {
  /** The next request of a queue, if there is one. */
  pop(queue: number): Chain | undefined;
  /** Undoes the last `pop` of the queue that was not undone yet: the request waits in the queue again. */
  putBack(queue: number, chain: Chain): void;
  /** Gives a request back, with so many bytes written from the start of its writable part. */
  push(queue: number, chain: Chain, written: number): void;
  /** Interrupts the driver if it wants that for what was pushed. */
  signal(queue: number): void;
  /** Tells the driver that the configuration has changed. */
  configurationChanged(): void;
}
