import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { instructionList } from './instruction-list.ts';

test('docs/instructions.md is what the declarations say', () => {
  const written = readFileSync(join(import.meta.dirname, '../../../docs/instructions.md'), 'utf8');
  assert.ok(
    written === instructionList(),
    'docs/instructions.md is out of date; run node build/js/tools/generate-instruction-list.js',
  );
});

test('a line has all encodings of a mnemonic and where the manual defines it', () => {
  const line = instructionList()
    .split('\n')
    .find((text) => text.startsWith('| pause '));
  assert.equal(line, '| pause | `f3 90` | APM 3 "PAUSE" |');
});
