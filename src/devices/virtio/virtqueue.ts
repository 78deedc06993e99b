import type { GuestMemory } from '../../base/guest-memory.ts';
import type { Chain } from './chain.ts';

/** Where a queue is, as the driver configured it. Addresses are guest-physical. */
export interface QueuePlace {
  readonly memory: GuestMemory;
  /** Number of descriptors: 1 to 32768; for a split queue a power of two. */
  readonly size: number;
  /** The descriptor table, or the packed ring. */
  readonly descriptors: number;
  /** The available ring, or the driver's event suppression structure. */
  readonly driver: number;
  /** The used ring, or the device's event suppression structure. */
  readonly device: number;
  /** VIRTIO_F_EVENT_IDX was negotiated. */
  readonly hasEventIndex: boolean;
  /** VIRTIO_F_INDIRECT_DESC was negotiated. */
  readonly hasIndirect: boolean;
}

/**
 * What a queue remembers between requests. A split queue counts available and used entries modulo 2^16; a packed one has
 * positions in its ring, with the wrap counter in bit 15.
 */
export interface QueuePosition {
  readonly available: number;
  readonly used: number;
  /** `used` when the driver was last looked at for whether it wants an interrupt. */
  readonly signalled: number;
}

/** The device's side of a queue, split (virtio 1.2, 2.7) or packed (2.8). */
export interface Virtqueue {
  readonly position: QueuePosition;
  /** The driver has broken the rules, and must reset the device. Nothing is taken from the queue any more. */
  readonly isBroken: boolean;
  /** The next request, if there is one. */
  pop(): Chain | undefined;
  /** Undoes the last `pop` that was not undone yet: the request is waiting again. */
  putBack(chain: Chain): void;
  /** Gives a request back, with so many bytes written from the start of its writable part. */
  push(chain: Chain, written: number): void;
  /** Whether the driver wants an interrupt for what was pushed since the last call. */
  takeInterrupt(): boolean;
}

/** A request may have as many descriptors as the queue, and in an indirect table no more either. */
export const MOST_DESCRIPTORS = 32768;

/** Descriptor flags of both kinds of ring (virtio 1.2, 2.7.5 and 2.8.13). */
export const DESCRIPTOR = { next: 1, write: 2, indirect: 4 } as const;

/** Bytes of a descriptor of either kind. */
export const DESCRIPTOR_LENGTH = 16;

/** Whether moving an index from `before` to `after` passed what the other side waits for (virtio 1.2, 2.7.10). All modulo 2^16. */
export const passesEvent = (event: number, after: number, before: number): boolean =>
  ((after - event - 1) & 0xffff) < ((after - before) & 0xffff);
