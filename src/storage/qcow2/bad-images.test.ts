// Images that are damaged, hostile or of a kind that Lodge does not know.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { UserError } from '../../base/errors.ts';
import { Random } from '../bench/random.ts';
import { MemoryFile } from '../memory-file.ts';
import { checkQcow2 } from './check.ts';
import { createQcow2 } from './create.ts';
import { FIELD } from './header.ts';
import { Qcow2Image } from './qcow2-image.ts';

const SIZE = 1 << 20;
const inflaters = { deflate: async (bytes: Uint8Array) => inflateRawSync(bytes), zstd: undefined };

const open = (content: Uint8Array, isReadOnly = false): Promise<Qcow2Image> =>
  openFile(new MemoryFile('image', content, isReadOnly));

const openFile = (file: MemoryFile): Promise<Qcow2Image> =>
  Qcow2Image.open(file, { inflaters, openBacking: () => Promise.reject(new UserError('There is no backing file.')) });

/** An image of 4 KiB clusters with some data in it. */
async function makeImage(): Promise<Uint8Array> {
  const file = new MemoryFile('image');
  await createQcow2(file, { size: SIZE, clusterBits: 12 });
  const image = await openFile(file);
  await image.write(0, new Uint8Array(65_536).fill(0x33));
  await image.writeZeroes(8192, 4096, false);
  await image.close();
  return file.content();
}

const at = (content: Uint8Array): DataView => new DataView(content.buffer, content.byteOffset, content.length);
const number = (content: Uint8Array, offset: number): number => Number(at(content).getBigUint64(offset));

/** Adds a header extension at the first place behind the header. */
function addExtension(content: Uint8Array, type: number, data: Uint8Array): void {
  at(content).setUint32(112, type);
  at(content).setUint32(116, data.length);
  content.set(data, 120);
}

describe('an image is refused in one sentence', () => {
  const cases: [string, (content: Uint8Array, view: DataView) => Uint8Array | void, RegExp][] = [
    ['no magic', (_, view) => view.setUint32(0, 0), /is no qcow2 image/],
    ['a few bytes', (content) => content.subarray(0, 60), /is no qcow2 image/],
    [
      'version 1',
      (_, view) => view.setUint32(FIELD.version, 1),
      /is a qcow2 image of version 1; Lodge reads versions 2 and 3/,
    ],
    ['tiny clusters', (_, view) => view.setUint32(FIELD.clusterBits, 8), /corrupt \(its clusters have 2\^8 bytes\)/],
    ['huge clusters', (_, view) => view.setUint32(FIELD.clusterBits, 22), /corrupt \(its clusters have 2\^22 bytes\)/],
    ['encryption', (_, view) => view.setUint32(FIELD.encryption, 2), /is encrypted, which Lodge cannot read/],
    ['wide refcounts', (_, view) => view.setUint32(FIELD.refcountOrder, 7), /its refcounts have 2\^7 bits/],
    ['a short header', (_, view) => view.setUint32(FIELD.headerLength, 96), /its header has 96 bytes/],
    ['a long header', (_, view) => view.setUint32(FIELD.headerLength, 8192), /its header has 8192 bytes/],
    ['no disk', (_, view) => view.setBigUint64(FIELD.size, 0n), /its disk has 0 bytes/],
    ['a disk beyond all', (_, view) => view.setBigUint64(FIELD.size, 2n ** 63n), /its disk has 9\d+ bytes/],
    [
      'a small L1 table',
      (_, view) => view.setBigUint64(FIELD.size, 2n ** 40n),
      /its L1 table is too small for the disk/,
    ],
    [
      'a huge L1 table',
      (_, view) => view.setUint32(FIELD.l1Entries, 0xffff_ffff),
      /its L1 table has 4294967295 entries/,
    ],
    [
      'an L1 table outside',
      (_, view) => view.setBigUint64(FIELD.l1Offset, 2n ** 50n),
      /its L1 table is not in the file/,
    ],
    ['an L1 table in between', (_, view) => view.setUint32(FIELD.l1Offset + 4, 512), /its L1 table is not in the file/],
    [
      'a huge refcount table',
      (_, view) => view.setUint32(FIELD.refcountTableClusters, 1 << 30),
      /its refcount table has/,
    ],
    [
      'no refcount table',
      (_, view) => view.setBigUint64(FIELD.refcountTableOffset, 0n),
      /its refcount table is not in/,
    ],
    ['many snapshots', (_, view) => view.setUint32(FIELD.snapshots, 1 << 20), /it has 1048576 snapshots/],
    ['snapshots outside', (_, view) => view.setUint32(FIELD.snapshots, 1), /its snapshot table is not in the file/],
    [
      'a dirty bit',
      (_, view) => view.setBigUint64(FIELD.incompatible, 1n),
      /was not closed by the program that wrote it last/,
    ],
    ['a corrupt bit', (_, view) => view.setBigUint64(FIELD.incompatible, 2n), /is corrupt \(it is marked so\)/],
    [
      'an external data file',
      (_, view) => view.setBigUint64(FIELD.incompatible, 4n),
      /\(external data file\); convert it/,
    ],
    [
      'features without a name',
      (_, view) => view.setBigUint64(FIELD.incompatible, 2n ** 63n + 16n),
      /\(extended L2 entries, feature bit 63\)/,
    ],
    [
      'features with a name',
      (content, view) => {
        const table = new Uint8Array(96);
        table.set([0, 40, ...new TextEncoder().encode('time\u001btravel')]);
        table.set([1, 41, ...new TextEncoder().encode('compatible')], 48);
        addExtension(content, 0x6803_f857, table);
        view.setBigUint64(FIELD.incompatible, 2n ** 40n);
      },
      /uses what Lodge does not know \(time\?travel\)/,
    ],
    [
      'compression without its bit',
      (_, view) => view.setUint8(FIELD.compression, 1),
      /contradicts itself about compression/,
    ],
    [
      'unknown compression',
      (_, view) => {
        view.setUint8(FIELD.compression, 9);
        view.setBigUint64(FIELD.incompatible, 8n);
      },
      /clusters of compression type 9/,
    ],
    [
      'zstd where there is none',
      (_, view) => {
        view.setUint8(FIELD.compression, 1);
        view.setBigUint64(FIELD.incompatible, 8n);
      },
      /is compressed with zstd, which this host cannot decompress/,
    ],
    [
      'a backing name outside',
      (_, view) => {
        view.setBigUint64(FIELD.backingOffset, 4000n);
        view.setUint32(FIELD.backingLength, 200);
      },
      /the name of its backing file lies outside of the header/,
    ],
    ['a cut file', (content) => content.subarray(0, 3 * 4096), /is not in the file|leads out of the file/],
    [
      'an L1 entry that leads outside',
      (content, view) => view.setBigUint64(number(content, FIELD.l1Offset), 2n ** 63n + 2n ** 40n),
      /the L1 table leads out of the file/,
    ],
    [
      'an L1 entry with reserved bits',
      (content, view) => view.setUint8(number(content, FIELD.l1Offset) + 7, 1),
      /an L1 entry has reserved bits set/,
    ],
    [
      'a refcount block twice',
      (content, view) => {
        const table = number(content, FIELD.refcountTableOffset);
        view.setBigUint64(table + 8, view.getBigUint64(table));
      },
      /the refcount table leads to the same place twice/,
    ],
  ];
  for (const [name, damage, sentence] of cases) {
    test(name, async () => {
      const content = await makeImage();
      const damaged = damage(content, at(content)) ?? content;
      await assert.rejects(open(damaged), (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, /^The disk image [^\n]*\.$/);
        assert.match(error.message, sentence);
        return true;
      });
    });
  }

  test('an extension that is too long', async () => {
    const content = await makeImage();
    addExtension(content, 1, new Uint8Array(1));
    at(content).setUint32(116, 0xffff_ffff);
    await assert.rejects(open(content), /a header extension is too long/);
  });
});

test('an image that is dirty or corrupt can be read', async () => {
  for (const bit of [1n, 2n, 3n]) {
    const content = await makeImage();
    at(content).setBigUint64(FIELD.incompatible, bit);
    const image = await open(content, true);
    const found = new Uint8Array(512);
    await image.read(0, found);
    assert.equal(found[0], 0x33);
    await assert.rejects(image.write(0, found), /image: it is read-only/);
    await image.close();
  }
});

test('features that writing voids are cleared, and only then', async () => {
  const content = await makeImage();
  at(content).setBigUint64(FIELD.autoclear, 5n);
  const reader = new MemoryFile('image', content, true);
  await (await openFile(reader)).close();
  assert.equal(number(reader.content(), FIELD.autoclear), 5);
  const writer = new MemoryFile('image', content);
  await (await openFile(writer)).close();
  assert.equal(number(writer.content(), FIELD.autoclear), 0);
});

describe('a bad entry fails the requests that meet it', () => {
  const l2Of = (content: Uint8Array): number =>
    Number(at(content).getBigUint64(number(content, FIELD.l1Offset)) & 0xff_ffff_ffff_fe00n);
  const cases: [string, (content: Uint8Array) => bigint, RegExp][] = [
    ['reserved bits', () => 2n ** 63n + 2n ** 57n + 0x5000n, /an L2 entry has reserved bits set/],
    ['the middle of a cluster', () => 2n ** 63n + 0x5200n, /leads into the middle of a cluster/],
    ['nowhere', (content) => 2n ** 63n + BigInt(content.length + 4096), /guest data lies outside of the file/],
    [
      'the L2 table itself',
      (content) => 2n ** 63n + BigInt(l2Of(content)),
      /guest data and a table are in the same place/,
    ],
    ['the header', () => 2n ** 63n, /an L2 entry leads to the header/],
    ['a compressed cluster outside', () => 2n ** 62n + 2n ** 50n, /a compressed cluster lies outside of the file/],
    ['what is not compressed', () => 2n ** 62n + 0x5000n, /a cluster cannot be decompressed/],
  ];
  for (const [name, entry, message] of cases) {
    test(name, async () => {
      const content = await makeImage();
      at(content).setBigUint64(l2Of(content) + 8, entry(content));
      const file = new MemoryFile('image', content);
      const image = await openFile(file);
      const before = file.content();
      const sector = new Uint8Array(512).fill(1);
      const read = await image.read(4096, sector).then(() => undefined, String);
      const written = await image.write(4096, sector).then(() => undefined, String);
      assert.match(`${read} ${written}`, message);
      assert.match(`${read ?? written}`, /^Error: image: the image is corrupt: /);
      // The rest of the disk is there.
      await image.read(12_288, sector);
      assert.equal(sector[0], 0x33);
      await image.write(0, new Uint8Array(512).fill(0x33));
      if (written !== undefined) assert.deepEqual(file.content(), before);
    });
  }

  test('a table in a cluster that is counted as free', async () => {
    const content = await makeImage();
    const block = number(content, number(content, FIELD.refcountTableOffset));
    const l2 = l2Of(content) / 4096;
    at(content).setUint16(block + l2 * 2, 0);
    const image = await open(content);
    await assert.rejects(image.write(SIZE / 2, new Uint8Array(4096)), /a table is in a cluster whose refcount is 0/);
    const found = new Uint8Array(512);
    await image.read(0, found);
    assert.equal(found[0], 0x33);
  });
});

test('whatever is in an image, it is refused or used, and never hangs', async () => {
  const original = await makeImage();
  const random = new Random(11);
  for (let round = 0; round < 1500; round += 1) {
    const content = original.slice(0, random.chance(0.1) ? random.below(original.length) : undefined);
    for (let change = 1 + random.below(4); change > 0; change -= 1) {
      // Mostly where tables are.
      const area = random.pick([120, 4096 * 4, content.length]);
      const offset = random.below(Math.max(1, Math.min(area, content.length)));
      content[offset] = random.pick([0, 1, 0x80, 0xff, random.below(256)]);
    }
    const file = new MemoryFile('image', content);
    const image = await openFile(file).catch((error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
    });
    if (image === undefined) continue;
    const buffer = new Uint8Array(16_384);
    const size = Math.min(image.size, SIZE);
    for (let request = 0; request < 6; request += 1) {
      const offset = random.below((size - 512) / 512) * 512;
      const part = buffer.subarray(0, Math.min(buffer.length, size - offset));
      await Promise.allSettled([
        image.read(offset, part),
        image.write(offset, part),
        image.discard(offset, part.length),
      ]);
    }
    await image.close().catch((error: unknown) => assert.match(String(error), /^Error: image: /));
    await checkQcow2(file).catch((error: unknown) => assert.ok(error instanceof Error));
  }
});
