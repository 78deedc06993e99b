import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blob } from './blob-field.ts';

const through = <T>(data: T): T => JSON.parse(JSON.stringify(data)) as T;

test('a blob is saved without its empty pages, and comes back', () => {
  const field = blob(100_000, 'memory');
  const value = field.initial();
  assert.deepEqual(field.encode(value), []);
  value[0] = 1;
  value[4096 * 3 - 1] = 2;
  value.fill(0xab, 50_000, 100_000);
  const saved = through(field.encode(value));
  assert.deepEqual(
    (saved as [number, string][]).map(([offset]) => offset),
    [0, 8192, 49_152],
  );
  assert.equal(Buffer.from((saved as [number, string][])[1]![1], 'base64')[4095], 2);
  assert.deepEqual(field.decode(saved), value);
});

test('a blob refuses what does not fit', () => {
  const field = blob(5000, 'memory');
  assert.throws(() => field.decode('AAAA'), /expected an array/);
  assert.throws(() => field.decode([[0]]), /expected an offset/);
  assert.throws(() => field.decode([[-1, 'AAAA']]), /expected an offset/);
  assert.throws(() => field.decode([[0, '*']]), /expected bytes in base64/);
  assert.throws(() => field.decode([[4998, 'AAAA']]), /expected 5000 bytes, found some at 4998/);
});
