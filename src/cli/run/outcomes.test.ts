// How a run ends, from the process itself, with kernels of a few instructions.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.js', import.meta.url));
let directory = '';

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lodge-outcomes-'));
});
after(() => rmSync(directory, { recursive: true }));

// 32-bit code, started by Multiboot in protected mode with paging and interrupts off.
// oxfmt-ignore
const code = {
  halt: [0xf4], // hlt
  undefined: [0x0f, 0x0b], // ud2, without a working IDT
  spin: [0xeb, 0xfe], // jmp $
  exit: [0xb0, 0x05, 0xe6, 0xf4], // mov al, 5; out 0xf4, al
  count: [0xb9, 0x80, 0x84, 0x1e, 0x00, 0x49, 0x75, 0xfd, 0xb0, 0x05, 0xe6, 0xf4], // mov ecx, 2000000; again: dec ecx; jnz again; exit
  restart: [
    0x66, 0xba, 0xf8, 0x03, 0xb0, 0x72, 0xee, // mov dx, 0x3f8; mov al, 'r'; out dx, al
    0x66, 0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, 0xeb, 0xfe, // mov dx, 0xcf9; mov al, 6; out dx, al; jmp $
  ],
  write: [0x66, 0xba, 0xf8, 0x03, 0xb0, 0x79, 0xee, 0xeb, 0xfd], // mov dx, 0x3f8; mov al, 'y'; again: out dx, al; jmp again
  // Echoes COM1 until a q: again: mov dx, 0x3fd; wait: in al, dx; test al, 1; jz wait; mov dx, 0x3f8; in al, dx; out dx, al;
  // cmp al, 'q'; jne again; mov al, 0; out 0xf4, al
  echo: [
    0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xfb, 0x66, 0xba, 0xf8, 0x03, 0xec, 0xee,
    0x3c, 0x71, 0x75, 0xed, 0xb0, 0x00, 0xe6, 0xf4,
  ],
} as const;

function kernel(name: keyof typeof code): string {
  // The header is the address form of Multiboot 0.6.96, 3.1.4; the code follows it.
  const [magic, flags, load] = [0x1badb002, 1 << 16, 0x100000];
  const header = [magic, flags, -(magic + flags), load, load, 0, 0, load + 32];
  const bytes = Buffer.concat([Buffer.from(Int32Array.from(header).buffer), Buffer.from(code[name])]);
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  name: keyof typeof code,
  args: readonly string[],
  input?: string | Buffer,
  act?: (pid: number) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'run', '--kernel', kernel(name), '--memory', '16M', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: '' },
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('latin1').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  child.stdout.once('data', () => {
    if (child.pid !== undefined) act?.(child.pid);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  return new Promise((resolve) => {
    child.on('close', (status) => {
      clearTimeout(limit);
      resolve({ status, ...text });
    });
  });
}

test('a halt with interrupts off ends with the CPU state and status 3', async () => {
  const { status, stdout, stderr } = await run('halt', []);
  assert.match(stderr, /^lodge: The guest halted with interrupts off, so nothing can wake it\.\n/);
  assert.match(stderr, /RAX 0{8}2badb002.*\n[^]*RIP 0{10}100021/);
  assert.equal(stdout, '');
  assert.equal(status, 3);
});

test('a triple fault ends with the CPU state and status 3', async () => {
  const { status, stderr } = await run('undefined', []);
  assert.match(stderr, /^lodge: The guest triple-faulted: [^]*RIP 0{10}100020/);
  assert.equal(status, 3);
});

test('a guest that runs on is ended by --timeout with status 124', async () => {
  const { status, stderr } = await run('spin', ['--timeout', '700ms']);
  assert.equal(stderr, 'lodge: The guest still ran when its time of 0.7 s was up.\n');
  assert.equal(status, 124);
});

test('the debug-exit port gives (v << 1) | 1', async () => {
  const { status, stderr } = await run('exit', ['--device', 'debug-exit']);
  assert.equal(stderr, '');
  assert.equal(status, 11);
});

test('a restart boots the kernel again', async () => {
  const { status, stdout } = await run('restart', ['--timeout', '3s']);
  assert.match(stdout, /^rrr*$/);
  assert.equal(status, 124);
});

test('standard input and output are the serial port, every byte', async () => {
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  const input = Buffer.from(`${all.replace('q', '')}${'long '.repeat(2000)}q`, 'latin1');
  const { status, stdout, stderr } = await run('echo', ['--device', 'debug-exit', '--timeout', '50s'], input);
  assert.equal(stderr, '');
  assert.equal(status, 1);
  assert.equal(stdout, input.toString('latin1'));
});

test('--stats writes what the run has counted', async () => {
  const file = join(directory, 'stats.json');
  const { status } = await run('exit', ['--device', 'debug-exit', '--stats', file, '--clock', 'instructions']);
  assert.equal(status, 11);
  const statistics = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  assert.equal(typeof statistics['instructions'], 'number');
  assert.ok(Number(statistics['wallTime']) > 0);
});

test('--stats tells how much of the guest ran translated', async () => {
  const file = join(directory, 'engines.json');
  for (const engine of ['translator', 'interpreter']) {
    const { status } = await run('count', ['--device', 'debug-exit', '--stats', file, '--engine', engine]);
    assert.equal(status, 11);
    const { instructions, translation } = JSON.parse(readFileSync(file, 'utf8')) as {
      instructions: number;
      translation?: { inRegions: number };
    };
    assert.ok(instructions > 4_000_000);
    if (engine === 'interpreter') assert.equal(translation, undefined);
    else assert.ok(translation!.inRegions > 0 && translation!.inRegions <= instructions, `${translation!.inRegions}`);
  }
});

test('--dump-region shows a region, or says that there was none', async () => {
  const args = ['--device', 'debug-exit', '--engine', 'translator'];
  const shown = await run('count', [...args, '--dump-region', '0x100025']);
  assert.match(
    shown.stderr,
    /^Region at 0x100025: [^]*\n00100025 {2}dec ecx +\| n0:32 = readRegister ecx +\| [^]*\n\(ways out\)/,
  );
  assert.equal(shown.status, 11);
  const none = await run('count', [...args, '--dump-region', '0x200000']);
  assert.equal(none.stderr, 'lodge: No region was made whose entry is at 0x200000; name where a hot block starts.\n');
  assert.equal(none.status, 11);
});

test('signals end the run with 128 and their number', async () => {
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const { status, stderr } = await run('write', [], '', (pid) => process.kill(pid, signal));
    assert.equal(stderr, '');
    assert.equal(status, expected);
  }
});

test('a reader that has gone ends the run as SIGPIPE would', async () => {
  const child = spawn(
    process.execPath,
    [main, 'run', '--kernel', kernel('write'), '--memory', '16M', '--timeout', '30s'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_TEST_CONTEXT: '' },
    },
  );
  child.stdout.once('data', () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(status, 141);
});
