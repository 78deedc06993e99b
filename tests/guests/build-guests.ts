// Builds the guests with the C compiler of the system, into build/guests.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../../../..');
export const SOURCES = join(repository, 'tests/guests');
export const OUTPUT = join(repository, 'build/guests');
const SUPPORT = join(SOURCES, 'support');

type Bits = '32' | '64';

/** A guest program: the file `NAME.BITS.c`. */
export interface Guest {
  readonly name: string;
  readonly bits: Bits;
}

export function listGuests(): Guest[] {
  return readdirSync(SOURCES)
    .sort()
    .flatMap((file) => {
      const match = /^(.+\.(32|64))\.c$/.exec(file);
      return match === null ? [] : [{ name: match[1]!, bits: match[2] as Bits }];
    });
}

// No library, no position-independent code, no red zone under interrupts, and no SSE or x87 but what a guest asks for.
const FLAGS = [
  '-O1 -std=gnu11 -Wall -Wextra -Werror -Wno-int-conversion -ffreestanding -fno-builtin -nostdlib -static -fno-pic -no-pie',
  '-fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -mno-red-zone -mgeneral-regs-only',
  '-fomit-frame-pointer',
]
  .flatMap((line) => line.split(' '))
  .concat('-I', SOURCES);
const LINK_FLAGS = ['-Wl,--build-id=none,-z,max-page-size=4096,-z,noexecstack', '-T', join(SUPPORT, 'link.ld')];

function run(program: string, args: readonly string[], input?: string): { ok: boolean; said: string } {
  const done = spawnSync(program, args, { encoding: 'utf8', ...(input === undefined ? {} : { input }) });
  return { ok: done.status === 0, said: done.error?.message ?? done.stderr };
}

function must(program: string, args: readonly string[]): void {
  const { ok, said } = run(program, args);
  if (!ok) throw new Error(`${program} failed: ${said}`);
}

/** Why the guests cannot be built here, or undefined when they can. */
export function missingTools(): string | undefined {
  for (const bits of ['32', '64']) {
    const args = [`-m${bits}`, ...FLAGS, '-c', '-x', 'c', '-o', '/dev/null', '-'];
    if (!run('gcc', args, 'int nothing;').ok) return `gcc makes no ${bits}-bit code for x86 here`;
  }
  return run('objcopy', ['--version']).ok ? undefined : 'there is no objcopy here';
}

const changed = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0);
const newest = (paths: readonly string[]): number => Math.max(...paths.map(changed));
const inSupport = (ending: string): string[] =>
  readdirSync(SUPPORT)
    .filter((file) => file.endsWith(ending))
    .map((file) => join(SUPPORT, file));

/** The objects that every guest of that size is linked with, compiled where they are out of date. */
function supportObjects(bits: Bits): string[] {
  const directory = join(OUTPUT, `support-${bits}`);
  mkdirSync(directory, { recursive: true });
  const headers = newest([...inSupport('.h'), join(SUPPORT, 'multiboot.S')]);
  const sources = [...inSupport('.c'), join(SUPPORT, `start-${bits}.S`), join(SUPPORT, `trap-${bits}.S`)];
  return sources.map((source) => {
    const object = join(directory, `${source.slice(SUPPORT.length + 1)}.o`);
    if (changed(object) <= Math.max(headers, changed(source))) {
      must('gcc', [`-m${bits}`, ...FLAGS, '-c', '-o', object, source]);
    }
    return object;
  });
}

/** Builds a guest if it is out of date, and gives the path of its Multiboot ELF file. */
export function buildGuest({ name, bits }: Guest): string {
  const source = join(SOURCES, `${name}.c`);
  const kernel = join(OUTPUT, `${name}.elf`);
  const objects = supportObjects(bits);
  const inputs = [source, ...objects, ...inSupport('.h'), ...inSupport('.ld')];
  if (changed(kernel) > newest(inputs)) return kernel;
  const linked = join(OUTPUT, `${name}.linked`);
  must('gcc', [`-m${bits}`, ...FLAGS, ...LINK_FLAGS, '-o', linked, source, ...objects]);
  // QEMU loads 32-bit ELF files alone, whatever the code in them.
  must('objcopy', ['-O', 'elf32-i386', linked, kernel]);
  return kernel;
}
