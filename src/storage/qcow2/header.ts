// The header of an image (qcow2 specification, "Header").

import { SECTOR_SIZE } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import type { StorageFile } from '../../base/storage-file.ts';
import { MIB } from '../../base/units.ts';
import { incompatibleFeatures, readExtensions } from './header-extensions.ts';
import { makeGeometry, type Geometry } from './geometry.ts';

/** "QFI" and 0xFB, big-endian. */
export const QCOW2_MAGIC = 0x5146_49fb;
export const HEADER_LENGTH_2 = 72;
/** Offsets of fields in bytes. */
export const FIELD = {
  version: 4,
  backingOffset: 8,
  backingLength: 16,
  clusterBits: 20,
  size: 24,
  encryption: 32,
  l1Entries: 36,
  l1Offset: 40,
  refcountTableOffset: 48,
  refcountTableClusters: 56,
  snapshots: 60,
  snapshotsOffset: 64,
  incompatible: 72,
  autoclear: 88,
  refcountOrder: 96,
  headerLength: 100,
  compression: 104,
} as const;

/** Bits of the incompatible features. */
export const FEATURE = { dirty: 1n, corrupt: 2n, compression: 8n } as const;

/** QEMU's limits, which an image that any program made keeps. */
export const LARGEST_L1 = 32 * MIB;
export const LARGEST_REFCOUNT_TABLE = 8 * MIB;
const MOST_SNAPSHOTS = 65_536;

/** The disk under an image, as the image names it. */
export interface BackingReference {
  readonly name: string;
  /** Such as `raw`; undefined when the image does not say. */
  readonly format: string | undefined;
}

export interface Qcow2Header {
  readonly geometry: Geometry;
  /** Of the disk, in bytes: a multiple of a sector. */
  readonly size: number;
  readonly backing: BackingReference | undefined;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly snapshots: number;
  readonly snapshotsOffset: number;
  readonly compression: 'deflate' | 'zstd';
  /** Refcounts may be wrong. */
  readonly isDirty: boolean;
  /** Anything may be wrong. */
  readonly isCorrupt: boolean;
  /** There are features that have to be given up before the first write. */
  readonly hasAutoclear: boolean;
  /** All incompatible features. */
  readonly incompatible: bigint;
}

export function isQcow2(firstBytes: Uint8Array): boolean {
  return firstBytes.length >= 4 && viewOf(firstBytes).getUint32(0) === QCOW2_MAGIC;
}

/** Throws a UserError for what is no qcow2 image, or one that Lodge cannot use. */
export async function readHeader(file: StorageFile): Promise<Qcow2Header> {
  const fixed = new Uint8Array(112);
  await file.read(0, fixed);
  const view = viewOf(fixed);
  const version = view.getUint32(FIELD.version);
  if (file.size < HEADER_LENGTH_2 || !isQcow2(fixed)) {
    throw new UserError(`The disk ${file.name} is no qcow2 image; check its name, or give format=raw.`);
  }
  if (version !== 2 && version !== 3) {
    throw new UserError(
      `The disk ${file.name} is a qcow2 image of version ${version}; Lodge reads versions 2 and 3, so convert it with qemu-img.`,
    );
  }
  const check = checker(file.name);
  const clusterBits = view.getUint32(FIELD.clusterBits);
  check(clusterBits >= 9 && clusterBits <= 21, `its clusters have 2^${clusterBits} bytes`);
  const order = version === 2 ? 4 : view.getUint32(FIELD.refcountOrder);
  check(order <= 6, `its refcounts have 2^${order} bits`);
  const geometry = makeGeometry(version, clusterBits, order);
  const length = version === 2 ? HEADER_LENGTH_2 : view.getUint32(FIELD.headerLength);
  check(
    version === 2 || (length >= FIELD.compression && length % 8 === 0 && length <= geometry.clusterSize),
    `its header has ${length} bytes`,
  );
  const encryption = view.getUint32(FIELD.encryption);
  if (encryption !== 0) {
    throw new UserError(`The disk ${file.name} is encrypted, which Lodge cannot read; convert it with qemu-img.`);
  }
  const cluster = new Uint8Array(geometry.clusterSize);
  await file.read(0, cluster);
  const extensions = readExtensions(cluster, length, check);
  const incompatible = version === 2 ? 0n : view.getBigUint64(FIELD.incompatible);
  const compression = length > FIELD.compression ? view.getUint8(FIELD.compression) : 0;
  const unknown = incompatibleFeatures(
    incompatible & ~(FEATURE.dirty | FEATURE.corrupt | FEATURE.compression),
    extensions,
  );
  if (unknown.length > 0) {
    throw new UserError(
      `The disk ${file.name} uses what Lodge does not know (${unknown.join(', ')}); convert it with qemu-img.`,
    );
  }
  if (compression > 1) {
    throw new UserError(
      `The disk ${file.name} has clusters of compression type ${compression}, which Lodge does not know; convert it with qemu-img.`,
    );
  }
  check(
    (compression !== 0) === ((incompatible & FEATURE.compression) !== 0n),
    'it contradicts itself about compression',
  );
  const header: Qcow2Header = {
    geometry,
    size: Math.ceil(offset(view, FIELD.size) / SECTOR_SIZE) * SECTOR_SIZE,
    backing: readBacking(view, cluster, extensions.backingFormat, check),
    l1Entries: view.getUint32(FIELD.l1Entries),
    l1Offset: offset(view, FIELD.l1Offset),
    refcountTableOffset: offset(view, FIELD.refcountTableOffset),
    refcountTableClusters: view.getUint32(FIELD.refcountTableClusters),
    snapshots: view.getUint32(FIELD.snapshots),
    snapshotsOffset: offset(view, FIELD.snapshotsOffset),
    compression: compression === 0 ? 'deflate' : 'zstd',
    isDirty: (incompatible & FEATURE.dirty) !== 0n,
    isCorrupt: (incompatible & FEATURE.corrupt) !== 0n,
    hasAutoclear: version === 3 && view.getBigUint64(FIELD.autoclear) !== 0n,
    incompatible,
  };
  checkTables(header, file.size, check);
  return header;
}

type Check = (isRight: boolean, what: string) => void;

const checker =
  (name: string): Check =>
  (isRight, what) => {
    if (!isRight) throw corruptImage(name, what);
  };

/** The sentence for an image that contradicts itself or the format. */
export const corruptImage = (name: string, what: string): UserError =>
  new UserError(`The disk ${name} is corrupt (${what}); repair a copy of it with qemu-img check -r all.`);

/** Numbers above 2^53 come out rounded, and are refused as lying outside the file. */
const offset = (view: DataView, field: number): number => view.getUint32(field) * 2 ** 32 + view.getUint32(field + 4);

function readBacking(
  view: DataView,
  cluster: Uint8Array,
  format: string | undefined,
  check: Check,
): BackingReference | undefined {
  const start = offset(view, FIELD.backingOffset);
  if (start === 0) return undefined;
  const length = view.getUint32(FIELD.backingLength);
  if (length === 0) return undefined;
  check(length <= 1023 && start + length <= cluster.length, 'the name of its backing file lies outside of the header');
  return { name: new TextDecoder().decode(cluster.subarray(start, start + length)), format };
}

function checkTables(header: Qcow2Header, fileSize: number, check: Check): void {
  const { clusterSize, l2Entries } = header.geometry;
  const isTable = (start: number, length: number): boolean =>
    start > 0 && start % clusterSize === 0 && start + length <= fileSize;
  check(header.size > 0 && Number.isSafeInteger(header.size), `its disk has ${header.size} bytes`);
  const needed = Math.ceil(header.size / (clusterSize * l2Entries));
  check(header.l1Entries * 8 <= LARGEST_L1, `its L1 table has ${header.l1Entries} entries`);
  check(needed <= header.l1Entries, 'its L1 table is too small for the disk');
  check(isTable(header.l1Offset, header.l1Entries * 8), 'its L1 table is not in the file');
  const tableSize = header.refcountTableClusters * clusterSize;
  check(tableSize > 0 && tableSize <= LARGEST_REFCOUNT_TABLE, `its refcount table has ${tableSize} bytes`);
  check(isTable(header.refcountTableOffset, 8), 'its refcount table is not in the file');
  check(header.snapshots <= MOST_SNAPSHOTS, `it has ${header.snapshots} snapshots`);
  check(header.snapshots === 0 || isTable(header.snapshotsOffset, 40), 'its snapshot table is not in the file');
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
