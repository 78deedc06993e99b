import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  existsSync,
  renameSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SharedDirectory } from '../host/node/shared-directory.ts';
import type { SharedDirectoryOptions } from '../host/node/shared-directory.ts';
import { BenchClient, string, u16, u32, u64, u8 } from './bench-client.ts';
import type { Entry, Reply } from './bench-client.ts';
import { NinePServer } from './nine-p-server.ts';

const ENOENT = 2;
const EBADF = 9;
const EEXIST = 17;
const ENOTDIR = 20;
const EISDIR = 21;
const EINVAL = 22;
const ENOTEMPTY = 39;
const EOPNOTSUPP = 95;

const RDONLY = 0;
const WRONLY = 1;
const RDWR = 2;
const CREAT = 0o100;
const EXCL = 0o200;
const TRUNC = 0o1000;
const APPEND = 0o2000;

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

test('a session begins with the version and the shorter of the message lengths', async (context) => {
  const { client } = await bench(context);
  const long = await client.sendTagged(100, 0xffff, u32(0x7fff_ffff), string('9P2000.L'));
  assert.equal(long.number(4), 512 * 1024);
  assert.equal(long.string(), '9P2000.L');
  long.end();
  const other = await client.sendTagged(100, 0xffff, u32(8192), string('9P2000.u'));
  assert.equal(other.number(4), 8192);
  assert.equal(other.string(), 'unknown');
  assert.notEqual(await client.errorOf(client.send(104, u32(0), u32(~0), string(''), string(''), u32(0))), 0);
  assert.notEqual(await client.errorOf(client.sendTagged(100, 0xffff, u32(100), string('9P2000.L'))), 0);
});

test('a new version forgets all fids and closes their files', async (context) => {
  const { client, share } = await bench(context);
  const before = share.openHandles;
  await client.walk(0, 1, '');
  await client.create(1, 'file', RDWR | CREAT);
  assert.ok(share.openHandles > before);
  await client.start();
  assert.equal(await client.errorOf(client.send(24, u32(1), u64(0x7ff))), EBADF);
  while (share.openHandles > before) await new Promise(setImmediate);
});

test('attaching takes a free fid, no authentication and the one tree', async (context) => {
  const { client } = await bench(context);
  const attach = (fid: number, authentication: number, tree: string): Promise<number> =>
    client.errorOf(client.send(104, u32(fid), u32(authentication), string('u'), string(tree), u32(1000)));
  assert.equal(await attach(0, ~0, ''), EBADF);
  assert.equal(await attach(1, 5, ''), EBADF);
  assert.equal(await attach(1, ~0, '/etc'), ENOENT);
  assert.equal(await attach(1, ~0, '/'), 0);
  assert.equal(await client.errorOf(client.send(102, u32(9), string('u'), string(''), u32(0))), EOPNOTSUPP);
});

test('a file is created, written, read and found on the host with the mode that was asked for', async (context) => {
  const { client, path } = await bench(context);
  const mask = process.umask(0o077);
  context.after(() => process.umask(mask));
  await client.walk(0, 1, '');
  const made = await client.create(1, 'file', RDWR | CREAT, 0o666);
  assert.equal(made.number(1), 0);
  made.take(12);
  assert.equal(made.number(4), 0);
  made.end();
  assert.equal(await client.write(1, 0, 'hello world'), 11);
  assert.equal(await client.write(1, 6, 'there'), 5);
  assert.equal(await client.read(1), 'hello there');
  assert.equal(await client.read(1, 6n, 3), 'the');
  assert.equal(await client.read(1, 11n), '');
  assert.equal(await client.read(1, 1n << 63n), '');
  assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'hello there');
  assert.equal(statSync(join(path, 'file')).mode & 0o7777, 0o666);
  const { size, type, mode } = await client.attributes(1);
  assert.deepEqual([size, type, mode], [11n, 0, 0o100666]);
  assert.equal(await client.errorOf(client.send(118, u32(1), u64(1n << 62n), u32(1), u8(0))), 27);
  await client.clunk(1);
  assert.equal(await client.errorOf(client.send(116, u32(1), u64(0), u32(1))), EBADF);
});

test('flags of opening: exclusive, truncate, append, direction, directory', async (context) => {
  const { client, path } = await bench(context);
  writeFileSync(join(path, 'file'), 'content');
  await client.walk(0, 1, '');
  assert.equal(await client.errorOf(client.create(1, 'file', RDWR | CREAT | EXCL)), EEXIST);
  await client.create(1, 'file', RDWR | CREAT | APPEND);
  await client.write(1, 0, '!');
  assert.equal(await client.read(1), 'content!');
  assert.equal(await client.errorOf(client.open(1, RDONLY)), EBADF, 'it is open');
  await client.walk(0, 2, 'file');
  await client.open(2, RDONLY);
  assert.equal(await client.errorOf(client.write(2, 0, 'x')), EBADF);
  await client.walk(0, 3, 'file');
  assert.equal(await client.errorOf(client.open(3, 3)), EINVAL);
  assert.equal(await client.errorOf(client.open(3, 0o200000)), ENOTDIR);
  await client.open(3, WRONLY | TRUNC);
  assert.equal(await client.errorOf(client.read(3)), EBADF);
  assert.equal(readFileSync(join(path, 'file'), 'utf8'), '');
  await client.walk(0, 4, '');
  assert.equal(await client.errorOf(client.open(4, RDWR)), EISDIR);
  await client.open(4, RDONLY | 0o200000);
  assert.equal(await client.errorOf(client.read(4)), EISDIR);
});

test('a walk stops at what is not there and tells how far it came', async (context) => {
  const { client, path } = await bench(context);
  mkdirSync(join(path, 'a/b'), { recursive: true });
  writeFileSync(join(path, 'a/b/c'), '');
  const walk = (...names: string[]): Promise<Reply> =>
    client.send(110, u32(0), u32(7), u16(names.length), ...names.map(string));
  const all = await walk('a', 'b', 'c');
  assert.equal(all.number(2), 3);
  assert.equal(all.number(1), 0x80);
  all.take(12 + 13 + 13);
  all.end();
  assert.equal(await client.errorOf(walk()), EBADF, 'the fid is taken');
  await client.clunk(7);
  const some = await walk('a', 'nothing', 'c');
  assert.equal(some.number(2), 1);
  some.take(13);
  some.end();
  assert.equal(await client.errorOf(client.clunk(7)), EBADF);
  const beyond = await walk('a', 'b', 'c', 'd');
  assert.equal(beyond.number(2), 3);
  assert.equal(await client.errorOf(walk('nothing')), ENOENT);
  assert.equal(await client.errorOf(walk(...Array.from({ length: 17 }, () => 'a'))), EINVAL);
  // In place.
  await client.walk(0, 8, 'a');
  await client.walk(8, 8, 'b');
  await client.walk(8, 9, 'c');
  assert.equal((await client.attributes(9)).identity, statSync(join(path, 'a/b/c'), { bigint: true }).ino);
});

test('a directory is read in pieces that fit, whatever happens to it meanwhile', async (context) => {
  const { client, path } = await bench(context);
  const names = Array.from({ length: 300 }, (_, index) => `file-${index}`);
  for (const name of names) writeFileSync(join(path, name), '');
  mkdirSync(join(path, 'sub'));
  symlinkSync('nowhere', join(path, 'link'));
  await client.walk(0, 1, '');
  await client.open(1, RDONLY);
  const found: Entry[] = [];
  for (let offset = 0n; ; offset = found.at(-1)?.offset ?? 0n) {
    const some = await client.readDirectory(1, offset, 500);
    if (some.length === 0) break;
    found.push(...some);
    // Names that were there from the beginning appear once, whatever comes and goes.
    rmSync(join(path, `file-${found.length}`), { force: true });
    writeFileSync(join(path, `new-${found.length}`), '');
  }
  const list = found.map(({ name }) => name);
  assert.deepEqual(list.slice(0, 2), ['.', '..']);
  assert.equal(new Set(list).size, list.length);
  for (const name of [...names, 'sub', 'link']) {
    if (existsSync(join(path, name))) assert.ok(list.includes(name), name);
  }
  const byName = new Map(found.map((entry) => [entry.name, entry]));
  assert.deepEqual([byName.get('sub')?.type, byName.get('link')?.type, byName.get('file-0')?.type], [4, 10, 8]);
  assert.equal(byName.get('file-0')?.identity, statSync(join(path, 'file-0'), { bigint: true }).ino);
  assert.equal(byName.get('..')?.identity, byName.get('.')?.identity, 'nothing is above the root');
  const again = await client.readDirectory(1, 0n, 8000);
  assert.ok(
    again.some(({ name }) => name.startsWith('new-')),
    'from the beginning it is read anew',
  );
  assert.equal((await client.readDirectory(1, 1n << 62n, 500)).length, 0);
  assert.ok((await client.readDirectory(1, 1001n, 500)).length > 0, 'an offset that was never given out does no harm');
  assert.equal(await client.errorOf(client.readDirectory(1, 0n, 20)), EINVAL);
  await client.walk(0, 2, 'sub');
  assert.equal(await client.errorOf(client.readDirectory(2, 0n, 500)), EBADF);
  await client.open(2, RDONLY);
  const sub = await client.readDirectory(2, 0n, 500);
  assert.deepEqual(
    sub.map(({ identity }) => identity),
    [sub[0]?.identity, statSync(path, { bigint: true }).ino],
  );
});

test('names: directories, links, renaming and removing', async (context) => {
  const { client, path } = await bench(context);
  const at = (name: string): string => join(path, name);
  const mkdir = (name: string): Promise<Reply> => client.send(72, u32(0), string(name), u32(0o750), u32(0));
  const unlink = (name: string, flags: number): Promise<Reply> => client.send(76, u32(0), string(name), u32(flags));
  const rename = (name: string, to: number, newName: string): Promise<Reply> =>
    client.send(74, u32(0), string(name), u32(to), string(newName));
  const made = await mkdir('directory');
  assert.equal(made.number(1), 0x80);
  assert.equal(statSync(at('directory')).mode & 0o7777, 0o750);
  assert.equal(await client.errorOf(mkdir('directory')), EEXIST);

  const link = await client.send(16, u32(0), string('link'), string('../../etc/passwd'), u32(0));
  assert.equal(link.number(1), 2);
  assert.equal(readlinkSync(at('link')), '../../etc/passwd');
  await client.walk(0, 1, 'link');
  assert.equal((await client.send(22, u32(1))).string(), '../../etc/passwd');
  assert.equal(await client.errorOf(client.send(22, u32(0))), EINVAL);

  writeFileSync(at('file'), 'text');
  await client.walk(0, 2, 'file');
  await client.walk(0, 3, 'directory');
  await client.send(70, u32(3), u32(2), string('second'));
  assert.equal(readFileSync(at('directory/second'), 'utf8'), 'text');
  assert.equal((await client.attributes(2)).links, 2n);
  await client.send(70, u32(3), u32(1), string('second-link'));
  assert.equal(readlinkSync(at('directory/second-link')), '../../etc/passwd', 'the link itself');

  writeFileSync(at('target'), 'old');
  await rename('file', 3, 'moved');
  await client.send(20, u32(2), u32(0), string('target'));
  assert.equal(readFileSync(at('target'), 'utf8'), 'text', 'over an existing one, by the fid');
  assert.equal(existsSync(at('directory/moved')), false);
  assert.equal(await client.errorOf(rename('nothing', 0, 'x')), ENOENT);
  assert.equal(await client.errorOf(client.send(20, u32(0), u32(3), string('root'))), 16);

  assert.equal(await client.errorOf(unlink('directory', 0)), EISDIR);
  assert.equal(await client.errorOf(unlink('directory', 0x200)), ENOTEMPTY);
  assert.equal(await client.errorOf(unlink('target', 0x200)), ENOTDIR);
  assert.equal(await client.errorOf(unlink('target', 0x1000)), EINVAL);
  await unlink('target', 0);
  await client.walk(0, 4, 'directory/second');
  await client.send(122, u32(4));
  assert.equal(existsSync(at('directory/second')), false);
  assert.equal(await client.errorOf(client.clunk(4)), EBADF);
  await client.walk(0, 5, 'directory');
  assert.equal(await client.errorOf(client.send(122, u32(5))), ENOTEMPTY);
  assert.equal(await client.errorOf(client.clunk(5)), EBADF, 'removing takes the fid away even if it fails');
});

test('a file that is open stays after its name has gone', async (context) => {
  const { client, path } = await bench(context);
  writeFileSync(join(path, 'file'), 'text');
  await client.walk(0, 1, 'file');
  await client.walk(1, 2, '');
  await client.open(2, RDWR);
  await client.send(76, u32(0), string('file'), u32(0));
  assert.equal((await client.attributes(2)).links, 0n);
  assert.equal(await client.read(2), 'text');
  await client.write(2, 4, 'ual');
  await client.walk(1, 3, '');
  await client.open(3, RDONLY);
  assert.equal(await client.read(3), 'textual', 'even to be opened once more');
  writeFileSync(join(path, 'file'), 'other');
  assert.equal(await client.read(3), 'textual');
  assert.equal(await client.errorOf(client.send(122, u32(1))), ENOENT, 'the new file is not the one to remove');
  assert.equal(existsSync(join(path, 'file')), true);
});

test('a fid stays with its file when the host or the guest renames it', async (context) => {
  const { client, path } = await bench(context);
  mkdirSync(join(path, 'a/b'), { recursive: true });
  writeFileSync(join(path, 'a/b/file'), 'text');
  await client.walk(0, 1, 'a/b/file');
  await client.walk(0, 2, 'a/b');
  renameSync(join(path, 'a'), join(path, 'z'));
  await client.send(20, u32(1), u32(2), string('renamed'));
  assert.equal(readFileSync(join(path, 'z/b/renamed'), 'utf8'), 'text');
});

test('synchronizing, locks, unsupported requests and flushing', async (context) => {
  const { client, path } = await bench(context);
  writeFileSync(join(path, 'file'), 'x'.repeat(5000));
  await client.walk(0, 1, 'file');
  assert.equal(await client.errorOf(client.send(50, u32(1), u32(0))), EBADF);
  await client.open(1, RDWR);
  (await client.send(50, u32(1), u32(0))).end();
  (await client.send(50, u32(1), u32(1))).end();
  const lock = await client.send(52, u32(1), u8(1), u32(0), u64(0), u64(10), u32(77), string('guest'));
  assert.equal(lock.number(1), 0);
  lock.end();
  const held = await client.send(54, u32(1), u8(1), u64(3), u64(10), u32(77), string('guest'));
  assert.deepEqual([held.number(1), held.u64(), held.u64(), held.number(4), held.string()], [2, 3n, 10n, 77, 'guest']);
  assert.equal(await client.errorOf(client.send(30, u32(1), u32(2), string('security.capability'))), EOPNOTSUPP);
  assert.equal(await client.errorOf(client.send(32, u32(1), string('user.a'), u64(1), u32(0))), EOPNOTSUPP);
  assert.equal(await client.errorOf(client.send(98)), EOPNOTSUPP);
  // A flush is answered after what it flushes.
  const order: string[] = [];
  const reading = client.sendTagged(116, 500, u32(1), u64(0), u32(4096)).then(() => order.push('read'));
  const flushing = client.sendTagged(108, 501, u16(500)).then(() => order.push('flush'));
  await Promise.all([reading, flushing]);
  assert.deepEqual(order, ['read', 'flush']);
  (await client.send(108, u16(999))).end();
});

test('only regular files are made as nodes', async (context) => {
  const { client, path } = await bench(context);
  const mknod = (name: string, mode: number): Promise<number> =>
    client.errorOf(client.send(18, u32(0), string(name), u32(mode), u32(1), u32(3), u32(0)));
  assert.equal(await mknod('file', 0o100640), 0);
  assert.equal(statSync(join(path, 'file')).mode, 0o100640);
  for (const type of [0o020000, 0o060000, 0o010000, 0o140000]) assert.equal(await mknod('node', type | 0o666), 1);
  assert.equal(existsSync(join(path, 'node')), false);
});

test('reading takes no more than a message holds', async (context) => {
  const { client, path } = await bench(context);
  writeFileSync(join(path, 'file'), 'x'.repeat(10_000));
  await client.walk(0, 1, 'file');
  await client.open(1, RDONLY);
  assert.equal((await client.read(1, 0n, 0xffff_ffff)).length, 8192 - 11);
});
