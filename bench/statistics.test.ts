import assert from 'node:assert/strict';
import { test } from 'node:test';
import { geometricMean, median } from './statistics.ts';

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 7]), 6);
});

test('the geometric mean treats twice as fast and twice as slow alike', () => {
  assert.equal(geometricMean([0.5, 2]), 1);
  assert.ok(Math.abs(geometricMean([1, 10, 100]) - 10) < 1e-9);
  assert.ok(Number.isNaN(geometricMean([])));
});
