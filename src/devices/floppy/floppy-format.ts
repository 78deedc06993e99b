import { SECTOR_SIZE } from '../../base/block-backend.ts';

/** How a disk is laid out: sectors of 512 bytes, numbered from 1, on tracks and sides numbered from 0. */
export interface FloppyFormat {
  readonly tracks: number;
  readonly heads: number;
  readonly sectors: number;
  /** Data rates, by their numbers in the rate select register, at which the disk can be read. */
  readonly rates: readonly number[];
  /** The drive's type as the CMOS memory has it. */
  readonly driveType: number;
}

const RATE = { k500: 0, k300: 1, k250: 2, m1: 3 } as const;
const DRIVE = { k360: 1, m12: 2, m144: 4, m288: 5 } as const;

const FORMATS: readonly FloppyFormat[] = [
  { tracks: 80, heads: 2, sectors: 36, rates: [RATE.m1], driveType: DRIVE.m288 },
  { tracks: 80, heads: 2, sectors: 18, rates: [RATE.k500], driveType: DRIVE.m144 },
  { tracks: 80, heads: 2, sectors: 15, rates: [RATE.k500], driveType: DRIVE.m12 },
  { tracks: 80, heads: 2, sectors: 9, rates: [RATE.k250], driveType: DRIVE.m144 },
  { tracks: 40, heads: 2, sectors: 9, rates: [RATE.k250, RATE.k300], driveType: DRIVE.k360 },
  { tracks: 40, heads: 2, sectors: 8, rates: [RATE.k250, RATE.k300], driveType: DRIVE.k360 },
  { tracks: 40, heads: 1, sectors: 9, rates: [RATE.k250, RATE.k300], driveType: DRIVE.k360 },
  { tracks: 40, heads: 1, sectors: 8, rates: [RATE.k250, RATE.k300], driveType: DRIVE.k360 },
];

/** The format of a disk of `size` bytes; undefined when there is no such floppy disk. */
export const formatOfSize = (size: number): FloppyFormat | undefined =>
  FORMATS.find(({ tracks, heads, sectors }) => tracks * heads * sectors * SECTOR_SIZE === size);

/** Type of an empty drive: one of 1.44 MB. */
export const EMPTY_DRIVE_TYPE: number = DRIVE.m144;
