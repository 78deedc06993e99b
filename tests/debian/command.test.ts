// `lodge run debian -- COMMAND`: the command's streams, arguments and status, exactly.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { imageObstacle, pullImage } from './images.ts';
import { lodgeRun } from './lodge.ts';

const skip = imageObstacle('debian');
before(() => (skip ? undefined : pullImage('debian')));

test('every byte of standard input arrives, and standard output and error keep apart', { skip }, async () => {
  const input = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  const { status, stdout, stderr } = await lodgeRun(
    ['debian', '--', 'sh', '-c', "echo 'first\rline' >&2; cat; echo last >&2; exit 7"],
    input,
  );
  assert.equal(stderr, 'first\rline\nlast\n');
  assert.ok(stdout.equals(input));
  assert.equal(status, 7);
});

test('arguments are the words that were given, and an empty standard input ends at once', { skip }, async () => {
  const words = ['two words', '', "it's", '$HOME', '*', '\\n', 'naïve', '--help', '-x'];
  const script = 'printf "%s|" "$@"; wc -c; uname -srm; id -un; pwd; tty; :';
  const { status, stdout, stderr } = await lodgeRun(['debian', '--', 'sh', '-c', script, 'name', ...words]);
  const [first = '', ...others] = stdout.toString().split('\n');
  assert.equal(first, `${words.join('|')}|0`);
  assert.match(others[0] ?? '', /^Linux \S+-cloud-amd64 x86_64$/);
  assert.deepEqual(others.slice(1), ['root', '/root', 'not a tty', '']);
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

test('a command that a signal kills, and one that there is not, end as in a shell', { skip }, async () => {
  const [killed, missing] = await Promise.all([
    lodgeRun(['debian', '--', 'sh', '-c', 'kill -SEGV $$']),
    lodgeRun(['debian', '--', 'no-such-command', 'argument']),
  ]);
  assert.deepEqual([killed.status, killed.stdout.toString()], [139, '']);
  assert.deepEqual([missing.status, missing.stdout.toString()], [127, '']);
  assert.match(missing.stderr, /no-such-command: not found\n$/);
});

test('a time limit that passes gives 124, and says so', { skip }, async () => {
  const { status, stdout, stderr } = await lodgeRun(['debian', '--timeout', '2s', '--', 'sleep', '1000']);
  assert.equal(stdout.toString(), '');
  assert.match(stderr, /^lodge: The guest still ran when its time of 2 s was up\.\n/);
  assert.equal(status, 124);
});
