// What the host does to an image, and the image to the host: failures, slowness, and how many requests there are.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { Random } from '../bench/random.ts';
import { MemoryFile } from '../memory-file.ts';
import { checkQcow2 } from './check.ts';
import { createQcow2, type Qcow2Options } from './create.ts';
import { Qcow2Image } from './qcow2-image.ts';

const inflaters = { deflate: async (bytes: Uint8Array) => inflateRawSync(bytes), zstd: undefined };

/** A file that can be full, broken or slow. */
class TroubledFile extends MemoryFile {
  /** Writes past this offset fail. */
  room = Infinity;
  isFlushBroken = false;
  /** Is awaited before a request that begins at an offset is done. */
  gate: (kind: 'read' | 'write', offset: number) => Promise<void> | undefined = () => undefined;
  readonly log: string[] = [];

  override async read(offset: number, into: Uint8Array): Promise<void> {
    this.log.push(`read ${offset}+${into.length}`);
    await this.gate('read', offset);
    await super.read(offset, into);
  }

  override async write(offset: number, from: Uint8Array): Promise<void> {
    this.log.push(`write ${offset}+${from.length}`);
    await this.gate('write', offset);
    if (offset + from.length > this.room) throw new Error('ENOSPC: no space left on device');
    await super.write(offset, from);
  }

  override async flush(): Promise<void> {
    this.log.push('flush');
    if (this.isFlushBroken) throw new Error('EIO: i/o error');
  }
}

async function makeImage(options: Partial<Qcow2Options> = {}): Promise<{ file: TroubledFile; image: Qcow2Image }> {
  const file = new TroubledFile('image');
  await createQcow2(file, { size: 64 << 20, ...options });
  return { file, image: await open(file) };
}

const open = (file: MemoryFile): Promise<Qcow2Image> =>
  Qcow2Image.open(file, { inflaters, openBacking: () => assert.fail() });

const filled = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

async function byteAt(image: Qcow2Image, offset: number): Promise<number> {
  const sector = filled(512, 0xee);
  await image.read(offset, sector);
  return sector[0]!;
}

describe('a full disk', () => {
  for (const clusterBits of [9, 16]) {
    test(`fails writes, and leaves the image whole and usable (clusters of ${2 ** clusterBits} bytes)`, async () => {
      const { file, image } = await makeImage({ clusterBits, size: 8 << 20, refcountOrder: 6 });
      const random = new Random(clusterBits);
      file.room = file.size + (1 << 20);
      const content = new Map<number, number>();
      let failures = 0;
      for (let round = 1; round < 600; round += 1) {
        const block = random.below(2048);
        const isWritten = await image.write(block * 4096, filled(4096, round % 251)).then(
          () => true,
          (error: Error) => assert.match(error.message, /^image: ENOSPC/),
        );
        if (isWritten === true) content.set(block, round % 251);
        else failures += 1;
        if (round % 50 === 0) {
          await image.flush().catch((error: Error) => assert.match(error.message, /^image: ENOSPC/));
          assert.deepEqual((await checkQcow2(file)).errors, []);
        }
        if (round === 500) file.room = Infinity;
      }
      assert.ok(failures > 50, `${failures} failures`);
      for (const [block, fill] of content) assert.equal(await byteAt(image, block * 4096), fill, `block ${block}`);
      await image.close();
      assert.deepEqual((await checkQcow2(file)).errors, []);
      const again = await open(file);
      for (const [block, fill] of content) assert.equal(await byteAt(again, block * 4096), fill, `block ${block}`);
      await again.close();
    });
  }
});

test('after a flush has failed nothing leads to what may be lost', async () => {
  const { file, image } = await makeImage();
  await image.write(0, filled(65_536, 1));
  await image.flush();
  const before = await checkQcow2(file);
  await image.write(65_536, filled(65_536, 2));
  file.isFlushBroken = true;
  await assert.rejects(image.flush(), /nothing more is written, because a flush failed: EIO/);
  file.isFlushBroken = false;
  await assert.rejects(image.flush(), /nothing more is written/);
  await assert.rejects(image.write(0, filled(512, 3)), /nothing more is written/);
  await assert.rejects(image.discard(0, 65_536), /nothing more is written/);
  assert.equal(await byteAt(image, 65_536), 2);
  await assert.rejects(image.close(), /nothing more is written/);
  assert.deepEqual([before.errors, (await checkQcow2(file)).errors], [[], []]);
  const again = await open(file);
  assert.deepEqual([await byteAt(again, 0), await byteAt(again, 65_536)], [1, 0]);
});

describe('a slow request', () => {
  /** An image whose first guest cluster is at a known place, and a gate before requests there. */
  async function slowImage(
    kind: 'read' | 'write',
  ): Promise<{ image: Qcow2Image; file: TroubledFile; open: () => void; wasHeld: () => boolean }> {
    const { file, image } = await makeImage();
    file.log.length = 0;
    await image.write(0, filled(65_536, 1));
    await image.flush();
    // The L2 table is written before.
    const place = /^write (\d+)\+65536$/.exec(file.log.filter((line) => line.endsWith('+65536')).at(-1) ?? '')?.[1];
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isFirst = true;
    file.gate = (requested, offset) => {
      if (requested !== kind || offset !== Number(place) || !isFirst) return undefined;
      isFirst = false;
      return gate;
    };
    return { image, file, open: release, wasHeld: () => !isFirst };
  }

  for (const kind of ['read', 'write'] as const) {
    test(`keeps its cluster from being used for something else: ${kind}`, async () => {
      const { image, file, open: release, wasHeld } = await slowImage(kind);
      const sector = filled(512, 9);
      const slow = kind === 'read' ? image.read(0, sector) : image.write(0, sector);
      await image.discard(0, 65_536);
      await image.flush();
      // Were the cluster free, this would go there.
      await image.write(1 << 20, filled(65_536, 5));
      assert.equal(wasHeld(), true);
      release();
      await slow;
      assert.equal(await byteAt(image, 1 << 20), 5);
      assert.equal(await byteAt(image, 0), 0);
      if (kind === 'read') assert.equal(sector[0], 1);
      await image.flush();
      await image.write(2 << 20, filled(65_536, 6));
      await image.close();
      assert.deepEqual(await checkQcow2(file), { errors: [], leaks: 0 });
    });
  }
});

describe('requests of the host', () => {
  test('are one for clusters in a row', async () => {
    const { file, image } = await makeImage();
    await image.write(0, filled(512, 1));
    file.log.length = 0;
    await image.write(1 << 20, filled(1 << 20, 2));
    await image.write(1 << 20, filled(1 << 20, 3));
    await image.read(1 << 20, filled(1 << 20, 0));
    assert.equal(file.log.length, 3, file.log.join());
    assert.ok(file.log.every((line) => line.endsWith('+1048576')));
    await image.close();
  });

  test('are small for a small write into a new cluster', async () => {
    const { file, image } = await makeImage();
    await image.write(0, filled(512, 1));
    file.log.length = 0;
    await image.write((1 << 20) + 4096, filled(4096, 2));
    assert.match(file.log.join(), /^write \d+\+4096$/);
    await image.close();
  });

  test('are one flush for what is written in place, and two where clusters are added', async () => {
    const { file, image } = await makeImage();
    const flushes = async (): Promise<number> => {
      file.log.length = 0;
      await Promise.all([image.flush(), image.flush(), image.flush()]);
      return file.log.filter((line) => line === 'flush').length;
    };
    await image.write(0, filled(512, 1));
    assert.equal(await flushes(), 2);
    await image.write(0, filled(512, 2));
    assert.equal(await flushes(), 1);
    await image.close();
  });

  test('bring tables back that had to leave memory', async () => {
    // A table of 2 MiB is for 512 GiB of the disk, and there is memory for 16 of them.
    const { file, image } = await makeImage({ clusterBits: 21, size: 20 * 2 ** 39 });
    const tables = 20;
    for (let table = 0; table < tables; table += 1) await image.write(table * 2 ** 39, filled(512, 1 + table));
    const last = file.log.filter((line) => line.startsWith('read')).length;
    for (let table = 0; table < tables; table += 1) assert.equal(await byteAt(image, table * 2 ** 39), 1 + table);
    assert.ok(file.log.filter((line) => line === 'flush').length > 2, 'dirty tables were written for want of memory');
    assert.ok(file.log.filter((line) => line.startsWith('read')).length > last + tables);
    await image.close();
    assert.deepEqual(await checkQcow2(file), { errors: [], leaks: 0 });
  });
});
