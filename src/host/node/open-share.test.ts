import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openShares } from './open-share.ts';

test('a share is a directory and a tag', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'lodge-share-'));
  context.after(() => rmSync(path, { recursive: true }));
  mkdirSync(join(path, 'odd:name,x'));
  symlinkSync('odd:name,x', join(path, 'link'));
  const shares = await openShares([`${path}:one`, `${path}/odd:name,x:two,readonly`, `${path}/link:${'t'.repeat(31)}`]);
  assert.deepEqual(
    shares.map(({ tag, files }) => [tag, files.isReadOnly]),
    [
      ['one', false],
      ['two', true],
      ['t'.repeat(31), false],
    ],
  );
  for (const { files } of shares) {
    const root = await files.root();
    assert.equal((await root.attributes()).mode & 0o170000, 0o040000);
    await root.release();
    await files.close();
  }
});

test('what is wrong with a share is said in a sentence', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'lodge-share-'));
  context.after(() => rmSync(path, { recursive: true }));
  writeFileSync(join(path, 'file'), '');
  symlinkSync('loop', join(path, 'loop'));
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[path], /has no directory or no tag; write HOSTDIR:TAG/],
    [[':tag'], /has no directory or no tag/],
    [[`${path}:`], /has no directory or no tag/],
    [[`${path}:tag,writeonly`], /unknown option 'writeonly'; write/],
    [[`${path}:${'ä'.repeat(16)}`], /is longer than 31 bytes; choose/],
    [[`${path}:a`, `${path}:a,readonly`], /The tag a is used twice; give/],
    [[`${path}:a`, `${path}/nothing:b`], /nothing cannot be shared: it does not exist; check/],
    [[`${path}/file:b`], /file cannot be shared: it is no directory; name one/],
    [[`${path}/loop:b`], /loop cannot be shared: it is a symbolic link that leads to itself/],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(openShares(options), { name: 'UserError', message }, options.join(' '));
  }
});

test('the files of processes are not shared', { skip: process.platform !== 'linux' }, async () => {
  await assert.rejects(openShares(['/proc:proc']), { name: 'UserError' });
});
