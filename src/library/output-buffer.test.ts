import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutputBuffer } from './output-buffer.ts';

test('bytes come out as they went in, however much it is, and are copies', () => {
  const buffer = new OutputBuffer();
  assert.equal(buffer.take(), undefined);
  const expected: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const bytes = Uint8Array.from({ length: i % 7 }, (_, index) => i + index);
    buffer.append(bytes);
    expected.push(...bytes);
    bytes.fill(0);
  }
  assert.equal(buffer.length, expected.length);
  const taken = buffer.take();
  buffer.append(Uint8Array.of(1, 2, 3));
  assert.deepEqual(Array.from(taken ?? []), expected);
  assert.deepEqual(buffer.take(), Uint8Array.of(1, 2, 3));
});

test('the last bytes can be kept', () => {
  const buffer = new OutputBuffer();
  buffer.append(Uint8Array.of(1, 2, 3, 4, 5));
  buffer.keepLast(9);
  assert.equal(buffer.length, 5);
  buffer.keepLast(2);
  buffer.append(Uint8Array.of(6));
  assert.deepEqual(buffer.take(), Uint8Array.of(4, 5, 6));
});
