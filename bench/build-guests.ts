// Compiles the bare-metal guests of the benchmark.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const here = join(import.meta.dirname, '../../../bench/guests');
const output = join(import.meta.dirname, '../../bench');

/** Compiles a guest of bench/guests and gives the path of its Multiboot ELF file. */
export function buildGuest(name: string): string {
  mkdirSync(output, { recursive: true });
  const target = join(output, `${name}.elf`);
  execFileSync('gcc', [
    '-m32',
    '-O2',
    '-fno-asynchronous-unwind-tables',
    '-fno-reorder-functions',
    '-fno-toplevel-reorder',
    '-ffreestanding',
    '-fno-pic',
    '-fno-stack-protector',
    '-mno-sse',
    '-nostdlib',
    '-static',
    '-Wl,--build-id=none',
    '-Wl,-n',
    '-Wl,-Ttext=0x200000',
    '-Wl,-z,noexecstack',
    '-o',
    target,
    join(here, 'start.S'),
    join(here, `${name}.c`),
  ]);
  return target;
}
