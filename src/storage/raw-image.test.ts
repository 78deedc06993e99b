import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../base/errors.ts';
import { DiskModel } from './bench/disk-model.ts';
import { Random } from './bench/random.ts';
import { MemoryFile } from './memory-file.ts';
import { RawImage } from './raw-image.ts';
import { isZero } from './zeroes.ts';

test('a raw image holds what was written, in the file as on the disk', async () => {
  const random = new Random(1);
  const model = new DiskModel(random, random.bytes(200 * 512));
  const file = new MemoryFile('disk', model.bytes);
  await model.exercise(new RawImage(file), 300);
  assert.deepEqual(file.content(), model.bytes);
});

test('zeroes are written only over what is not zero', async () => {
  const file = new MemoryFile('disk', new Uint8Array(5 << 20));
  await file.write((3 << 20) + 5, Uint8Array.of(1));
  const written: number[] = [];
  const write = file.write.bind(file);
  file.write = (offset, from) => {
    written.push(offset, from.length);
    return write(offset, from);
  };
  await new RawImage(file).writeZeroes(512, (5 << 20) - 512);
  assert.deepEqual(written, [3 << 20, 1 << 20]);
  assert.ok(isZero(file.content()));
});

test('a length that is no multiple of a sector is padded for reading and refused for writing', async () => {
  const odd = new Uint8Array(1000).fill(7);
  const disk = new RawImage(new MemoryFile('odd', odd, true));
  assert.equal(disk.size, 1024);
  const found = new Uint8Array(1024).fill(1);
  await disk.read(0, found);
  assert.deepEqual(found.subarray(0, 1000), odd);
  assert.ok(isZero(found.subarray(1000)));
  assert.throws(
    () => new RawImage(new MemoryFile('odd', odd)),
    (error) => error instanceof UserError && /^The disk odd has 1000 bytes.* larger by 24 bytes\.$/.test(error.message),
  );
  assert.throws(() => new RawImage(new MemoryFile('none')), /is empty; give it a size/);
});

test('zero is told from every other byte at every place', () => {
  const bytes = new Uint8Array(67);
  for (let start = 0; start < 8; start += 1) {
    assert.ok(isZero(bytes.subarray(start)));
    for (let index = start; index < bytes.length; index += 1) {
      bytes[index] = 0x80;
      assert.ok(!isZero(bytes.subarray(start)), `${start} ${index}`);
      bytes[index] = 0;
    }
  }
});
