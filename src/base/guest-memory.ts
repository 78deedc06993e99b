import type { GuestPhysical } from './address.ts';

/**
 * Guest-physical memory as a device may use it for DMA. Every address is checked: what lies outside
 * the guest's memory reads as 0xFF bytes, and writes to it are dropped. Nothing here throws.
 * Writes count as stores to the guest's frames, so they invalidate decoded code and mark pages dirty.
 */
export interface GuestMemory {
  readBytes(address: GuestPhysical, length: number): Uint8Array;
  writeBytes(address: GuestPhysical, bytes: Uint8Array): void;
  read8(address: GuestPhysical): number;
  read16(address: GuestPhysical): number;
  read32(address: GuestPhysical): number;
  read64(address: GuestPhysical): bigint;
  write8(address: GuestPhysical, value: number): void;
  write16(address: GuestPhysical, value: number): void;
  write32(address: GuestPhysical, value: number): void;
  write64(address: GuestPhysical, value: bigint): void;
}
