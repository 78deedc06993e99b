import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { residentBytes, threadMilliseconds } from './processes.ts';

test('a process has memory and processor time until it ends', { skip: process.platform !== 'linux' }, async () => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  await once(child, 'spawn');
  assert.ok(residentBytes(child.pid!)! > 0);
  assert.notEqual(threadMilliseconds(child.pid!), undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(residentBytes(child.pid!), undefined);
  assert.equal(threadMilliseconds(child.pid!), undefined);
  assert.ok(threadMilliseconds(process.pid)! > 0);
});
