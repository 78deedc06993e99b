import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../base/errors.ts';
import type { NetworkBackend, NetworkFrame } from '../../base/network-backend.ts';
import { openNetwork } from './open-network.ts';
import { switchPath } from './switch-directory.ts';
import { encodeFrame, FrameDecoder } from './switch-protocol.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** A runtime directory of this test's own. */
function runtimeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lodge-sw-'));
  const before = process.env['XDG_RUNTIME_DIR'];
  process.env['XDG_RUNTIME_DIR'] = directory;
  cleanups.push(() => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = before;
    rmSync(directory, { recursive: true });
  });
  return directory;
}

class Member {
  readonly network: NetworkBackend;
  readonly frames: NetworkFrame[] = [];
  readonly #mac: number;

  constructor(network: NetworkBackend, mac: number, largestFrame = 65_550) {
    this.network = network;
    this.#mac = mac;
    const takesPartialChecksums = largestFrame > 1514;
    const receive = (frame: NetworkFrame): boolean => this.frames.push(frame) > 0;
    network.connect({ largestFrame, takesPartialChecksums, receive, onRoom() {} });
    cleanups.push(() => network.close());
  }

  /** A frame of an experimental type (IEEE 802) to another member, or to all. */
  send(to: number, text: string): void {
    const addresses = [...Array(5).fill(to === 255 ? 255 : 2), to, 2, 2, 2, 2, 2, this.#mac];
    this.network.send({ bytes: Uint8Array.of(...addresses, 0x88, 0xb5, ...Buffer.from(text)) });
  }

  get texts(): string[] {
    return this.frames.map(({ bytes }) => String(Buffer.from(bytes.subarray(14))));
  }
}

async function joinLab(mac: number, largestFrame?: number): Promise<Member> {
  const network = await openNetwork({ network: 'switch:lab' });
  assert.ok(network);
  return new Member(network, mac, largestFrame);
}

async function until(condition: () => boolean, what: string, again = (): void => {}): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    assert.ok(turn < 400, `waited in vain: ${what}`);
    again();
    // oxlint-disable-next-line no-await-in-loop -- that is what waiting is
    await delay(10);
  }
}

test('members hear each other; what is for one goes to that one alone', async () => {
  runtimeDirectory();
  const [a, b, c] = [await joinLab(1), await joinLab(2), await joinLab(3)];
  a.send(255, 'all');
  await until(() => b.frames.length === 1 && c.frames.length === 1, 'a broadcast');
  assert.deepEqual([a.texts, b.texts, c.texts], [[], ['all'], ['all']]);
  c.send(1, 'to a');
  await until(() => a.frames.length === 1, 'an answer');
  b.send(3, 'to c');
  await until(() => c.frames.length === 2, 'b to c, by way of the hub');
  await delay(50);
  assert.deepEqual([a.texts, b.texts, c.texts], [['to a'], ['all'], ['all', 'to c']]);
});

test('when the process with the switch ends, another takes its place', async () => {
  const directory = runtimeDirectory();
  const [a, b, c] = [await joinLab(1), await joinLab(2), await joinLab(3)];
  a.network.close();
  await until(
    () => c.texts.includes('again'),
    'b to c',
    () => b.send(255, 'again'),
  );
  const d = await joinLab(4);
  await until(
    () => c.texts.includes('new'),
    'd to c',
    () => d.send(255, 'new'),
  );
  for (const { network } of [b, c, d]) network.close();
  assert.deepEqual(readdirSync(join(directory, 'lodge')), [], 'nothing is left behind');
});

test('a socket that a killed process left is taken over', async () => {
  const directory = runtimeDirectory();
  mkdirSync(join(directory, 'lodge'), { mode: 0o700 });
  const path = join(directory, 'lodge', 'switch-lab');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  const child = spawn(process.execPath, ['-e', script]);
  await new Promise((resolve) => child.on('exit', resolve));
  assert.ok(statSync(path).isSocket());
  const [a, b] = [await joinLab(1), await joinLab(2)];
  await until(
    () => b.texts.includes('hi'),
    'a to b',
    () => a.send(255, 'hi'),
  );
});

test('of two that make the switch at once one gives way', async () => {
  runtimeDirectory();
  const [a, b, c] = await Promise.all([joinLab(1), joinLab(2), joinLab(3)]);
  await until(
    () => c.texts.includes('x') && b.texts.includes('x'),
    'one network',
    () => a.send(255, 'x'),
  );
});

test('a segment of many is cut for a member that takes none', async () => {
  runtimeDirectory();
  const [a, b, c] = [await joinLab(1), await joinLab(2, 1514), await joinLab(3)];
  const bytes = new Uint8Array(54 + 4000).fill(0xab, 54);
  bytes.set([255, 255, 255, 255, 255, 255, 2, 2, 2, 2, 2, 1, 8, 0, 0x45], 0);
  bytes.set([(4040 >> 8) & 255, 4040 & 255], 16);
  bytes[23] = 6;
  bytes[34 + 12] = 0x50;
  a.network.send({ bytes, checksum: { start: 34, offset: 16 }, segmentSize: 1460 });
  await until(() => b.frames.length === 3 && c.frames.length === 1, 'both');
  assert.deepEqual(
    b.frames.map((frame) => frame.bytes.length),
    [1514, 1514, 54 + 1080],
  );
  assert.ok(b.frames.every(({ checksum }) => checksum === undefined));
  assert.deepEqual(c.frames[0], { bytes, checksum: { start: 34, offset: 16 }, segmentSize: 1460 });
});

test('a switch with a router has DHCP for all, and does not mix with one without', async () => {
  runtimeDirectory();
  const [first, second] = [
    await openNetwork({ network: 'switch:lab,nat' }),
    await openNetwork({ network: 'switch:lab,nat' }),
  ];
  assert.ok(first && second);
  const [a, b] = [new Member(first, 1), new Member(second, 2)];
  const request = Buffer.from('00010800060400010202020202020a0002100000000000000a000202', 'hex');
  const arp = Uint8Array.of(255, 255, 255, 255, 255, 255, 2, 2, 2, 2, 2, 2, 8, 6, ...request);
  b.network.send({ bytes: arp });
  await until(() => b.frames.length > 0, 'the router answers');
  assert.deepEqual([...(b.frames[0]?.bytes.subarray(28, 32) ?? [])], [10, 0, 2, 2]);
  assert.equal(a.frames.length, 1, 'the question');
  await assert.rejects(
    openNetwork({ network: 'switch:lab' }),
    (error) => error instanceof UserError && /The switch lab runs with a router; join it by/.test(error.message),
  );
});

test('strangers on the socket do no harm', async () => {
  const directory = runtimeDirectory();
  const [a, b] = [await joinLab(1), await joinLab(2)];
  const path = join(directory, 'lodge', 'switch-lab');
  const wrong = connect(path)
    .on('error', () => {})
    .resume();
  wrong.write('GET / HTTP/1.1\r\n\r\n');
  const damaged = connect(path)
    .on('error', () => {})
    .resume();
  damaged.write(Buffer.concat([Buffer.from('lodge-switch 1 \0'), Buffer.alloc(100, 0xff)]));
  await until(() => wrong.closed && damaged.closed, 'both are shown out');
  await until(
    () => b.texts.includes('still'),
    'a to b',
    () => a.send(255, 'still'),
  );
});

test('a frame that asks for a checksum outside of itself goes nowhere', async () => {
  runtimeDirectory();
  const [a, b] = [await joinLab(1), await joinLab(2)];
  const bytes = Uint8Array.of(255, 255, 255, 255, 255, 255, 2, 2, 2, 2, 2, 1, 8, 0);
  for (const { network } of [a, b]) network.send({ bytes, checksum: { start: 70_000, offset: 16 } });
  b.network.send({ bytes: new Uint8Array(70_000).fill(255, 0, 6) });
  await until(
    () => a.texts.includes('b') && b.texts.includes('a'),
    'both live',
    () => (a.send(2, 'a'), b.send(1, 'b')),
  );
  assert.ok([...a.frames, ...b.frames].every((frame) => frame.checksum === undefined && frame.bytes.length < 1000));
});

test('frames are found in a stream however it is cut', () => {
  const frames: NetworkFrame[] = [
    { bytes: Uint8Array.of(1, 2, 3) },
    { bytes: new Uint8Array(60_000).fill(7), checksum: { start: 34, offset: 16 }, segmentSize: 1460 },
    { bytes: new Uint8Array(0) },
  ];
  const stream = Buffer.concat(frames.map(encodeFrame));
  for (const step of [1, 7, 1000, stream.length]) {
    const decoder = new FrameDecoder();
    const found: NetworkFrame[] = [];
    for (let at = 0; at < stream.length; at += step)
      found.push(...(decoder.push(stream.subarray(at, at + step)) ?? []));
    assert.deepEqual(found, frames);
  }
  const outside = encodeFrame({ bytes: new Uint8Array(20), checksum: { start: 19, offset: 0 } });
  assert.equal(new FrameDecoder().push(outside), undefined);
});

test("the directory has to be the user's own", () => {
  const directory = runtimeDirectory();
  assert.equal(switchPath('a'), join(directory, 'lodge', 'switch-a'));
  assert.equal(statSync(join(directory, 'lodge')).mode & 0o777, 0o700);
  chmodSync(join(directory, 'lodge'), 0o755);
  assert.throws(() => switchPath('a'), /is open to other users/);
  rmSync(join(directory, 'lodge'), { recursive: true });
  writeFileSync(join(directory, 'lodge'), '');
  assert.throws(() => switchPath('a'), UserError);
  const long = join(directory, 'x'.repeat(100));
  mkdirSync(long);
  assert.throws(() => switchPath('a', { XDG_RUNTIME_DIR: long }), /too long for a socket/);
  assert.match(switchPath('a', {}), /lodge-\d+\/switch-a$/);
});

test('a server that is no switch is not joined for ever', async () => {
  const directory = runtimeDirectory();
  mkdirSync(join(directory, 'lodge'), { mode: 0o700 });
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  server.listen(join(directory, 'lodge', 'switch-lab'));
  cleanups.push(() => server.close());
  await assert.rejects(openNetwork({ network: 'switch:lab' }), /Another program listens on .*switch-lab; end it/);
});
