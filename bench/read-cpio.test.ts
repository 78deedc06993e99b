import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeCpio } from '../src/cli/images/cpio.ts';
import { readMember } from './read-cpio.ts';

test('a file is found behind other members of an archive', () => {
  const archive = Buffer.from(
    writeCpio([
      { kind: 'directory', path: 'usr' },
      { kind: 'file', path: 'usr/first', data: Buffer.from('abcde') },
      { kind: 'file', path: 'usr/second', data: Buffer.from('fg') },
    ]),
  );
  assert.equal(readMember(archive, 'usr/second').toString(), 'fg');
  assert.throws(() => readMember(archive, 'usr/third'), /no usr\/third/);
});
