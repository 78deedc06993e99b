import type { GuestPhysical } from './address.ts';

/** The width of one memory-mapped access as a handler sees it, in bytes. */
export type MmioSize = 1 | 2 | 4;

/**
 * What a device does when the guest touches its registers in memory. `offset` is relative to the
 * claimed range; values are unsigned and already cut to `size` bytes. An 8-byte access arrives as
 * two 4-byte ones, low half first, unless the device has the 8-byte methods. No handler throws.
 */
export interface MmioHandler {
  read(offset: number, size: MmioSize): number;
  write(offset: number, size: MmioSize, value: number): void;
  /** An 8-byte read that must not be torn, such as of a running counter. */
  read8?(offset: number): bigint;
  /** An 8-byte write that must not be torn. */
  write8?(offset: number, value: bigint): void;
}

/** A range of guest-physical addresses that a device answers. */
export interface MmioClaim {
  /** Whose it is, for messages. */
  readonly owner: string;
  readonly base: GuestPhysical;
  /** In bytes. */
  readonly length: number;
  readonly handler: MmioHandler;
}
