import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReport } from './test-anything.ts';

test('a report is read line by line, with what was said about each check', () => {
  const report = readReport(
    'ok 1 one\r\nnot ok 2 two\n# got 0x1, expected 0x2\nok 3 three # SKIP no PCID\nnoise\n1..3\n',
  );
  assert.deepEqual(report.checks, [
    { number: 1, holds: true, name: 'one', skipped: undefined, remarks: [] },
    { number: 2, holds: false, name: 'two', skipped: undefined, remarks: ['# got 0x1, expected 0x2'] },
    { number: 3, holds: true, name: 'three', skipped: 'no PCID', remarks: [] },
  ]);
  assert.equal(report.planned, 3);
  assert.deepEqual(report.others, ['noise']);
});

test('a report that was cut off has no plan', () => {
  assert.equal(readReport('ok 1 one\nok 2 tw').planned, undefined);
  assert.deepEqual(readReport('').checks, []);
});
