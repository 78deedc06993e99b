import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Surface } from './surface.ts';

test('a new surface is damaged as a whole, and then where pixels change', () => {
  const surface = new Surface({ width: 200, height: 50 }, 1);
  assert.equal(surface.commit(), 1);
  assert.deepEqual(surface.damageSince(0), [{ x: 0, y: 0, width: 200, height: 50 }]);
  assert.deepEqual(surface.damageSince(1), []);
  const row = new Uint32Array(200).fill(0xff00_0000);
  surface.setRow(20, row);
  assert.equal(surface.commit(), 1, 'the same pixels make no new version');
  row[70] = 0xff12_3456;
  surface.setRow(20, row);
  surface.setRow(40, row);
  assert.equal(surface.commit(), 2);
  assert.deepEqual(surface.damageSince(1), [{ x: 64, y: 16, width: 64, height: 32 }]);
  assert.deepEqual([...surface.bytes.subarray((20 * 200 + 70) * 4, (20 * 200 + 71) * 4)], [0x56, 0x34, 0x12, 0xff]);
  row[199] = 0xffff_ffff;
  surface.setRow(49, row);
  assert.equal(surface.commit(), 3);
  assert.deepEqual(surface.damageSince(2), [
    { x: 64, y: 48, width: 64, height: 2 },
    { x: 192, y: 48, width: 8, height: 2 },
  ]);
});
