// `lodge disasm` as a process.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'lodge-disasm-'));
after(() => rmSync(directory, { recursive: true }));

function disasm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, 'disasm', ...args], { cwd: directory, encoding: 'utf8' });
}

test('every byte of the file is shown, in the given mode and from the given address', () => {
  writeFileSync(join(directory, 'code'), Uint8Array.of(0x48, 0x01, 0xd8, 0xeb, 0xfb, 0x06, 0x66));
  assert.equal(
    disasm('code', '--base', '0xffffffff80000000').stdout,
    [
      'ffffffff80000000  48 01 d8                 add rax, rbx',
      'ffffffff80000003  eb fb                    jmp 0xffffffff80000000',
      'ffffffff80000005  06                       (bad)',
      'ffffffff80000006  66                       (bad)',
      '',
    ].join('\n'),
  );
  const { stdout, status } = disasm('code', '--mode', '32');
  assert.match(stdout, /^00000000 {2}48 +dec eax$/m);
  assert.match(stdout, /^00000005 {2}06 +push es$/m);
  assert.equal(status, 0);
});

test('mistakes are told in a sentence, with status 2', () => {
  for (const [args, sentence] of [
    [[], /^lodge: Name the file to disassemble/],
    [['nothing'], /^lodge: The file nothing /],
    [['code', '--mode', '8'], /^lodge: The option --mode takes one of 64, 32, 16, not "8"\.$/m],
    [['code', '--base', '0x10000000000000000'], /^lodge: The option --base takes an address of 64 bits/],
  ] as const) {
    const { status, stderr, stdout } = disasm(...args);
    assert.match(stderr, sentence);
    assert.deepEqual([status, stdout], [2, '']);
  }
});
