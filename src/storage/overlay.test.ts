import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskModel } from './bench/disk-model.ts';
import { FailingDisk } from './bench/failing-disk.ts';
import { Random } from './bench/random.ts';
import { MemoryFile } from './memory-file.ts';
import { Overlay } from './overlay.ts';
import { RawImage } from './raw-image.ts';

for (const seed of [1, 2, 3]) {
  test(`an overlay takes every write, and its base none (seed ${seed})`, async () => {
    const random = new Random(seed);
    const original = random.bytes(301 * 512);
    const base = new MemoryFile('base', original, true);
    const model = new DiskModel(random, original.slice(), 40);
    await model.exercise(new Overlay(new RawImage(base), new MemoryFile('overlay')), 500);
    assert.deepEqual(base.content(), original);
  });
}

test('requests at once that share a block do not lose each other', async () => {
  const overlay = new Overlay(
    new RawImage(new MemoryFile('base', new Uint8Array(8192).fill(1), true)),
    new MemoryFile('o'),
  );
  await Promise.all(
    Array.from({ length: 16 }, (_, sector) => overlay.write(sector * 512, new Uint8Array(512).fill(sector + 10))),
  );
  const found = new Uint8Array(8192);
  await overlay.read(0, found);
  assert.deepEqual(
    found,
    Uint8Array.from({ length: 8192 }, (_, index) => Math.floor(index / 512) + 10),
  );
});

test('a block whose rest cannot be read from the base stays the base’s', async () => {
  const base = new FailingDisk(new RawImage(new MemoryFile('base', new Uint8Array(8192).fill(1), true)));
  const overlay = new Overlay(base, new MemoryFile('o'));
  base.failure = new Error('broken');
  await assert.rejects(overlay.write(0, new Uint8Array(512)), /broken/);
  await overlay.write(4096, new Uint8Array(4096));
  base.failure = undefined;
  const found = new Uint8Array(8192);
  await overlay.read(0, found);
  assert.deepEqual([found[0], found[4095], found[4096]], [1, 1, 0]);
  await overlay.close();
  assert.equal(base.requests.at(-1), 'close');
});
