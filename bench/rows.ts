// The rows of the comparison: what each system runs, in this order.

import { UserError } from '../src/base/errors.ts';
import type { Architecture } from './architecture.ts';

/** Rows that are summed up together, by a geometric mean. */
export type Group = 'boot' | 'integer' | 'sse' | 'x87' | 'simd' | 'memory' | 'kernel' | 'code';

/** What people call a group. */
export const groupTitles: Readonly<Record<Group, string>> = {
  boot: 'Boot',
  integer: 'Whole numbers',
  sse: 'Floating point, SSE2',
  x87: 'Floating point, x87',
  simd: 'Vectors of whole numbers',
  memory: 'Memory',
  kernel: 'Kernel',
  code: 'Programs with large code',
};

export interface Row {
  readonly name: string;
  readonly group: Group;
  /** What the table calls it. */
  readonly title: string;
  /** A C program of `bench/programs`, by its name, with what the compiler is told besides the usual. */
  readonly program?: { readonly source: string; readonly flags: Readonly<Record<Architecture, readonly string[]>> };
  /** Or lines of a shell script. */
  readonly script?: readonly string[];
}

const SSE = { amd64: [], i386: ['-msse2', '-mfpmath=sse'] };
// Software that computes 80 bits takes long: a quarter of the work that the same programs do with SSE2.
const LESS = ['-DROUNDS=1', '-DSTEPS=100000'];
// The vectorizer would take SSE for whatever it finds.
const X87 = {
  amd64: ['-mfpmath=387', '-fno-tree-vectorize', ...LESS],
  i386: ['-mno-sse', '-mfpmath=387', '-fno-tree-vectorize', ...LESS],
};
const NO_FLAGS = { amd64: [], i386: [] };

const program = (group: Group, name: string, title: string, source = name, flags: typeof X87 = NO_FLAGS): Row => ({
  name,
  group,
  title,
  program: { source, flags },
});

const script = (name: string, title: string, ...lines: string[]): Row => ({
  name,
  group: 'code',
  title,
  script: lines,
});

/** Both times come from one boot of the ordinary image, in which nothing else runs. */
export const BOOT_ROWS: readonly Row[] = [
  { name: 'boot-init', group: 'boot', title: 'power-on to init' },
  { name: 'boot-command', group: 'boot', title: 'power-on to `true` done' },
];

/** What one boot of the large image runs. */
export const PROGRAM_ROWS: readonly Row[] = [
  program('integer', 'core-mix', 'CoreMark-like mix'),
  program('integer', 'sha256', 'SHA-256'),
  program('integer', 'sieve', 'sieve'),
  program('integer', 'quicksort', 'quicksort'),
  program('integer', 'hash-map', 'hash map'),
  program('integer', 'bytecode', 'bytecode interpreter'),
  program('sse', 'n-body', 'n-body, SSE2', 'n-body', SSE),
  program('sse', 'matrix-multiply', 'matrix product, SSE2', 'matrix-multiply', SSE),
  program('x87', 'n-body-x87', 'n-body, x87', 'n-body', X87),
  program('x87', 'matrix-multiply-x87', 'matrix product, x87', 'matrix-multiply', X87),
  program('simd', 'integer-simd', 'integer SSE2', 'integer-simd', { amd64: [], i386: ['-msse2'] }),
  program('memory', 'memory-copy', 'memcpy'),
  program('memory', 'byte-copy', 'byte-copy loop'),
  program('memory', 'pointer-chase', 'pointer chase, 32 MiB'),
  program('kernel', 'system-calls', '200,000 getppid'),
  program('kernel', 'fork-wait', 'fork, wait'),
  program('kernel', 'fork-exec', 'fork, exec'),
  program('kernel', 'pipe-ping-pong', 'pipe ping-pong'),
  program('kernel', 'map-touch', 'mmap, touch, munmap'),
  script('python', 'python3', 'PYTHONHASHSEED=0 exec python3.11 -B /bench/python.py'),
  script('perl', 'perl', 'exec perl /bench/perl.pl'),
  script(
    'gcc',
    'gcc -O2 of stb_ds.h',
    'gcc -O2 -I/usr/include/stb -c /bench/stb.c -o /tmp/stb.o &&',
    '  echo "@checksum $(cksum </tmp/stb.o)"',
  ),
  script('shell', 'shell loop', 'exec sh /bench/shell.sh'),
  script(
    'gzip',
    'gzip, gunzip',
    'head -c 4000000 /usr/bin/python3.11 >/tmp/plain',
    '/usr/bin/gzip -cn /tmp/plain >/tmp/packed',
    '/usr/bin/gzip -cd </tmp/packed >/tmp/again',
    'cmp /tmp/plain /tmp/again && echo "@checksum $(cksum </tmp/packed)"',
    'rm /tmp/plain /tmp/packed /tmp/again',
  ),
];

export const ALL_ROWS: readonly Row[] = [...BOOT_ROWS, ...PROGRAM_ROWS];

/** What the long run begins with. */
export const FILL_ROW: Row = program('memory', 'fill-memory', 'use all memory');

/** What is compiled and put into the image. */
export const IMAGE_ROWS: readonly Row[] = [...PROGRAM_ROWS, FILL_ROW];

/** The rows of these names or groups, all when undefined. Throws a UserError for another name. */
export function selectRows(wanted: readonly string[] | undefined): readonly Row[] {
  if (wanted === undefined) return ALL_ROWS;
  for (const name of wanted) {
    if (!ALL_ROWS.some((row) => row.name === name || row.group === name)) {
      const groups = [...new Set(ALL_ROWS.map(({ group }) => group))];
      throw new UserError(`There is no row or group ${name}; the groups are ${groups.join(', ')}, promises and long.`);
    }
  }
  return ALL_ROWS.filter((row) => wanted.includes(row.name) || wanted.includes(row.group));
}
