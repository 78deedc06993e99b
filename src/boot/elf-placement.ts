import { guestPhysical } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import type { ElfImage } from './elf-image.ts';
import { formatAddress } from './format-bytes.ts';
import type { MemoryLayout } from './memory-layout.ts';
import { FOUR_GIB } from './memory-map.ts';

/**
 * Claims and places the loadable segments of an executable at their physical addresses.
 *
 * @returns the first address past the last segment.
 * @throws UserError when there are none, or one lies outside RAM, past 4 GiB, or over another.
 */
export function placeElfSegments(layout: MemoryLayout, elf: ElfImage): number {
  if (elf.segments.length === 0) {
    throw new UserError('The kernel is an ELF file with nothing to load; it may be an object file, so link it first.');
  }
  let end = 0;
  for (const segment of elf.segments) {
    const segmentEnd = segment.physical + segment.memoryLength;
    if (segmentEnd > FOUR_GIB) {
      throw new UserError(
        `The kernel's segment at ${formatAddress(segment.physical)} reaches past 4 GiB, where 32-bit entry code cannot go; link it lower.`,
      );
    }
    layout.claim(segment.physical, segment.memoryLength, 'kernel segment');
    layout.place(guestPhysical(segment.physical), segment.bytes, 'kernel segment');
    end = Math.max(end, segmentEnd);
  }
  return end;
}

/** @throws UserError when a kernel's entry point is outside what was loaded. */
export function requireLoaded(elf: ElfImage, entry: number): number {
  const inside = (of: ElfImage['segments'][number]) => entry >= of.physical && entry - of.physical < of.memoryLength;
  if (elf.segments.some(inside)) return entry;
  throw new UserError(
    `The kernel's entry point ${formatAddress(entry)} is in none of its segments; the file is damaged or wrongly linked, so build it again.`,
  );
}

/** The physical address of the ELF entry point, which may be linked at a virtual address. */
export function physicalEntry(elf: ElfImage): number {
  const home = elf.segments.find((of) => elf.entry >= of.virtual && elf.entry - of.virtual < of.memoryLength);
  return home === undefined ? elf.entry : elf.entry - home.virtual + home.physical;
}
