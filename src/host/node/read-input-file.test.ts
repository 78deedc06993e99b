import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../base/errors.ts';
import { readInputFile } from './read-input-file.ts';

test('a file is read whole, and what cannot be read has its sentence', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lodge-read-'));
  try {
    const file = join(directory, 'file');
    writeFileSync(file, 'content');
    assert.equal(Buffer.from(readInputFile(file, 'kernel')).toString(), 'content');
    const loop = join(directory, 'loop');
    symlinkSync(loop, loop);
    const cases: [string, RegExp][] = [
      [join(directory, 'absent'), /^The kernel .*absent does not exist; check its name\.$/],
      [join(file, 'below'), /^The kernel .*below does not exist, because a part of its path is no directory/],
      [directory, /^The kernel .* is a directory; name a file in it\.$/],
      [loop, /^The kernel .*loop is a symbolic link that leads to itself/],
      [join(directory, 'x'.repeat(300)), /has a name that is too long/],
    ];
    for (const [path, sentence] of cases) {
      assert.throws(
        () => readInputFile(path, 'kernel'),
        (error) => error instanceof UserError && error.status === 2 && sentence.test(error.message),
        path,
      );
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
