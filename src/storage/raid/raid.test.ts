import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UserError } from '../../base/errors.ts';
import { DiskModel } from '../bench/disk-model.ts';
import { FailingDisk } from '../bench/failing-disk.ts';
import { Random } from '../bench/random.ts';
import { MemoryFile } from '../memory-file.ts';
import { RawImage } from '../raw-image.ts';
import { MirroredDisk } from './mirrored-disk.ts';
import { CHUNK_SIZE, StripedDisk } from './striped-disk.ts';

interface Bench {
  readonly files: readonly MemoryFile[];
  readonly members: readonly { readonly name: string; readonly backend: FailingDisk }[];
}

function disks(...sizes: number[]): Bench {
  const files = sizes.map((size, index) => new MemoryFile(`m${index}`, new Uint8Array(size)));
  return { files, members: files.map((file) => ({ name: file.name, backend: new FailingDisk(new RawImage(file)) })) };
}

describe('raid0', () => {
  for (const count of [1, 2, 3]) {
    test(`over ${count} holds what was written`, async () => {
      const { members } = disks(...Array.from({ length: count }, (_, index) => 5 * CHUNK_SIZE + 512 * index));
      const disk = new StripedDisk(members);
      assert.equal(disk.size, count * 5 * CHUNK_SIZE);
      await new DiskModel(new Random(count), new Uint8Array(disk.size), 600).exercise(disk, 60, 2);
    });
  }

  test('chunks go round the members', async () => {
    const { files, members } = disks(2 * CHUNK_SIZE, 2 * CHUNK_SIZE);
    const disk = new StripedDisk(members);
    for (let chunk = 0; chunk < 4; chunk += 1) {
      await disk.write(chunk * CHUNK_SIZE, new Uint8Array(CHUNK_SIZE).fill(chunk + 1));
    }
    const firsts = files.map((file) => [file.content()[0], file.content()[CHUNK_SIZE]]);
    assert.deepEqual(firsts, [
      [1, 3],
      [2, 4],
    ]);
    for (const { backend } of members) backend.requests.length = 0;
    await disk.writeZeroes(512, 3 * CHUNK_SIZE, true);
    assert.deepEqual(
      members.map(({ backend }) => backend.requests),
      [['writeZeroes'], ['writeZeroes']],
    );
  });

  test('one failed member fails what touches it; a small one is refused', async () => {
    const { members } = disks(CHUNK_SIZE, CHUNK_SIZE);
    const disk = new StripedDisk(members);
    members[1]!.backend.failure = new Error('gone');
    await disk.write(0, new Uint8Array(512));
    await assert.rejects(disk.write(CHUNK_SIZE - 512, new Uint8Array(1024)), /gone/);
    await assert.rejects(disk.flush(), /gone/);
    assert.throws(() => new StripedDisk(disks(CHUNK_SIZE, 512).members), UserError);
  });
});

describe('raid1', () => {
  test('every member holds what was written, up to the size of the smallest', async () => {
    const { files, members } = disks(200 * 512, 201 * 512);
    const disk = new MirroredDisk(members, assert.fail);
    const model = new DiskModel(new Random(4), new Uint8Array(disk.size));
    await model.exercise(disk, 200);
    assert.equal(disk.size, 200 * 512);
    for (const file of files) assert.deepEqual(file.content().subarray(0, disk.size), model.bytes);
    assert.ok(members.every(({ backend }) => backend.requests.filter((name) => name === 'read').length > 100));
  });

  test('a member that fails to read or write is reported once and used no more', async () => {
    for (const request of ['read', 'write', 'flush'] as const) {
      const { members } = disks(4096, 4096, 4096);
      const reports: string[] = [];
      const disk = new MirroredDisk(members, (message) => reports.push(message));
      await disk.write(0, new Uint8Array(4096).fill(5));
      members[0]!.backend.failure = new Error('bad sector');
      const found = new Uint8Array(512);
      if (request === 'write') await disk.write(0, new Uint8Array(512).fill(5));
      if (request === 'flush') await disk.flush();
      await Promise.all([disk.read(0, found), disk.read(512, found), disk.read(1024, found), disk.read(0, found)]);
      assert.equal(found[0], 5);
      assert.deepEqual(reports, [
        'The mirror goes on without m0, which failed (bad sector); copy it anew from m1 before you use it again.',
      ]);
      members[0]!.backend.failure = undefined;
      members[0]!.backend.requests.length = 0;
      await disk.write(0, new Uint8Array(512));
      await disk.read(0, found);
      await disk.flush();
      assert.deepEqual(members[0]!.backend.requests, []);
      await disk.close();
      assert.deepEqual(members[0]!.backend.requests, ['close']);
    }
  });

  test('only when all fail does a request fail, and then one member is left to serve', async () => {
    const { members } = disks(4096, 4096);
    const reports: string[] = [];
    const disk = new MirroredDisk(members, (message) => reports.push(message));
    for (const { backend } of members) backend.failure = new Error('full');
    await assert.rejects(disk.write(0, new Uint8Array(512)), /full/);
    assert.equal(reports.length, 1);
    for (const { backend } of members) backend.failure = undefined;
    await disk.write(0, new Uint8Array(512).fill(9));
    const found = new Uint8Array(512);
    for (let round = 0; round < 4; round += 1) {
      await disk.read(0, found.fill(0));
      assert.equal(found[0], 9);
    }
    assert.equal(reports.length, 1);
  });

  test('overlapping writes reach every member in one order', async () => {
    const { files, members } = disks(4096, 4096);
    const slow = members[1]!.backend;
    const write = slow.write.bind(slow);
    let delay = 5;
    slow.write = async (offset, from) => {
      for (let wait = delay--; wait > 0; wait -= 1) await Promise.resolve();
      await write(offset, from);
    };
    const disk = new MirroredDisk(members, assert.fail);
    await Promise.all([1, 2, 3, 4].map((value) => disk.write(0, new Uint8Array(512).fill(value))));
    assert.deepEqual(files[0]!.content(), files[1]!.content());
  });
});
