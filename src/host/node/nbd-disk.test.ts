import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../base/errors.ts';
import { DiskModel } from '../../storage/bench/disk-model.ts';
import { NbdTestServer, type NbdTestOptions } from '../../storage/bench/nbd-test-server.ts';
import { Random } from '../../storage/bench/random.ts';
import { NbdDisk } from '../../storage/nbd/nbd-disk.ts';
import { parseNbdAddress } from './nbd-address.ts';
import { connectNbd, type NbdSocketAddress } from './nbd-connection.ts';

const directory = mkdtempSync(join(tmpdir(), 'lodge-nbd-'));
after(() => rmSync(directory, { recursive: true }));

const SIZE = 3000 * 512;
const listeners: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const listener of listeners.splice(0)) listener.close();
});

let count = 0;
const socketPath = (): string => join(directory, `socket${count++}`);

async function listen(server: NbdTestServer, path = socketPath()): Promise<string> {
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const chunks: Buffer[] = [];
    let wake = (): void => {};
    socket.on('data', (chunk) => (chunks.push(chunk), wake()));
    socket.on('close', () => (sockets.delete(socket), wake()));
    void server.serve({
      send: (bytes) => void socket.write(bytes),
      end: () => socket.end(),
      async receive(length) {
        while (chunks.reduce((sum, chunk) => sum + chunk.length, 0) < length) {
          if (socket.destroyed || socket.readableEnded) throw new Error('gone');
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const all = Buffer.concat(chunks.splice(0));
        if (all.length > length) chunks.push(all.subarray(length));
        const bytes = Uint8Array.from(all.subarray(0, length));
        return new DataView(bytes.buffer);
      },
    });
  });
  listeners.push(listener);
  listener.listen(path);
  await once(listener, 'listening');
  return path;
}

const open = (socket: NbdSocketAddress, exportName = 'disk', isReadOnly = false): Promise<NbdDisk> =>
  NbdDisk.open({ name: 'nbd://test', exportName, connect: () => connectNbd(socket, 'nbd://test') }, isReadOnly);

const refused = (pattern: RegExp) => (error: unknown) => error instanceof UserError && pattern.test(error.message);

describe('a disk of a server of network block devices', () => {
  const cases: [string, Partial<Omit<NbdTestOptions, 'exports'>>][] = [
    ['that offers all', {}],
    ['without trim and write zeroes', { flags: 1 | 4 }],
    ['that writes through', { flags: 1 | 8 }],
    ['that takes small requests', { largestBlock: 8192 }],
    ['without NBD_OPT_GO', { hasGo: false }],
    ['that is not fixed newstyle, and sends zeroes', { isFixed: false, hasNoZeroes: false }],
  ];
  for (const [name, options] of cases) {
    test(name, async () => {
      const random = new Random(name.length);
      const bytes = random.bytes(SIZE);
      const server = new NbdTestServer({ disk: bytes }, options);
      server.delay = () => sleep(random.below(3));
      const disk = await open({ path: await listen(server) });
      assert.equal(disk.size, SIZE);
      const model = new DiskModel(random, bytes.slice(), 100);
      await model.exercise(disk, 40, 8);
      await disk.close();
      assert.deepEqual(bytes, model.bytes);
      const flags = options.flags ?? 1 | 4 | 8 | 32 | 64;
      const commands = new Set(server.commands);
      assert.equal(commands.has('write 1'), flags === (1 | 8), 'force unit access');
      assert.equal(commands.has('flush'), (flags & 4) !== 0);
      assert.equal(commands.has('trim'), (flags & 32) !== 0);
      assert.equal(commands.has('writeZeroes 2'), (flags & 64) !== 0);
    });
  }

  test('takes leave when it is closed', async () => {
    const server = new NbdTestServer({ disk: new Uint8Array(SIZE) });
    const disk = await open({ path: await listen(server) });
    await disk.close();
    await assert.rejects(disk.read(0, new Uint8Array(512)));
    for (let wait = 0; !server.commands.includes('disconnect') && wait < 200; wait += 1) await sleep(5);
    assert.equal(server.commands.at(-1), 'disconnect');
  });

  test('an error that the server reports is the request’s, and nobody else’s', async () => {
    const server = new NbdTestServer({ disk: new Uint8Array(SIZE) });
    const disk = await open({ path: await listen(server) });
    server.error = 28;
    await assert.rejects(
      disk.write(0, new Uint8Array(512)),
      /^Error: nbd:\/\/test: the server reports: no space left$/,
    );
    await assert.rejects(disk.read(0, new Uint8Array(512)), /no space left/);
    server.error = 0;
    await disk.read(0, new Uint8Array(512));
    await disk.close();
  });

  test('a broken connection fails what is under way, and is made anew for the next request', async () => {
    const bytes = new Uint8Array(SIZE);
    const server = new NbdTestServer({ disk: bytes });
    const disk = await open({ path: await listen(server) });
    await disk.write(0, new Uint8Array(512).fill(1));
    server.delay = () => new Promise(() => {});
    const stuck = [disk.read(0, new Uint8Array(512)), disk.write(512, new Uint8Array(512)), disk.flush()];
    await sleep(20);
    for (const socket of sockets) socket.destroy();
    for (const request of stuck) await assert.rejects(request, /nbd:\/\/test: /);
    server.delay = async () => {};
    const found = new Uint8Array(512);
    await disk.read(0, found);
    assert.equal(found[0], 1);
    await disk.close();
  });

  test('a flush fails when a write before it may be lost', async () => {
    const server = new NbdTestServer({ disk: new Uint8Array(SIZE) });
    const disk = await open({ path: await listen(server) });
    await disk.write(0, new Uint8Array(512));
    await disk.flush();
    for (const socket of sockets) socket.destroy();
    await sleep(20);
    await disk.flush();
    await disk.write(0, new Uint8Array(512));
    for (const socket of sockets) socket.destroy();
    await sleep(20);
    await disk.write(512, new Uint8Array(512));
    await assert.rejects(disk.flush(), /what was written before the connection broke may be lost/);
    await disk.flush();
    await disk.close();
  });

  test('a server that has gone, or has another disk now, fails every request', async () => {
    const path = socketPath();
    const disk = await open({ path: await listen(new NbdTestServer({ disk: new Uint8Array(SIZE) }), path) });
    for (const socket of sockets) socket.destroy();
    listeners.pop()!.close();
    await sleep(20);
    await assert.rejects(disk.read(0, new Uint8Array(512)), /there is no such socket/);
    await assert.rejects(disk.read(0, new Uint8Array(512)), /the connection is broken/);
    await listen(new NbdTestServer({ disk: new Uint8Array(SIZE + 512) }), path);
    await sleep(1100);
    await assert.rejects(disk.read(0, new Uint8Array(512)), /another disk now/);
    await disk.close();
  });

  test('what cannot be served has its sentence', async () => {
    const content = { disk: new Uint8Array(SIZE), odd: new Uint8Array(1000) };
    const path = await listen(new NbdTestServer(content));
    await assert.rejects(
      open({ path }, 'absent'),
      refused(/is not exported by its server; check the name of the export \(no such\?\[1m export\)\.$/),
    );
    await assert.rejects(open({ path }, 'odd'), refused(/has 1000 bytes, which is no multiple of 512/));
    const old = await listen(new NbdTestServer(content, { hasGo: false }));
    await assert.rejects(open({ path: old }, 'absent'), refused(/does not answer or ends the connection/));
    const large = await listen(new NbdTestServer(content, { smallestBlock: 4096 }));
    await assert.rejects(open({ path: large }), refused(/only in blocks of 4096 bytes/));
    const reader = await listen(new NbdTestServer(content, { flags: 1 | 2 }));
    await assert.rejects(open({ path: reader }), refused(/may only be read, says its server; open it readonly/));
    await (await open({ path: reader }, 'disk', true)).close();
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    listeners.push(other);
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await assert.rejects(open({ host: '127.0.0.1', port }), refused(/is not served by an NBD server/));
    other.close();
    await once(other, 'close');
    await assert.rejects(open({ host: '127.0.0.1', port }), refused(/nothing listens there; start the server/));
  });
});

test('addresses', () => {
  assert.deepEqual(parseNbdAddress('nbd://host'), { socket: { host: 'host', port: 10_809 }, exportName: '' });
  assert.deepEqual(parseNbdAddress('nbd://[::1]:99/a%2Fb'), { socket: { host: '::1', port: 99 }, exportName: 'a/b' });
  assert.deepEqual(parseNbdAddress('nbd+unix:///x?socket=/run/s,1'), { socket: { path: '/run/s,1' }, exportName: 'x' });
  for (const text of [
    'nbd://',
    'nbd://h:99999/',
    'nbd+unix:///x',
    'nbds://host/',
    'nbd://h/%zz',
    'nbd+unix://h/?socket=/s',
  ]) {
    assert.throws(() => parseNbdAddress(text), UserError, text);
  }
});

describe('servers of others', () => {
  const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

  async function exercise(socket: string, exportName: string, image: string): Promise<void> {
    for (let wait = 0; !existsSync(socket) && wait < 500; wait += 1) await sleep(10);
    const disk = await open({ path: socket }, exportName);
    assert.equal(disk.size, SIZE);
    const model = new DiskModel(new Random(9), new Uint8Array(SIZE), 300);
    await model.exercise(disk, 60, 8);
    await disk.close();
    assert.ok(readFileSync(image).equals(model.bytes));
  }

  async function exerciseProgram(program: string, args: string[], socket: string, exportName: string): Promise<void> {
    const server = spawn(program, args, { stdio: 'ignore' });
    try {
      await exercise(socket, exportName, join(directory, 'image'));
    } finally {
      server.kill();
      await once(server, 'exit');
    }
  }

  async function freePort(): Promise<number> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as { port: number };
    listener.close();
    await once(listener, 'close');
    return port;
  }

  // It always goes to the background, and says where in a file.
  test('nbd-server', { skip: !has('nbd-server') }, async () => {
    const [image, config, pid] = ['served', 'config', 'pid'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const socket = socketPath();
    writeFileSync(image, new Uint8Array(SIZE));
    const lines = ['[generic]', `unixsock = ${socket}`, 'listenaddr = 127.0.0.1', `port = ${await freePort()}`];
    lines.push('[disk]', `exportname = ${image}`, 'flush = true', 'trim = true', '');
    writeFileSync(config, lines.join('\n'));
    assert.equal(spawnSync('nbd-server', ['-C', config, '-p', pid], { stdio: 'ignore' }).status, 0);
    try {
      await exercise(socket, 'disk', image);
    } finally {
      for (let wait = 0; !existsSync(pid) && wait < 500; wait += 1) await sleep(10);
      process.kill(Number(readFileSync(pid, 'utf8')));
    }
  });

  test('nbdkit', { skip: !has('nbdkit') }, async () => {
    const image = join(directory, 'image');
    const socket = socketPath();
    writeFileSync(image, new Uint8Array(SIZE));
    await exerciseProgram('nbdkit', ['-f', '-U', socket, 'file', image], socket, '');
  });

  test('qemu-nbd', { skip: !has('qemu-nbd') }, async () => {
    const image = join(directory, 'image');
    const socket = socketPath();
    writeFileSync(image, new Uint8Array(SIZE));
    await exerciseProgram('qemu-nbd', ['-f', 'raw', '-k', socket, '-x', 'disk', '-t', image], socket, 'disk');
  });
});
