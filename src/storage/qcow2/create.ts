import { SECTOR_SIZE } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import type { StorageFile } from '../../base/storage-file.ts';
import { makeGeometry, type Geometry } from './geometry.ts';
import { FIELD, HEADER_LENGTH_2, LARGEST_L1, QCOW2_MAGIC, type BackingReference } from './header.ts';
import { writeRefcount } from './refcount-entry.ts';

export interface Qcow2Options {
  /** Of the disk, in bytes. */
  readonly size: number;
  /** The disk that it is based on. A relative name is looked up in the image's folder. */
  readonly backing?: BackingReference;
  /** 9 to 21; 16 if absent: clusters of 64 KiB. */
  readonly clusterBits?: number;
  /** 0 to 6; 4 if absent: refcounts of 16 bits. Version 2 knows no other. */
  readonly refcountOrder?: number;
  /** 3 if absent. */
  readonly version?: 2 | 3;
}

const HEADER_LENGTH_3 = 112;
const BACKING_FORMAT = 0xe279_2aca;

/** Makes an empty image of an empty file, and flushes it. Throws a UserError for a size or a name that no image can have. */
export async function createQcow2(file: StorageFile, options: Qcow2Options): Promise<void> {
  const { size, clusterBits = 16, refcountOrder = 4, version = 3, backing } = options;
  const geometry = makeGeometry(version, clusterBits, version === 2 ? 4 : refcountOrder);
  const { clusterSize } = geometry;
  const l1Entries = Math.ceil(size / (clusterSize * geometry.l2Entries));
  if (size <= 0 || size % SECTOR_SIZE !== 0 || !Number.isSafeInteger(size) || l1Entries * 8 > LARGEST_L1) {
    throw new UserError(
      `A qcow2 image cannot have ${size} bytes; give it a multiple of ${SECTOR_SIZE}, up to ${(LARGEST_L1 / 8) * clusterSize * geometry.l2Entries}.`,
    );
  }
  const layout = planLayout(geometry, Math.ceil((l1Entries * 8) / clusterSize));
  const header = encodeHeader(geometry, { size, l1Entries, layout, backing });
  await file.resize(layout.end * clusterSize);
  await file.write(layout.table * clusterSize, tableBytes(layout, clusterSize));
  await file.write(layout.blocks * clusterSize, blockBytes(layout, geometry));
  await file.flush();
  await file.write(0, header);
  await file.flush();
}

/** Numbers of the clusters where the parts of an empty image begin, one after the other. */
interface Layout {
  /** The refcount table. */
  readonly table: number;
  readonly blocks: number;
  readonly l1: number;
  readonly end: number;
}

function planLayout({ clusterSize, blockEntries }: Geometry, l1Clusters: number): Layout {
  let blocks = 1;
  for (;;) {
    const table = Math.ceil((blocks * 8) / clusterSize);
    const end = 1 + table + blocks + l1Clusters;
    if (end <= blocks * blockEntries) return { table: 1, blocks: 1 + table, l1: 1 + table + blocks, end };
    blocks = Math.ceil(end / blockEntries);
  }
}

interface HeaderContent {
  readonly size: number;
  readonly l1Entries: number;
  readonly layout: Layout;
  readonly backing: BackingReference | undefined;
}

function encodeHeader(geometry: Geometry, { size, l1Entries, layout, backing }: HeaderContent): Uint8Array {
  const { clusterSize, clusterBits, version, refcountOrder } = geometry;
  const bytes = new Uint8Array(clusterSize);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, QCOW2_MAGIC);
  view.setUint32(FIELD.version, version);
  view.setUint32(FIELD.clusterBits, clusterBits);
  view.setBigUint64(FIELD.size, BigInt(size));
  view.setUint32(FIELD.l1Entries, l1Entries);
  view.setBigUint64(FIELD.l1Offset, BigInt(layout.l1 * clusterSize));
  view.setBigUint64(FIELD.refcountTableOffset, BigInt(layout.table * clusterSize));
  view.setUint32(FIELD.refcountTableClusters, layout.blocks - layout.table);
  if (version === 3) {
    view.setUint32(FIELD.refcountOrder, refcountOrder);
    view.setUint32(FIELD.headerLength, HEADER_LENGTH_3);
  }
  if (backing !== undefined) encodeBacking(bytes, version === 3 ? HEADER_LENGTH_3 : HEADER_LENGTH_2, backing);
  return bytes;
}

function encodeBacking(cluster: Uint8Array, start: number, { name, format }: BackingReference): void {
  const view = new DataView(cluster.buffer);
  let position = start;
  if (format !== undefined) {
    const bytes = new TextEncoder().encode(format);
    view.setUint32(position, BACKING_FORMAT);
    view.setUint32(position + 4, bytes.length);
    cluster.set(bytes, position + 8);
    position += 8 + Math.ceil(bytes.length / 8) * 8;
  }
  // Eight zeroes end the extensions.
  position += 8;
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > 1023 || position + bytes.length > cluster.length) {
    throw new UserError(`The name ${name} is too long for the backing file of an image; give it a shorter one.`);
  }
  view.setBigUint64(FIELD.backingOffset, BigInt(position));
  view.setUint32(FIELD.backingLength, bytes.length);
  cluster.set(bytes, position);
}

function tableBytes({ blocks, l1 }: Layout, clusterSize: number): Uint8Array {
  const bytes = new Uint8Array((l1 - blocks) * 8);
  const view = new DataView(bytes.buffer);
  for (let block = blocks; block < l1; block += 1) view.setBigUint64((block - blocks) * 8, BigInt(block * clusterSize));
  return bytes;
}

function blockBytes({ blocks, l1, end }: Layout, { clusterSize, blockEntries, refcountOrder }: Geometry): Uint8Array {
  const bytes = new Uint8Array((l1 - blocks) * clusterSize);
  for (let cluster = 0; cluster < end; cluster += 1) {
    const start = Math.floor(cluster / blockEntries) * clusterSize;
    writeRefcount(new DataView(bytes.buffer, start, clusterSize), cluster % blockEntries, refcountOrder, 1);
  }
  return bytes;
}
