// Raw mode on a real terminal, which script(1) provides.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const skip = spawnSync('script', ['--version']).status === 0 ? false : 'needs script(1) of util-linux';

/** Runs `body` with the terminal raw and gives the terminal's settings before, during and after. */
function settings(body: string): { before: string; during: string; after: string } {
  const directory = mkdtempSync(join(tmpdir(), 'lodge-raw-'));
  try {
    const file = (name: string): string => join(directory, name);
    writeFileSync(
      file('program.mjs'),
      `import { execSync } from 'node:child_process';
      import { enterRawMode } from ${JSON.stringify(new URL('./raw-mode.js', import.meta.url).href)};
      const raw = enterRawMode(process.stdin);
      execSync('stty -g > ${file('during')}', { stdio: 'inherit' });
      ${body}`,
    );
    const command = `stty -g > ${file('before')}; ${process.execPath} ${file('program.mjs')}; stty -g > ${file('after')}`;
    spawnSync('script', ['-qec', command, '/dev/null'], { timeout: 30_000, stdio: ['ignore', 'ignore', 'ignore'] });
    const [before = '', during = '', after = ''] = ['before', 'during', 'after'].map((name) =>
      readFileSync(file(name), 'utf8'),
    );
    return { before, during, after };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

// Settings are hexadecimal fields: input, output, control and local flags first.
const flags = (text: string): number[] =>
  text
    .split(':')
    .slice(0, 4)
    .map((field) => Number.parseInt(field, 16));
const OPOST = 0o1;
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;

const ways: [how: string, body: string][] = [
  ['it is disposed of', 'raw.dispose(); process.stdin.destroy();'],
  ['the process exits', 'process.exit(3);'],
  ['an exception ends the process', "throw new Error('failure');"],
  ['a rejection ends the process', "await Promise.reject(new Error('failure'));"],
];

for (const [how, body] of ways) {
  test(`the terminal is raw, and restored when ${how}`, { skip }, () => {
    const { before, during, after } = settings(body);
    const [, output = 0, , local = 0] = flags(during);
    assert.equal(output & OPOST, 0);
    assert.equal(local & (ISIG | ICANON | ECHO), 0);
    assert.notEqual((flags(before)[3] ?? 0) & ICANON, 0);
    assert.equal(after, before);
  });
}

test('the terminal is restored while the process is stopped, and raw again afterwards', { skip }, () => {
  // A helper outlives the stop: it looks at the terminal, then lets the process go on.
  const { before, during, after } = settings(`
    const { spawn } = await import('node:child_process');
    const stopped = process.argv[1].replace('program.mjs', 'after-stop');
    spawn('sh', ['-c', \`sleep 0.5; stty -g > \${stopped}; kill -CONT \${process.pid}\`], { stdio: 'inherit' });
    process.kill(process.pid, 'SIGTSTP');
    await new Promise((resolve) => process.on('SIGCONT', () => setTimeout(resolve, 200)));
    const { readFileSync } = await import('node:fs');
    execSync('stty -g > ' + process.argv[1].replace('program.mjs', 'again'), { stdio: 'inherit' });
    const read = (name) => readFileSync(process.argv[1].replace('program.mjs', name), 'utf8');
    const isRaw = read('again') === read('during');
    const wasRestored = read('after-stop') === read('before');
    raw.dispose();
    if (!isRaw || !wasRestored) execSync('stty -echo', { stdio: 'inherit' });
    process.exit();
  `);
  assert.notEqual(during, before);
  assert.equal(after, before, 'the program leaves echo off when it found something wrong');
});
