// Images that QEMU made (golden/make.sh), for where it is not installed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { DiskModel } from '../bench/disk-model.ts';
import { Random } from '../bench/random.ts';
import { MemoryFile } from '../memory-file.ts';
import { RawImage } from '../raw-image.ts';
import { checkQcow2 } from './check.ts';
import type { Inflaters } from './decompressor.ts';
import { FIELD, readHeader } from './header.ts';
import { Qcow2Image } from './qcow2-image.ts';
import { readSnapshots } from './snapshots.ts';

const KIB = 1024;
const golden = join(import.meta.dirname, '../../../../../src/storage/qcow2/golden');
const zstd = (zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdDecompressSync;
const inflaters: Inflaters = {
  deflate: async (bytes) => zlib.inflateRawSync(bytes),
  zstd: zstd === undefined ? undefined : async (bytes) => zstd(bytes),
};

const load = (name: string): Uint8Array =>
  Uint8Array.from(zlib.gunzipSync(readFileSync(join(golden, `${name}.qcow2.gz`))));

const open = (file: MemoryFile): Promise<Qcow2Image> =>
  Qcow2Image.open(file, {
    inflaters,
    openBacking: async ({ name, format }) => {
      assert.deepEqual({ name, format }, { name: 'base', format: 'raw' });
      return new RawImage(new MemoryFile(name, new Uint8Array(128 * KIB).fill(0x55), true));
    },
  });

/** A disk of so many KiB, with parts of it filled: offset and length in KiB, and with what. */
function filled(size: number, ...parts: readonly (readonly [number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(size * KIB);
  for (const [offset, length, fill] of parts) bytes.fill(fill, offset * KIB, (offset + length) * KIB);
  return bytes;
}

/** Reads an image, writes it at random, and finds it sound. */
async function exercise(file: MemoryFile, content: Uint8Array): Promise<void> {
  const image = await open(file);
  const model = new DiskModel(new Random(1), content, 100);
  await model.compare(image, 0, image.size);
  await model.exercise(image, 60);
  await image.close();
  assert.deepEqual(await checkQcow2(file), { errors: [], leaks: 0 });
}

const content = (): Uint8Array => filled(256, [0, 20, 0x11], [20, 3, 0x22], [100, 60, 0x33], [255, 1, 0x44]);

test('clusters compressed with deflate', () => exercise(new MemoryFile('deflate', load('deflate')), content()));

test('clusters compressed with zstd', { skip: zstd === undefined }, () =>
  exercise(new MemoryFile('zstd', load('zstd')), content()),
);

test('zero clusters with a place of their own, and refcounts of one bit', async () => {
  const file = new MemoryFile('zeroes', load('zeroes'));
  await exercise(file, filled(128, [16, 4, 0x71], [24, 8, 0x71]));
});

test('snapshots in an image of version 2 stay as they are', async () => {
  const file = new MemoryFile('snapshots', load('snapshots'));
  const base: [number, number, number] = [0, 128, 0x55];
  const first = filled(256, base, [0, 8, 0x61], [64, 8, 0x62]);
  const second = filled(256, base, [0, 4, 0x61], [4, 8, 0x63], [64, 8, 0x62]);
  const now = filled(256, base, [0, 4, 0x61], [4, 8, 0x63], [64, 4, 0x64], [68, 4, 0x62], [200, 0.5, 0x65]);
  await exercise(file, now);
  const { snapshots } = await readSnapshots(file, await readHeader(file));
  assert.equal(snapshots.length, 2);
  for (const [index, expected] of [first, second].entries()) {
    const { l1Offset, l1Entries } = snapshots[index]!;
    // An image whose active L1 table is that of the snapshot.
    const bytes = file.content();
    const view = new DataView(bytes.buffer);
    view.setUint32(FIELD.l1Entries, l1Entries);
    view.setBigUint64(FIELD.l1Offset, BigInt(l1Offset));
    const image = await open(new MemoryFile('snapshot', bytes, true));
    await new DiskModel(new Random(1), expected).compare(image, 0, image.size);
  }
});

test('an image that its program left dirty is read, and not written', async () => {
  const bytes = load('dirty');
  await assert.rejects(open(new MemoryFile('dirty', bytes)), /was not closed by the program that wrote it last/);
  const image = await open(new MemoryFile('dirty', bytes, true));
  await new DiskModel(new Random(1), filled(128, [8, 8, 0x81])).compare(image, 0, image.size);
});
