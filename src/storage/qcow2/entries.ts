// Entries of L1 and L2 tables (qcow2 specification, "Cluster mapping"). An entry is a 64-bit number, here in two halves.

import { CorruptImageError } from './corrupt-image.ts';
import type { Geometry } from './geometry.ts';

/** Bit 63: the refcount is exactly one, so that it may be written in place. */
const COPIED = 0x8000_0000;
/** Bit 62 of an L2 entry. */
const COMPRESSED = 0x4000_0000;
/** Bit 0 of an L2 entry, since version 3. */
const ZERO = 1;
/** Bits 32 to 55. */
const OFFSET_HIGH = 0x00ff_ffff;
const OFFSET_LOW = 0xffff_fe00;

/** Where the bytes of a guest cluster are. */
export type ClusterEntry =
  /** In the backing disk; without one they are zeroes. */
  | { readonly kind: 'unallocated' }
  /** Nowhere: they are zeroes. With a host cluster, that is kept for when they are written. */
  | { readonly kind: 'zero'; readonly host: number; readonly isCopied: boolean }
  /** At `host`, the offset of a host cluster. */
  | { readonly kind: 'data'; readonly host: number; readonly isCopied: boolean }
  /** Compressed in at most `length` bytes from `host`, any offset. */
  | { readonly kind: 'compressed'; readonly host: number; readonly length: number };

const UNALLOCATED: ClusterEntry = { kind: 'unallocated' };

/** Throws a CorruptImageError for what cannot be an L2 entry. */
export function readClusterEntry(table: DataView, index: number, geometry: Geometry): ClusterEntry {
  const high = table.getUint32(index * 8);
  const low = table.getUint32(index * 8 + 4);
  if (high === 0 && low === 0) return UNALLOCATED;
  if ((high & COMPRESSED) !== 0) return compressedEntry(high, low, geometry);
  const host = (high & OFFSET_HIGH) * 2 ** 32 + ((low & OFFSET_LOW) >>> 0);
  const isCopied = (high & COPIED) !== 0;
  const isZero = (low & ZERO) !== 0;
  const reserved = (high & ~(COPIED | OFFSET_HIGH)) !== 0 || (low & ~(OFFSET_LOW | ZERO)) !== 0;
  if (reserved || (isZero && geometry.version === 2)) throw new CorruptImageError('an L2 entry has reserved bits set');
  checkOffset(host, geometry, 'an L2 entry');
  if (isZero) return { kind: 'zero', host, isCopied };
  if (host === 0) throw new CorruptImageError('an L2 entry leads to the header');
  return { kind: 'data', host, isCopied };
}

function compressedEntry(high: number, low: number, { clusterBits }: Geometry): ClusterEntry {
  // The offset has 62 - (clusterBits - 8) bits, 49 to 61; above it is the number of sectors but one.
  const offsetBits = 38 - clusterBits;
  const host = (high & (2 ** offsetBits - 1)) * 2 ** 32 + low;
  const sectors = ((high & 0x3fff_ffff) >>> offsetBits) + 1;
  if ((high & COPIED) !== 0) throw new CorruptImageError('a compressed cluster is marked as writable');
  if (!Number.isSafeInteger(host)) throw new CorruptImageError('a compressed cluster lies past any file');
  return { kind: 'compressed', host, length: sectors * 512 - (host % 512) };
}

export function writeClusterEntry(table: DataView, index: number, entry: ClusterEntry): void {
  let high = 0;
  let low = 0;
  if (entry.kind === 'data' || entry.kind === 'zero') {
    high = Math.floor(entry.host / 2 ** 32) + (entry.isCopied ? COPIED : 0);
    low = (entry.host % 2 ** 32) + (entry.kind === 'zero' ? ZERO : 0);
  }
  table.setUint32(index * 8, high);
  table.setUint32(index * 8 + 4, low);
}

/** An L1 entry. `host` is 0 when there is no L2 table. */
export interface TableEntry {
  readonly host: number;
  readonly isCopied: boolean;
}

/** Throws a CorruptImageError for what cannot be an L1 entry. */
export function readTableEntry(table: DataView, index: number, geometry: Geometry): TableEntry {
  const high = table.getUint32(index * 8);
  const low = table.getUint32(index * 8 + 4);
  const host = (high & OFFSET_HIGH) * 2 ** 32 + ((low & OFFSET_LOW) >>> 0);
  if ((high & ~(COPIED | OFFSET_HIGH)) !== 0 || (low & ~OFFSET_LOW) !== 0) {
    throw new CorruptImageError('an L1 entry has reserved bits set');
  }
  checkOffset(host, geometry, 'an L1 entry');
  return { host, isCopied: (high & COPIED) !== 0 };
}

export function writeTableEntry(table: DataView, index: number, { host, isCopied }: TableEntry): void {
  table.setUint32(index * 8, Math.floor(host / 2 ** 32) + (isCopied ? COPIED : 0));
  table.setUint32(index * 8 + 4, host % 2 ** 32);
}

function checkOffset(host: number, { clusterSize }: Geometry, what: string): void {
  if (host % clusterSize !== 0) throw new CorruptImageError(`${what} leads into the middle of a cluster`);
  if (!Number.isSafeInteger(host)) throw new CorruptImageError(`${what} leads past any file`);
}
