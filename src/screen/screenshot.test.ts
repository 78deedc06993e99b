import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { screenshot } from './screenshot.ts';
import { TestDisplay } from './test-display.ts';

test('a screenshot is a PNG file of the pixels', () => {
  const display = new TestDisplay(70, 30);
  display.paint((x, y) => (x << 16) | (y << 8) | 0x55);
  const png = Buffer.from(screenshot(display));
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    const type = png.toString('latin1', at + 4, at + 8);
    const chunk = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    if (type === 'IHDR')
      assert.deepEqual([chunk.readUInt32BE(0), chunk.readUInt32BE(4), chunk[8], chunk[9]], [70, 30, 8, 2]);
    if (type === 'IDAT') data.push(chunk);
  }
  const rows = inflateSync(Buffer.concat(data));
  assert.equal(rows.length, 30 * (1 + 70 * 3));
  for (const [x, y] of [
    [0, 0],
    [69, 0],
    [3, 29],
  ] as const) {
    const row = y * (1 + 70 * 3);
    assert.equal(rows[row], 0, 'rows are not filtered');
    assert.deepEqual([...rows.subarray(row + 1 + x * 3, row + 4 + x * 3)], [x, y, 0x55]);
  }
});
