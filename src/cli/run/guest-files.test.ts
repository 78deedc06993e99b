import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { shellQuote, withCommand, withTerminal } from './guest-files.ts';

test('a shell reads quoted words back as they were', () => {
  const words = [
    '',
    'plain',
    "it's",
    "''",
    '$HOME `id` \\ "x"',
    'two\nlines\n',
    '\t*?[a]~#!&|;<>()',
    'äöü€😀',
    '-n',
    '\r',
  ];
  const { stdout, status } = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map(shellQuote).join(' ')}`]);
  assert.equal(status, 0);
  assert.deepEqual(stdout.toString('utf8').split('\0').slice(0, -1), words);
});

const contents = (archive: Uint8Array): string => Buffer.from(archive).toString('latin1');

test('the files of a run stand in an archive of their own behind the image', () => {
  const image = Uint8Array.of(1, 2, 3, 4, 5);
  const initrd = withCommand(image, ['echo', 'a b'], false);
  assert.deepEqual(initrd.subarray(0, 8), Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0));
  assert.equal(contents(initrd.subarray(8, 14)), '070701');
  assert.ok(contents(initrd).includes("'echo' 'a b'\n"));
  assert.ok(!contents(initrd).includes('lodge/stdin\0'));
  assert.ok(contents(withCommand(image, ['cat'], true)).includes('lodge/stdin\0'));
});

test('the scripts come along, so that an older image works', () => {
  assert.match(contents(withTerminal(new Uint8Array(0), undefined, undefined)), /usr\/lib\/lodge\/session[^]*cttyhack/);
});

test('what the terminal is cannot be more than words to the shell in the guest', () => {
  const initrd = contents(withTerminal(new Uint8Array(0), "x';reboot;'", { rows: 40, columns: 132 }));
  assert.ok(initrd.includes("TERM='x'\\'';reboot;'\\'''\nROWS=40\nCOLUMNS=132\n"));
});
