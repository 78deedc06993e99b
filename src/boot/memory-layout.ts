import { type GuestPhysical, guestPhysical, PAGE_SIZE } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import type { Placement } from './boot-plan.ts';
import { formatAddress, formatBytes } from './format-bytes.ts';
import { endOf, LOW_MEMORY_END, type MemoryRange } from './memory-map.ts';

interface Claim {
  readonly address: number;
  readonly end: number;
  readonly what: string;
}

/** What to look for in free RAM. Addresses and lengths are in bytes. */
export interface Wanted {
  readonly length: number;
  /** A power of two; a page when absent. */
  readonly alignment?: number;
  /** The first address that will do; 4096 when absent. */
  readonly lowest?: number;
  /** The first address past those that will do; no limit when absent. */
  readonly end?: number;
  /** Which end of the bounds to try first. */
  readonly from: 'bottom' | 'top';
}

/** Boot data avoids the first page, where real-mode code keeps its interrupt vectors and BIOS data. */
const LOWEST_ADDRESS = PAGE_SIZE;

/** Who has which part of guest RAM while a boot is planned, and what is to be copied there. */
export class MemoryLayout {
  readonly #map: readonly MemoryRange[];
  readonly #claims: Claim[] = [];
  readonly #placements: Placement[] = [];

  constructor(map: readonly MemoryRange[]) {
    this.#map = map;
  }

  get placements(): readonly Placement[] {
    return this.#placements;
  }

  /** The bytes of RAM in the map, for messages. */
  get ramBytes(): number {
    return this.#map.reduce((sum, of) => (of.type === 'usable' ? Math.max(sum, endOf(of)) : sum), 0);
  }

  /** Whether the range is all RAM that nobody has claimed. */
  isFree(address: number, length: number): boolean {
    return this.#isRam(address, length) && this.#claimIn(address, length) === undefined;
  }

  /**
   * Takes a range that the kernel file asks for by address.
   *
   * @throws UserError when it is not all RAM, or already taken.
   */
  claim(address: number, length: number, what: string): void {
    if (length === 0) return;
    if (!this.#isRam(address, length)) {
      const wants = `The ${what} wants ${formatBytes(length)} at ${formatAddress(address)}`;
      throw new UserError(
        address + length > this.ramBytes
          ? `${wants}, past the end of guest memory at ${formatAddress(this.ramBytes)}; give the guest more with --memory, or link the kernel lower.`
          : `${wants}, where a PC has no RAM for it; link the kernel at 1 MiB or above.`,
      );
    }
    const other = this.#claimIn(address, length);
    if (other !== undefined) {
      throw new UserError(
        `The ${what} at ${formatAddress(address)} overlaps the ${other.what} at ${formatAddress(other.address)}; the kernel file is damaged or wrongly linked, so build it again.`,
      );
    }
    this.#claims.push({ address, end: address + length, what });
  }

  /** Takes the first free range that will do, or none. */
  allocate(wanted: Wanted, what: string): GuestPhysical | undefined {
    const address = this.find(wanted);
    if (address !== undefined) this.#claims.push({ address, end: address + wanted.length, what });
    return address;
  }

  /** The first free range that will do, which stays free. */
  find(wanted: Wanted): GuestPhysical | undefined {
    const alignment = wanted.alignment ?? PAGE_SIZE;
    const lowest = Math.max(wanted.lowest ?? 0, LOWEST_ADDRESS);
    const end = wanted.end ?? Number.MAX_SAFE_INTEGER;
    const up = (address: number) => Math.ceil(address / alignment) * alignment;
    const down = (address: number) => Math.floor(address / alignment) * alignment;
    // The best place touches a bound, an end of RAM, or an end of something claimed.
    const candidates =
      wanted.from === 'bottom'
        ? [lowest, ...this.#map.map((of) => of.address), ...this.#claims.map((claim) => claim.end)].map(up)
        : [end, ...this.#map.map(endOf), ...this.#claims.map((claim) => claim.address)].map((top) =>
            down(top - wanted.length),
          );
    candidates.sort((a, b) => (wanted.from === 'bottom' ? a - b : b - a));
    const found = candidates.find(
      (address) => address >= lowest && address + wanted.length <= end && this.isFree(address, wanted.length),
    );
    return found === undefined ? undefined : guestPhysical(found);
  }

  /** Records bytes to copy to a range that was claimed or allocated before. */
  place(address: GuestPhysical, bytes: Uint8Array, what: string): void {
    if (bytes.length > 0) this.#placements.push({ address, bytes, what });
  }

  /**
   * Allocates and places a structure that the kernel gets a pointer to, in low memory if it fits there.
   *
   * @throws UserError when no RAM below 4 GiB is left.
   */
  placeBootData(bytes: Uint8Array, what: string, alignment = 16): GuestPhysical {
    const wanted = { length: Math.max(bytes.length, 1), alignment, from: 'bottom' } as const;
    const address =
      this.allocate({ ...wanted, end: LOW_MEMORY_END }, what) ?? this.allocate({ ...wanted, end: 2 ** 32 }, what);
    if (address === undefined) {
      throw new UserError(
        `There is no room in guest memory for the ${what} (${formatBytes(bytes.length)}); give the guest more with --memory.`,
      );
    }
    this.place(address, bytes, what);
    return address;
  }

  #isRam(address: number, length: number): boolean {
    return this.#map.some((of) => of.type === 'usable' && address >= of.address && address + length <= endOf(of));
  }

  #claimIn(address: number, length: number): Claim | undefined {
    return this.#claims.find((claim) => address < claim.end && claim.address < address + length);
  }
}
