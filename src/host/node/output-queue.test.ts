import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { OutputQueue } from './output-queue.ts';

test('single bytes are gathered into one write, in order', async () => {
  const writes: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      writes.push(chunk.toString('latin1'));
      done();
    },
  });
  const queue = new OutputQueue(stream, () => assert.fail('the stream is open'));
  let expected = '';
  for (let i = 0; i < 200_000; i++) {
    const byte = 97 + (i % 26);
    expected += String.fromCharCode(byte);
    queue.write(Uint8Array.of(byte));
  }
  await new Promise(setImmediate);
  assert.equal(writes.join(''), expected);
  assert.ok(writes.length < 10, `${writes.length} writes`);
  queue.write(new Uint8Array(100_000).fill(0x41));
  queue.flush();
  assert.equal(writes.at(-1), 'A'.repeat(100_000));
});

test('the bytes are copied when they are queued', () => {
  const stream = new PassThrough();
  const queue = new OutputQueue(stream, () => {});
  const bytes = Buffer.from('before');
  queue.write(bytes);
  bytes.fill('x');
  queue.flush();
  assert.equal(String(stream.read()), 'before');
});

test('a reader that has gone is told once, and what follows is dropped', async () => {
  const codes: (string | undefined)[] = [];
  const stream = new Writable({
    autoDestroy: false,
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    },
  });
  const queue = new OutputQueue(stream, (error) => codes.push(error.code));
  for (let i = 0; i < 3; i++) {
    queue.write(Uint8Array.of(1));
    queue.flush();
    await new Promise(setImmediate);
  }
  assert.deepEqual(codes, ['EPIPE']);
});
