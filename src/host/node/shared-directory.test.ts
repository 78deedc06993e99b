import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { OpenMode, SharedFile } from '../../base/shared-files.ts';
import { SharedDirectory } from './shared-directory.ts';

const READ: OpenMode = { read: true, write: false, append: false, truncate: false, synchronous: 'no' };
const WRITE: OpenMode = { ...READ, write: true };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

interface Place {
  /** Holds the shared directory `shared` and the file `secret` beside it. */
  readonly path: string;
  readonly shared: string;
  readonly share: SharedDirectory;
  readonly root: SharedFile;
}

async function place(context: TestContext, byPath = false): Promise<Place> {
  const path = mkdtempSync(join(tmpdir(), 'lodge-share-'));
  const shared = join(path, 'shared');
  mkdirSync(shared);
  writeFileSync(join(path, 'secret'), 'secret');
  mkdirSync(join(path, 'private'));
  writeFileSync(join(path, 'private/file'), 'secret');
  const share = await SharedDirectory.open(shared, byPath ? { byPath } : {});
  const root = await share.root();
  context.after(async () => {
    await root.release();
    await share.close();
    assert.equal(share.openHandles, 0, 'every handle is given back');
    assert.equal(readFileSync(join(path, 'secret'), 'utf8'), 'secret');
    assert.deepEqual(readdirSync(join(path, 'private')), ['file']);
    rmSync(path, { recursive: true });
  });
  return { path, shared, share, root };
}

async function find(root: SharedFile, path: string): Promise<SharedFile> {
  let file = root.retain();
  for (const name of path.split('/')) {
    const directory = file;
    try {
      ({ file } = await directory.find(bytes(name)));
    } finally {
      await directory.release();
    }
  }
  return file;
}

async function content(file: SharedFile): Promise<string> {
  const open = await file.open(READ);
  try {
    const data = new Uint8Array(100);
    return text(data.subarray(0, await open.read(0, data)));
  } finally {
    await open.close();
  }
}

both('names that would leave the directory are refused wherever one is taken', {}, async (context, byPath) => {
  const { shared, root } = await place(context, byPath);
  writeFileSync(join(shared, 'file'), '');
  const names = ['..', '.', '../secret', 'a/b', '/etc/passwd', 'x\0y', '/', 'file/'];
  for (const name of names.map(bytes)) {
    const attempts = [
      () => root.find(name),
      () => root.attributesOf(name),
      () => root.create({ name, mode: 0o644 }, WRITE, false),
      () => root.makeDirectory({ name, mode: 0o755 }),
      () => root.makeSymbolicLink({ name, mode: 0o777 }, bytes('x')),
      () => root.link(name, root),
      () => root.unlink(name, false),
      () => root.unlink(name, true),
      () => root.rename(name, root, bytes('x')),
      () => root.rename(bytes('file'), root, name),
      () => root.moveTo(root, name),
    ];
    for (const attempt of attempts) {
      await assert.rejects(attempt, ({ code }: { code: string }) => ['EINVAL', 'EBUSY'].includes(code), text(name));
    }
  }
  await assert.rejects(root.find(bytes('')), { code: 'ENOENT' });
  await assert.rejects(root.find(bytes('n'.repeat(256))), { code: 'ENAMETOOLONG' });
  await assert.rejects(root.find(bytes('n'.repeat(255))), { code: 'ENOENT' });
});

/** Tests files that are held by descriptors, and by their paths. */
function both(
  name: string,
  options: { readonly skip?: boolean; readonly timeout?: number },
  run: (context: TestContext, byPath: boolean) => Promise<void>,
): void {
  if (process.platform === 'linux') test(name, options, (context) => run(context, false));
  test(`${name}, by path`, options, (context) => run(context, true));
}

/** What changing a file in any way changes. */
function inodeOf(path: string): readonly unknown[] {
  const { mode, uid, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [mode, uid, size, mtimeNs, ctimeNs];
}

both('symbolic links are told and never followed', {}, async (context, byPath) => {
  const { path, shared, root } = await place(context, byPath);
  symlinkSync('../secret', join(shared, 'file'));
  symlinkSync(join(path, 'secret'), join(shared, 'absolute'));
  symlinkSync('../private', join(shared, 'directory'));
  symlinkSync('../created', join(shared, 'dangling'));
  for (const name of ['file', 'absolute', 'directory', 'dangling']) {
    const link = await find(root, name);
    assert.equal((await link.attributes()).mode & 0o170000, 0o120000);
    assert.equal(text(await link.readLink()), readlinkSync(join(shared, name)));
    const before = inodeOf(join(path, 'secret'));
    await assert.rejects(link.open(READ), { code: 'ELOOP' });
    await assert.rejects(link.open(WRITE), { code: 'ELOOP' });
    await assert.rejects(link.find(bytes('file')), { code: 'ENOTDIR' });
    await assert.rejects(link.list(1000), { code: 'ENOTDIR' });
    await assert.rejects(link.makeDirectory({ name: bytes('x'), mode: 0o755 }), { code: 'ENOTDIR' });
    await assert.rejects(link.create({ name: bytes('x'), mode: 0o644 }, WRITE, false), { code: 'ENOTDIR' });
    await assert.rejects(link.unlink(bytes('file'), false), { code: 'ENOTDIR' });
    await assert.rejects(root.rename(bytes('file'), link, bytes('x')), { code: 'ENOTDIR' });
    await assert.rejects(link.change({ size: 0 }), { code: 'EINVAL' });
    // These are about the link itself, where the host can do them at all.
    await link.change({ mode: 0o4777 }).catch(() => {});
    await link.change({ user: 1234, group: 1234 });
    await link.change({ accessed: 5n, modified: 5n });
    await assert.rejects(root.create({ name: bytes(name), mode: 0o644 }, WRITE, false), { code: 'ELOOP' });
    await assert.rejects(root.create({ name: bytes(name), mode: 0o644 }, WRITE, true), { code: 'EEXIST' });
    assert.deepEqual(inodeOf(join(path, 'secret')), before);
    await link.release();
  }
  assert.equal(existsSync(join(path, 'created')), false);
  const link = await find(root, 'directory');
  await root.link(bytes('linked'), link);
  assert.ok(lstatSync(join(shared, 'linked')).isSymbolicLink());
  await link.remove();
  await link.release();
  assert.equal(existsSync(join(path, 'private/file')), true);
});

test('a host process that swaps directories and links leads nobody out', { timeout: 60_000 }, async (context) => {
  const { shared, root } = await place(context);
  mkdirSync(join(shared, 'swapped'));
  writeFileSync(join(shared, 'swapped/file'), 'shared');
  // Exchanges a directory and a link to a directory outside under one name, as fast as it can, from another thread.
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const swapper = new Worker(
    `const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
     const { workerData: { shared, stop } } = require('node:worker_threads');
     const [name, aside, link] = ['swapped', 'aside', 'link'].map((name) => shared + '/' + name);
     symlinkSync('../private', link);
     while (Atomics.load(stop, 0) === 0) {
       renameSync(name, aside);
       renameSync(link, name);
       renameSync(name, link);
       renameSync(aside, name);
     }`,
    { eval: true, workerData: { shared, stop } },
  );
  const ended = new Promise((resolve) => swapper.once('exit', resolve));
  const seen = new Map<string, number>();
  const count = (outcome: string): void => void seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  const outcome = async (action: () => Promise<string>): Promise<void> =>
    count(await action().catch((error: { code: string }) => error.code));
  const end = Date.now() + 3000;
  while (Date.now() < end) {
    await Promise.all([
      outcome(async () => {
        const file = await find(root, 'swapped/file');
        try {
          return await content(file);
        } finally {
          await file.release();
        }
      }),
      outcome(async () => {
        const directory = await find(root, 'swapped');
        try {
          const made = await directory.create({ name: bytes('made'), mode: 0o644 }, WRITE, false);
          await Promise.all([made.open.close(), made.file.release()]);
          await directory.unlink(bytes('made'), false);
          return 'created';
        } finally {
          await directory.release();
        }
      }),
      outcome(async () => {
        const directory = await find(root, 'swapped');
        try {
          const found = await directory.find(bytes('file'));
          await found.file.change({ mode: 0o600 });
          await found.file.readLink().catch(() => {});
          await found.file.release();
          return 'changed';
        } finally {
          await directory.release();
        }
      }),
    ]);
  }
  Atomics.store(stop, 0, 1);
  await ended;
  context.diagnostic(JSON.stringify(Object.fromEntries(seen)));
  assert.equal(seen.get('secret'), undefined);
  assert.ok((seen.get('shared') ?? 0) > 10, 'it is found at times');
  assert.ok((seen.get('ENOTDIR') ?? 0) > 10, 'and is a link at others');
});

both('pipes, sockets and devices are never opened', { timeout: 10_000 }, async (context, byPath) => {
  const { shared, root } = await place(context, byPath);
  execFileSync('mkfifo', [join(shared, 'pipe')]);
  const pipe = await find(root, 'pipe');
  await assert.rejects(pipe.open(READ), { code: 'ENXIO' });
  await assert.rejects(pipe.open(WRITE), { code: 'ENXIO' });
  await assert.rejects(pipe.change({ size: 0 }), { code: 'EINVAL' });
  await assert.rejects(root.create({ name: bytes('pipe'), mode: 0o644 }, WRITE, false), { code: 'ENXIO' });
  await pipe.change({ mode: 0o640 });
  assert.equal(statSync(join(shared, 'pipe')).mode & 0o7777, 0o640);
  await pipe.release();
});

test('a file that is released while it is in use stays open until then', async (context) => {
  const { shared, share, root } = await place(context);
  writeFileSync(join(shared, 'file'), 'content');
  const file = await find(root, 'file');
  const open = await file.open(READ);
  const data = new Uint8Array(7);
  const reading = open.read(0, data);
  const telling = file.attributes();
  await Promise.all([open.close(), file.release()]);
  assert.equal(await reading, 7);
  assert.equal((await telling).size, 7n);
  await assert.rejects(file.attributes(), { code: 'EBADF' });
  await assert.rejects(open.read(0, data), { code: 'EBADF' });
  assert.equal(share.openHandles, 1);
});

both('new files have the mode that was asked for and the group of their directory', {}, async (context, byPath) => {
  const { shared, root } = await place(context, byPath);
  const mask = process.umask(0o077);
  context.after(() => process.umask(mask));
  await root.makeDirectory({ name: bytes('directory'), mode: 0o1777 });
  assert.equal(statSync(join(shared, 'directory')).mode & 0o7777, 0o1777);
  mkdirSync(join(shared, 'group'));
  chmodSync(join(shared, 'group'), 0o2775);
  const group = await find(root, 'group');
  await group.makeDirectory({ name: bytes('inner'), mode: 0o755 });
  assert.equal(statSync(join(shared, 'group/inner')).mode & 0o7777, 0o2755);
  await group.release();
  const { file, attributes, open } = await root.create({ name: bytes('file'), mode: 0o6777 }, WRITE, true);
  assert.equal(attributes.mode, 0o100777);
  await Promise.all([open.close(), file.release()]);
});

both('who may not give files away sees no error', {}, async (context, byPath) => {
  const { shared, root } = await place(context, byPath);
  writeFileSync(join(shared, 'file'), '');
  const file = await find(root, 'file');
  await file.change({ user: 4321, group: 4321 });
  const { uid } = statSync(join(shared, 'file'));
  assert.equal(uid, process.geteuid?.() === 0 ? 4321 : process.geteuid?.());
  await file.release();
});

both('a name need not be text', { skip: process.platform !== 'linux' }, async (context, byPath) => {
  const { shared, root } = await place(context, byPath);
  const name = Uint8Array.of(0xff, 0xfe, 0x20, 0x0a);
  const { file, open } = await root.create({ name, mode: 0o644 }, WRITE, true);
  await open.write(0, bytes('odd'));
  await open.close();
  await file.release();
  assert.deepEqual(readdirSync(shared, 'buffer' as BufferEncoding), [Buffer.from(name)] as never);
  assert.deepEqual([...(await root.list(100))], [...name, 0]);
  const found = await root.find(name);
  assert.equal(await content(found.file), 'odd');
  await found.file.release();
  await assert.rejects(root.list(3), { code: 'ENOMEM' });
});

test('a file is found by where it is now, or not at all', async (context) => {
  const { shared, root } = await place(context);
  mkdirSync(join(shared, 'a/b'), { recursive: true });
  symlinkSync('target', join(shared, 'a/b/link'));
  const link = await find(root, 'a/b/link');
  renameSync(join(shared, 'a'), join(shared, 'z'));
  assert.equal(text(await link.readLink()), 'target');
  const directory = await find(root, 'z/b');
  assert.equal((await directory.attributesOfParent()).inode, statSync(join(shared, 'z'), { bigint: true }).ino);
  await directory.release();
  rmSync(join(shared, 'z/b/link'));
  writeFileSync(join(shared, 'z/b/link (deleted)'), '');
  await assert.rejects(link.readLink(), { code: 'ENOENT' });
  await assert.rejects(root.link(bytes('again'), link), { code: 'ENOENT' });
  await link.release();
  linkSync(join(shared, 'z/b/link (deleted)'), join(shared, 'hard'));
  const odd = await find(root, 'z/b/link (deleted)');
  await odd.moveTo(root, bytes('moved'));
  await odd.release();
  assert.deepEqual(readdirSync(shared).sort(), ['hard', 'moved', 'z']);
});

both('a directory that was moved out of the share is not led back from', {}, async (context, byPath) => {
  const { path, shared, root } = await place(context, byPath);
  mkdirSync(join(shared, 'a/b'), { recursive: true });
  const directory = await find(root, 'a/b');
  renameSync(join(shared, 'a'), join(path, 'private/a'));
  await assert.rejects(directory.attributesOfParent(), { code: 'ENOENT' });
  await assert.rejects(directory.remove(), { code: 'ENOENT' });
  await directory.release();
  rmSync(join(path, 'private/a'), { recursive: true });
});
