import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { runStep } from './build-step.ts';
import type { BuildStep } from './build-step.ts';

const step: BuildStep = {
  doing: 'joining the parts',
  output: 'joined.txt',
  inputs: ['parts', 'join.cjs'],
  ignore: (path) => path.endsWith('.note'),
  command: ['join.cjs'],
};

const joinParts = `
const { readFileSync, writeFileSync } = require('node:fs');
writeFileSync('joined.txt', readFileSync('parts/a.txt', 'utf8') + readFileSync('parts/b.txt', 'utf8'));
`;

function project(context: TestContext): { root: string; run: () => boolean; lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'lodge-build-step-'));
  context.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'parts'));
  writeFileSync(join(root, 'parts/a.txt'), 'one ');
  writeFileSync(join(root, 'parts/b.txt'), 'two');
  writeFileSync(join(root, 'join.cjs'), joinParts);
  const lines: string[] = [];
  return { root, run: () => runStep(root, step, (line) => lines.push(line)), lines };
}

test('a step runs once, and again when a content, a name or the output changes', (context) => {
  const { root, run, lines } = project(context);
  assert.deepEqual([run(), run()], [true, false]);
  assert.equal(readFileSync(join(root, 'joined.txt'), 'utf8'), 'one two');
  assert.deepEqual(lines, ['joining the parts']);
  writeFileSync(join(root, 'parts/b.txt'), '2');
  assert.deepEqual([run(), run()], [true, false]);
  assert.equal(readFileSync(join(root, 'joined.txt'), 'utf8'), 'one 2');
  writeFileSync(join(root, 'parts/c.txt'), '');
  assert.deepEqual([run(), run()], [true, false]);
  rmSync(join(root, 'joined.txt'));
  assert.deepEqual([run(), run()], [true, false]);
});

test('a new date and a file that is ignored leave the output as it is', (context) => {
  const { root, run } = project(context);
  run();
  utimesSync(join(root, 'parts/a.txt'), new Date(), new Date());
  writeFileSync(join(root, 'parts/a.note'), 'anything');
  assert.equal(run(), false);
});

test('a failing step says what it printed, leaves no output behind and runs again', (context) => {
  const { root, run } = project(context);
  run();
  writeFileSync(join(root, 'join.cjs'), 'console.error("no glue"); process.exit(1);');
  const message = /no glue[^]*joining the parts failed: join\.cjs did not make joined\.txt\./;
  assert.throws(run, { message });
  assert.throws(() => readFileSync(join(root, 'joined.txt')), { code: 'ENOENT' });
  assert.throws(run, { message });
  writeFileSync(join(root, 'join.cjs'), joinParts);
  assert.equal(run(), true);
});
