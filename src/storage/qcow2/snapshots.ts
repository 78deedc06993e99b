import type { StorageFile } from '../../base/storage-file.ts';
import { CorruptImageError } from './corrupt-image.ts';
import type { Qcow2Header } from './header.ts';

/** Where an internal snapshot is in the image. Lodge makes none and loads none, but keeps those there are. */
export interface Snapshot {
  readonly l1Offset: number;
  readonly l1Entries: number;
}

export interface SnapshotTable {
  readonly snapshots: readonly Snapshot[];
  /** Of the table, in bytes. */
  readonly length: number;
}

/** QEMU's limit on the extra data of an entry, in bytes. */
const MOST_EXTRA = 1024;

/** Reads the snapshot table. Throws a CorruptImageError when it leads out of the file. */
export async function readSnapshots(file: StorageFile, header: Qcow2Header): Promise<SnapshotTable> {
  const snapshots: Snapshot[] = [];
  const entry = new Uint8Array(40);
  const view = new DataView(entry.buffer);
  let position = header.snapshotsOffset;
  for (let index = 0; index < header.snapshots; index += 1) {
    if (position + entry.length > file.size) throw new CorruptImageError('the snapshot table is not in the file');
    await file.read(position, entry);
    const l1Offset = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
    const l1Entries = view.getUint32(8);
    const isInFile = l1Offset % header.geometry.clusterSize === 0 && l1Offset + l1Entries * 8 <= file.size;
    if (!isInFile) throw new CorruptImageError('the L1 table of a snapshot is not in the file');
    snapshots.push({ l1Offset, l1Entries });
    const extra = view.getUint32(36);
    if (extra > MOST_EXTRA) throw new CorruptImageError('an entry of the snapshot table is too long');
    position += Math.ceil((entry.length + extra + view.getUint16(12) + view.getUint16(14)) / 8) * 8;
  }
  return { snapshots, length: position - header.snapshotsOffset };
}

/** The host clusters of a part of the file. */
export function* clustersOf(offset: number, length: number, clusterSize: number): Generator<number> {
  for (let start = offset; start < offset + length; start += clusterSize) yield start / clusterSize;
}
