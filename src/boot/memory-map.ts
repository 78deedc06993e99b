import { type GuestPhysical, guestPhysical, PAGE_SIZE } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import { formatBytes } from './format-bytes.ts';

/** The types of the BIOS call INT 15h, AX=E820h (ACPI specification 6.5, table 15.4). */
export const MEMORY_TYPE = {
  usable: 1,
  reserved: 2,
  acpiReclaimable: 3,
  acpiNonVolatile: 4,
} as const;
export type MemoryType = keyof typeof MEMORY_TYPE;

/** A range of guest-physical addresses and what it may be used for. Lengths are in bytes. */
export interface MemoryRange {
  readonly address: GuestPhysical;
  readonly length: number;
  readonly type: MemoryType;
}

/** Where conventional memory ends and the extended BIOS data area begins. */
export const LOW_MEMORY_END = 0x9fc00;
/** Where memory goes on after the area that a PC gives to video memory and option ROMs. */
export const HIGH_MEMORY_START = 0x100000;
/** RAM below 4 GiB ends here at the latest; what is over continues at 4 GiB. */
export const LOW_RAM_LIMIT = 0xc0000000;
/** From here to 4 GiB are the I/O APIC, the HPET, the local APICs and firmware; PCI windows lie below. */
export const FIXED_MMIO_START = 0xfec00000;
export const FOUR_GIB = 0x100000000;
/** The least memory that any supported kernel can start in. */
export const SMALLEST_MEMORY = 0x200000;
/** Guest-physical addresses have at most 52 bits (SDM volume 3, 4.1.4). */
const LARGEST_MEMORY = 2 ** 52 - FOUR_GIB;

const range = (address: number, end: number, type: MemoryType): MemoryRange => ({
  address: guestPhysical(address),
  length: end - address,
  type,
});

export const endOf = (of: MemoryRange): number => of.address + of.length;

/**
 * The memory map of a machine with so many bytes of memory: RAM to 0x9fc00, a reserved area to 1 MiB, RAM to
 * at most 3 GiB, an unlisted window for PCI, fixed MMIO below 4 GiB, and the rest of RAM from 4 GiB on.
 * `firmware` ranges are cut out of RAM.
 *
 * @throws UserError when there is too little memory, or more than can be addressed.
 */
export function memoryMap(memoryBytes: number, firmware: readonly MemoryRange[] = []): readonly MemoryRange[] {
  const bytes = Math.floor(memoryBytes / PAGE_SIZE) * PAGE_SIZE;
  if (!(bytes >= SMALLEST_MEMORY)) {
    throw new UserError(
      `A guest needs at least ${formatBytes(SMALLEST_MEMORY)} of memory but has ${formatBytes(memoryBytes)}; give it more with --memory.`,
    );
  }
  if (bytes > LARGEST_MEMORY) {
    throw new UserError(
      `A guest can have at most ${formatBytes(LARGEST_MEMORY)} of memory but was to have ${formatBytes(memoryBytes)}; give it less with --memory.`,
    );
  }
  const map = [
    range(0, LOW_MEMORY_END, 'usable'),
    range(LOW_MEMORY_END, HIGH_MEMORY_START, 'reserved'),
    range(HIGH_MEMORY_START, Math.min(bytes, LOW_RAM_LIMIT), 'usable'),
    range(FIXED_MMIO_START, FOUR_GIB, 'reserved'),
  ];
  if (bytes > LOW_RAM_LIMIT) map.push(range(FOUR_GIB, FOUR_GIB + bytes - LOW_RAM_LIMIT, 'usable'));
  return firmware.reduce(carve, map).toSorted((a, b) => a.address - b.address);
}

/** The map with one range cut out of its usable ranges. */
function carve(map: readonly MemoryRange[], hole: MemoryRange): MemoryRange[] {
  const holeEnd = endOf(hole);
  let touchesRam = false;
  const pieces = map.flatMap((of) => {
    if (of.type !== 'usable' || endOf(of) <= hole.address || of.address >= holeEnd) return [of];
    touchesRam = true;
    const before = range(of.address, Math.max(of.address, hole.address), of.type);
    const after = range(Math.min(endOf(of), holeEnd), endOf(of), of.type);
    return [before, after].filter((piece) => piece.length > 0);
  });
  // A range outside RAM, such as one in the reserved area below 1 MiB, needs no entry of its own.
  return touchesRam ? [...pieces, hole] : pieces;
}
