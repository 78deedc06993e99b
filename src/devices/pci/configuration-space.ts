import type { MmioSize } from '../../base/mmio.ts';

/** What answers configuration accesses of one PCI function. Offsets are 0 to 255 and aligned to `size`. */
export interface PciFunction {
  readConfiguration(offset: number, size: MmioSize): number;
  writeConfiguration(offset: number, size: MmioSize, value: number): void;
}

/** The identity of a function, in the words of the PCI Local Bus Specification 3.0, 6.2.1. */
export interface PciIdentity {
  readonly vendor: number;
  readonly device: number;
  readonly revision?: number;
  /** Base class, sub-class and programming interface, such as 0x060000 for a host bridge. */
  readonly classCode: number;
  readonly subsystemVendor?: number;
  readonly subsystem?: number;
}

export const CONFIGURATION_LENGTH = 256;

/** Configuration registers: bytes, and a mask of the bits that software may write. */
export class ConfigurationSpace implements PciFunction {
  readonly bytes: Uint8Array;
  readonly #writable = new Uint8Array(CONFIGURATION_LENGTH);

  constructor(identity: PciIdentity) {
    this.bytes = new Uint8Array(CONFIGURATION_LENGTH);
    this.set(0x00, 2, identity.vendor);
    this.set(0x02, 2, identity.device);
    this.set(0x08, 4, ((identity.classCode << 8) | (identity.revision ?? 0)) >>> 0);
    this.set(0x2c, 2, identity.subsystemVendor ?? 0);
    this.set(0x2e, 2, identity.subsystem ?? 0);
  }

  /** Sets a register whatever its mask says. */
  set(offset: number, size: MmioSize, value: number): void {
    for (let byte = 0; byte < size; byte += 1) this.bytes[offset + byte] = value >>> (byte * 8);
  }

  /** Lets software write the bits of `mask`. A base address register of 2^n bytes is a mask without its low n bits. */
  allowWrites(offset: number, size: MmioSize, mask: number): void {
    for (let byte = 0; byte < size; byte += 1) this.#writable[offset + byte] = mask >>> (byte * 8);
  }

  readConfiguration(offset: number, size: MmioSize): number {
    let value = 0;
    for (let byte = 0; byte < size; byte += 1) value |= (this.bytes[offset + byte] ?? 0xff) << (byte * 8);
    return value >>> 0;
  }

  writeConfiguration(offset: number, size: MmioSize, value: number): void {
    for (let at = offset; at < offset + size && at < CONFIGURATION_LENGTH; at += 1) {
      const mask = this.#writable[at] as number;
      const byte = value >>> ((at - offset) * 8);
      this.bytes[at] = ((this.bytes[at] as number) & ~mask) | (byte & mask);
    }
  }
}
