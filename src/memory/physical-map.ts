import { GIB, KIB, MIB } from '../base/units.ts';
import { PAGE_SIZE } from '../base/address.ts';
import { UserError } from '../base/errors.ts';

/** A range of guest-physical addresses with memory behind it, in bytes, on page boundaries. What no area covers is the bus's. */
export interface MemoryArea {
  readonly address: number;
  readonly length: number;
  /** The guest can read it but not write it. */
  readonly rom: boolean;
}

const VIDEO_START = 640 * KIB;
const VIDEO_END = 768 * KIB;
/** RAM below 4 GiB ends here: above lie the PCI window, the interrupt controllers and firmware. */
const LOW_LIMIT = 3 * GIB;
const HIGH_START = 4 * GIB;

/**
 * The memory of a PC with `bytes` of RAM (rounded down to pages): from 0 to at most 3 GiB with the hole for video memory,
 * and what is over from 4 GiB on. 768 KiB to 1 MiB is RAM, as on a PC whose firmware runs from shadow memory.
 *
 * @throws UserError when that is less than 1 MiB.
 */
export function pcMemoryAreas(bytes: number): readonly MemoryArea[] {
  const size = Math.floor(bytes / PAGE_SIZE) * PAGE_SIZE;
  if (!(size >= MIB)) {
    throw new UserError(
      `A PC needs at least 1 MiB of memory but was to have ${bytes} bytes; give it more with --memory.`,
    );
  }
  const area = (address: number, end: number): MemoryArea => ({ address, length: end - address, rom: false });
  const areas = [area(0, VIDEO_START), area(VIDEO_END, Math.min(size, LOW_LIMIT))];
  if (size > LOW_LIMIT) areas.push(area(HIGH_START, HIGH_START + size - LOW_LIMIT));
  return areas;
}

/** Guest frames that the areas hold. */
export function framesOf(areas: readonly MemoryArea[]): number {
  return areas.reduce((frames, area) => frames + area.length / PAGE_SIZE, 0);
}

/** Entries of a p2m that covers the areas. */
export function p2mEntriesOf(areas: readonly MemoryArea[]): number {
  return areas.reduce((most, area) => Math.max(most, (area.address + area.length) / PAGE_SIZE), 0);
}
