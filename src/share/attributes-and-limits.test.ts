import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, linkSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SharedDirectory } from '../host/node/shared-directory.ts';
import type { SharedDirectoryOptions } from '../host/node/shared-directory.ts';
import { BenchClient, string, u32, u64 } from './bench-client.ts';
import type { Reply } from './bench-client.ts';
import { NinePServer } from './nine-p-server.ts';

const EISDIR = 21;
const EINVAL = 22;
const ENFILE = 23;
const EROFS = 30;

const RDONLY = 0;
const WRONLY = 1;
const RDWR = 2;
const CREAT = 0o100;
const EXCL = 0o200;
const TRUNC = 0o1000;

interface Bench {
  readonly path: string;
  readonly share: SharedDirectory;
  readonly server: NinePServer;
  readonly client: BenchClient;
}

async function bench(context: TestContext, options: SharedDirectoryOptions = {}): Promise<Bench> {
  const path = mkdtempSync(join(tmpdir(), 'lodge-share-'));
  const share = await SharedDirectory.open(path, options);
  const server = new NinePServer(share);
  const client = new BenchClient(server);
  context.after(async () => {
    server.reset();
    await share.close();
    rmSync(path, { recursive: true });
  });
  await client.start();
  return { path, share, server, client };
}

test('attributes are set: mode, size, times', async (context) => {
  const { client, path } = await bench(context);
  const file = join(path, 'file');
  writeFileSync(file, 'content');
  const set = (
    fid: number,
    which: number,
    values: Partial<Record<'mode' | 'size' | 'atime' | 'mtime', bigint>>,
  ): Promise<Reply> =>
    client.send(
      26,
      u32(fid),
      u32(which),
      u32(Number(values.mode ?? 0n)),
      u32(12345),
      u32(12345),
      u64(values.size ?? 0n),
      ...[values.atime ?? 0n, values.mtime ?? 0n].flatMap((time) => [
        u64((time - (((time % 10n ** 9n) + 10n ** 9n) % 10n ** 9n)) / 10n ** 9n),
        u64(((time % 10n ** 9n) + 10n ** 9n) % 10n ** 9n),
      ]),
    );
  await client.walk(0, 1, 'file');
  await set(1, 1, { mode: 0o100604n });
  assert.equal(statSync(file).mode & 0o7777, 0o604);
  await set(1, 1, { mode: 0o6755n });
  assert.equal(statSync(file).mode & 0o7777, 0o755, 'no program of another user');
  await set(1, 8, { size: 3n });
  assert.equal(readFileSync(file, 'utf8'), 'con');
  await set(1, 8, { size: 5000n });
  assert.equal(statSync(file).size, 5000);
  assert.equal(await client.errorOf(set(0, 8, { size: 5n })), EISDIR);
  assert.equal(await client.errorOf(set(1, 8, { size: 1n << 60n })), 27);

  const whole = 1_700_000_000n * 10n ** 9n;
  for (const time of [whole, whole + 1n, whole + 123_456_789n, whole + 999_999_999n, 1n, -3n * 10n ** 9n]) {
    await set(1, 0x1b0, { atime: whole, mtime: time });
    const { modified } = await client.attributes(1);
    assert.ok(modified >= time && modified - time < 500n, `${time} became ${modified}`);
    assert.equal(statSync(file, { bigint: true }).atimeNs, whole);
  }
  const before = BigInt(Date.now()) * 1_000_000n;
  await set(1, 0x20, {});
  const { modified, changed } = await client.attributes(1);
  assert.ok(modified >= before && modified - before < 60n * 10n ** 9n);
  assert.equal(changed, statSync(file, { bigint: true }).ctimeNs);
  assert.equal(statSync(file, { bigint: true }).atimeNs, whole, 'the other one stays');
  assert.equal(
    await client.errorOf(
      client.send(26, u32(1), u32(0x1b0), u32(0), u32(0), u32(0), u64(0), u64(0), u64(10n ** 9n), u64(0), u64(0)),
    ),
    EINVAL,
  );
  assert.equal(
    await client.errorOf(
      client.send(26, u32(1), u32(0x1b0), u32(0), u32(0), u32(0), u64(0), u64(1n << 60n), u64(0), u64(0), u64(0)),
    ),
    EINVAL,
  );
});

test('a file open for writing is cut whatever its mode has become', async (context) => {
  const { client, path } = await bench(context);
  await client.walk(0, 1, '');
  await client.create(1, 'file', RDWR | CREAT | EXCL, 0o444);
  await client.write(1, 0, 'content');
  await client.send(26, u32(1), u32(8), u32(0), u32(0), u32(0), u64(2), u64(0), u64(0), u64(0), u64(0));
  assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'co');
  assert.equal(statSync(join(path, 'file')).mode & 0o7777, 0o444);
});

test('the file system tells its true figures', async (context) => {
  const { client, path } = await bench(context);
  const reply = await client.send(8, u32(0));
  const real = statfsSync(path, { bigint: true });
  assert.equal(reply.number(4), 0x0102_1997);
  assert.equal(reply.number(4), Number(real.bsize));
  assert.equal(reply.u64(), real.blocks);
  reply.take(16);
  assert.equal(reply.u64(), real.files);
  reply.take(16);
  assert.equal(reply.number(4), 255);
  reply.end();
});

test('a file has one identity by all of its names, and another than any other file', async (context) => {
  const { client, path } = await bench(context);
  writeFileSync(join(path, 'a'), '');
  linkSync(join(path, 'a'), join(path, 'b'));
  writeFileSync(join(path, 'c'), '');
  for (const [index, name] of ['a', 'b', 'c'].entries()) await client.walk(0, index + 1, name);
  const identities = [];
  for (const fid of [0, 1, 2, 3]) identities.push((await client.attributes(fid)).identity);
  assert.equal(identities[1], identities[2]);
  assert.equal(new Set(identities).size, 3);
});

test('nothing in a read-only share changes', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'lodge-share-'));
  writeFileSync(join(path, 'file'), 'content');
  utimesSync(join(path, 'file'), 1000, 1000);
  const share = await SharedDirectory.open(path, { readOnly: true });
  const client = new BenchClient(new NinePServer(share));
  context.after(async () => {
    await share.close();
    rmSync(path, { recursive: true });
  });
  await client.start();
  await client.walk(0, 1, 'file');
  await client.walk(0, 2, '');
  const attempts = [
    () => client.open(1, WRONLY),
    () => client.open(1, RDONLY | TRUNC),
    () => client.create(2, 'new', RDWR | CREAT),
    () => client.create(2, 'file', RDONLY | CREAT),
    () => client.send(26, u32(1), u32(1), u32(0o777), u32(0), u32(0), u64(0), u64(0), u64(0), u64(0), u64(0)),
    () => client.send(72, u32(0), string('directory'), u32(0o755), u32(0)),
    () => client.send(16, u32(0), string('link'), string('x'), u32(0)),
    () => client.send(18, u32(0), string('node'), u32(0o100644), u32(0), u32(0), u32(0)),
    () => client.send(70, u32(0), u32(1), string('second')),
    () => client.send(20, u32(1), u32(0), string('renamed')),
    () => client.send(74, u32(0), string('file'), u32(0), string('renamed')),
    () => client.send(76, u32(0), string('file'), u32(0)),
  ];
  for (const attempt of attempts) assert.equal(await client.errorOf(attempt()), EROFS);
  await client.open(1, RDONLY);
  assert.equal(await client.read(1), 'content');
  await client.walk(0, 3, 'file');
  assert.equal(await client.errorOf(client.send(122, u32(3))), EROFS);
  assert.equal(statSync(join(path, 'file')).mtimeMs, 1_000_000);
});

test('a guest cannot use up the handles of its host', async (context) => {
  const { client, path, share } = await bench(context, { mostHandles: 20 });
  writeFileSync(join(path, 'file'), '');
  let fid = 1;
  while ((await client.errorOf(client.walk(0, fid, 'file'))) === 0) fid++;
  assert.equal(await client.errorOf(client.walk(0, fid, 'file')), ENFILE);
  assert.equal(share.openHandles, 20);
  await client.clunk(1);
  await client.walk(0, 1, 'file');
});
