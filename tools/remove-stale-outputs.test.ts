import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesIn } from './build-step.ts';
import { removeStaleOutputs } from './remove-stale-outputs.ts';

test('only what was compiled from a source that is gone is removed', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'lodge-stale-'));
  context.after(() => rmSync(root, { recursive: true }));
  const compiled = join(root, 'build/js');
  for (const folder of ['src/cpu', 'build/js/src/cpu']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'src/cpu/kept.ts'), '');
  const outputs = ['kept.js', 'kept.js.map', 'kept.d.ts', 'gone.js', 'gone.js.map', 'gone.d.ts', 'a.tsbuildinfo'];
  for (const name of outputs) writeFileSync(join(compiled, 'src/cpu', name), '');
  const removed = removeStaleOutputs(root, 'build/js');
  assert.deepEqual(removed, ['src/cpu/gone.d.ts', 'src/cpu/gone.js', 'src/cpu/gone.js.map']);
  const left = ['a.tsbuildinfo', 'kept.d.ts', 'kept.js', 'kept.js.map'].map((name) => join(compiled, 'src/cpu', name));
  assert.deepEqual(filesIn(compiled), left);
});
