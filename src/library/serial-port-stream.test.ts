import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { CharacterInput } from '../base/character-backend.ts';
import { SerialPortStream } from './serial-port-stream.ts';

const KIB = 1024;

/** A port of a machine that takes `room` bytes of input. */
function connected(room: number) {
  const changes: boolean[] = [];
  const received: number[] = [];
  const port = new SerialPortStream((full) => changes.push(full));
  const backend = port.backend();
  let tellRoom = (): void => {};
  const input: CharacterInput = {
    get room() {
      return room - received.length;
    },
    receive(bytes) {
      const taken = bytes.subarray(0, this.room);
      received.push(...taken);
      return taken.length;
    },
    onRoom(listener) {
      tellRoom = listener;
    },
    receiveBreak: () => received.push(-1),
  };
  backend.connect(input);
  const grow = (bytes: number): void => {
    room += bytes;
    tellRoom();
  };
  return { port, changes, received, grow, send: (count: number) => backend.write(new Uint8Array(count)) };
}

test('bytes that a guest sends one by one arrive in one chunk', async () => {
  const { port, send } = connected(0);
  const data = once(port, 'data');
  for (let i = 0; i < 1000; i++) send(1);
  assert.equal(((await data)[0] as Buffer).length, 1000);
});

test('the guest is held when its reader lags behind, and let go when it reads on', async () => {
  const { port, changes, send } = connected(0);
  send(10);
  await new Promise((resolve) => {
    port.once('readable', () => resolve(port.read(10)));
  });
  // The stream takes one delivery more than it has room for, and then the port fills up.
  for (let i = 0; i < 4; i++) {
    send(40 * KIB);
    await new Promise(setImmediate);
  }
  assert.deepEqual(changes, [true]);
  let length = 0;
  port.on('data', (chunk: Buffer) => (length += chunk.length));
  await new Promise(setImmediate);
  assert.deepEqual(changes, [true, false]);
  assert.equal(length, 160 * KIB);
});

test('a port that is destroyed holds nothing up, and takes nothing any more', async () => {
  const { port, changes, send } = connected(0);
  port.once('data', () => port.pause());
  for (let i = 0; i < 6; i++) {
    send(40 * KIB);
    await new Promise(setImmediate);
  }
  assert.deepEqual(changes, [true]);
  port.destroy();
  await once(port, 'close');
  send(200 * KIB);
  await new Promise(setImmediate);
  assert.deepEqual(changes, [true, false]);
});

test('a write is done when the guest has taken it, or when the machine has ended', async () => {
  const { port, received, grow } = connected(4);
  const done: string[] = [];
  port.write(Buffer.alloc(100 * KIB, 7), () => done.push('first'));
  port.write('second', () => done.push('second'));
  await new Promise(setImmediate);
  assert.deepEqual([received.length, done], [4, []]);
  grow(100 * KIB);
  await new Promise(setImmediate);
  assert.deepEqual([received.length, done], [100 * KIB + 4, ['first', 'second']]);
  port.write(Buffer.alloc(100 * KIB), () => done.push('third'));
  port.finish();
  await new Promise(setImmediate);
  assert.deepEqual(done, ['first', 'second', 'third']);
});

test('what is written may be used again once it is accepted, and a break is not a byte', () => {
  const { port, received, grow } = connected(0);
  const bytes = Buffer.from('abc');
  port.write(bytes);
  bytes.fill('x');
  grow(3);
  port.sendBreak();
  assert.deepEqual(received, [0x61, 0x62, 0x63, -1]);
  port.finish();
  port.sendBreak();
  assert.equal(received.length, 4);
});

test('the stream ends after what was left, and again only once', async () => {
  const { port, send } = connected(0);
  send(5);
  port.finish();
  port.finish();
  const chunks: Buffer[] = [];
  for await (const chunk of port) chunks.push(chunk as Buffer);
  assert.equal(Buffer.concat(chunks).length, 5);
  assert.ok(port.destroyed);
});
