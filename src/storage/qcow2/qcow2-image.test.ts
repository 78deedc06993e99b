import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import type { BlockBackend } from '../../base/block-backend.ts';
import type { StorageFile } from '../../base/storage-file.ts';
import { DiskModel } from '../bench/disk-model.ts';
import { Random } from '../bench/random.ts';
import { MemoryFile } from '../memory-file.ts';
import { RawImage } from '../raw-image.ts';
import { checkQcow2 } from './check.ts';
import { createQcow2, type Qcow2Options } from './create.ts';
import { Qcow2Image } from './qcow2-image.ts';

const inflaters = { deflate: async (bytes: Uint8Array) => inflateRawSync(bytes), zstd: undefined };

const openImage = (file: StorageFile, backing?: BlockBackend): Promise<Qcow2Image> =>
  Qcow2Image.open(file, {
    inflaters,
    openBacking: async () => backing ?? assert.fail('there is no backing disk'),
  });

async function makeImage(options: Qcow2Options): Promise<MemoryFile> {
  const file = new MemoryFile('image');
  await createQcow2(file, options);
  return file;
}

const sound = { errors: [], leaks: 0 };

describe('random requests, with the image opened anew between', () => {
  const cases: [string, Omit<Qcow2Options, 'size'>, boolean][] = [
    ['64 KiB clusters', {}, false],
    ['64 KiB clusters on a backing disk', {}, true],
    ['512-byte clusters', { clusterBits: 9 }, false],
    ['512-byte clusters on a backing disk', { clusterBits: 9 }, true],
    ['4 KiB clusters, version 2', { clusterBits: 12, version: 2 }, false],
    ['4 KiB clusters, version 2, on a backing disk', { clusterBits: 12, version: 2 }, true],
    ...Array.from({ length: 7 }, (_, order): [string, Omit<Qcow2Options, 'size'>, boolean] => [
      `refcounts of ${2 ** order} bits`,
      { clusterBits: 10, refcountOrder: order },
      order % 2 === 0,
    ]),
    ['2 MiB clusters', { clusterBits: 21 }, true],
  ];
  for (const [name, options, isBacked] of cases) {
    test(name, async () => {
      const random = new Random(name.length);
      const size = 1003 * 512;
      const original = isBacked ? random.bytes(700 * 512) : new Uint8Array();
      const backing = isBacked ? { name: 'base', format: 'raw' } : undefined;
      const file = await makeImage({ ...options, size, ...(backing === undefined ? {} : { backing }) });
      assert.deepEqual(await checkQcow2(file), sound);
      const bytes = new Uint8Array(size);
      bytes.set(original);
      const model = new DiskModel(random, bytes, 300);
      for (let session = 0; session < 4; session += 1) {
        const base = isBacked ? new RawImage(new MemoryFile('base', original, true)) : undefined;
        const image = await openImage(file, base);
        assert.equal(image.size, size);
        await model.exercise(image, 60);
        await image.flush();
        const flushed = await checkQcow2(file);
        assert.deepEqual(flushed.errors, []);
        await image.close();
        assert.deepEqual(await checkQcow2(file), sound);
      }
    });
  }
});
