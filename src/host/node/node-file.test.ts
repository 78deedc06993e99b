import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../base/errors.ts';
import { findSize } from './device-size.ts';
import { openNodeFile, openTemporaryFile } from './node-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'lodge-node-file-'));
after(() => rmSync(directory, { recursive: true }));

function makeFile(name: string, content: string | Uint8Array = ''): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const refused = (pattern: RegExp) => (error: unknown) => error instanceof UserError && pattern.test(error.message);

test('a file is read and written anywhere, and its holes take no space', async () => {
  const path = makeFile('plain', 'abcdef');
  const file = await openNodeFile(path, 'disk', false);
  const found = new Uint8Array(8).fill(1);
  await file.read(4, found);
  assert.deepEqual([...found], [101, 102, 0, 0, 0, 0, 0, 0]);
  await file.write(50_000_000, Uint8Array.of(1, 2, 3));
  assert.equal(file.size, 50_000_003);
  await file.resize(60_000_000);
  await file.flush();
  assert.equal(file.size, 60_000_000);
  await file.close();
  assert.ok(statSync(path).blocks * 512 < 1_000_000);
  assert.deepEqual([...readFileSync(path).subarray(50_000_000, 50_000_004)], [1, 2, 3, 0]);
});

test('a file is written by one at a time, whatever its names, and read by many', async () => {
  const path = makeFile('locked', 'x');
  const link = join(directory, 'link');
  symlinkSync(path, link);
  const writer = await openNodeFile(path, 'disk', false);
  const skipped = process.platform !== 'linux';
  if (!skipped) {
    await assert.rejects(openNodeFile(link, 'disk', false), refused(/^The disk .*link is being written by another/));
  }
  const readers = await Promise.all([openNodeFile(path, 'disk', true), openNodeFile(link, 'disk', true)]);
  assert.equal(readers[0].identity, writer.identity);
  for (const file of [writer, ...readers]) await file.close();
  await (await openNodeFile(link, 'disk', false)).close();
});

test('a file that cannot be a disk has its sentence', async () => {
  mkdirSync(join(directory, 'folder'));
  const fifo = join(directory, 'fifo');
  spawnSync('mkfifo', [fifo]);
  const cases: [string, RegExp][] = [
    [join(directory, 'absent'), /^The disk .*absent does not exist; check its name\.$/],
    [join(directory, 'folder'), /is a directory; name a file in it\.$/],
    [fifo, /is neither a file nor a block device/],
    ['/dev/null', /is neither a file nor a block device/],
  ];
  for (const [path, sentence] of cases)
    await assert.rejects(openNodeFile(path, 'disk', false), refused(sentence), path);
});

test('a file that may not be read or written has its sentence', { skip: process.getuid?.() === 0 }, async () => {
  const path = makeFile('secret', 'x');
  spawnSync('chmod', ['0', path]);
  for (const isReadOnly of [true, false]) {
    await assert.rejects(openNodeFile(path, 'disk', isReadOnly), refused(/because its permissions forbid it/));
  }
});

test('a temporary file has no name', async () => {
  const folder = join(directory, 'temporary');
  mkdirSync(folder);
  const file = await openTemporaryFile(folder);
  assert.deepEqual(readdirSync(folder), []);
  await file.write(1000, Uint8Array.of(7));
  const found = new Uint8Array(1001);
  await file.read(0, found);
  assert.deepEqual([found[999], found[1000]], [0, 7]);
  await file.close();
  await assert.rejects(openTemporaryFile(join(directory, 'absent')), refused(/does not exist.*TMPDIR says where/));
});

test('a failed write says which file, and why', async () => {
  const file = await openNodeFile('/dev/full', 'disk', false).catch((error: unknown) => error);
  assert.ok(refused(/neither a file nor/)(file));
  const reader = await openNodeFile(makeFile('read-only', 'x'), 'disk', true);
  await assert.rejects(reader.write(0, Uint8Array.of(1)), /read-only cannot be written: EBADF/);
  await reader.close();
});

test('the length of a device is found by reading', async () => {
  for (const units of [0, 1, 2, 3, 4, 5, 1023, 1024, 1025, 2 ** 33 + 7]) {
    let reads = 0;
    const size = await findSize(512, async (offset) => {
      reads += 1;
      return offset + 512 <= units * 512;
    });
    assert.equal(size, units * 512);
    assert.ok(reads < 80);
  }
});
