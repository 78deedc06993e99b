// In the guest of the benchmarks, with all code translated once it has run: gcc compiles a C program, and the program runs.
// The interpreter has to do the same to the last instruction, and so have regions that are taken away at random. It takes
// several minutes, so it has to be asked for:
//
//   LODGE_FORCED_COMPILE=1 npm test build/js/tests/debian/forced-compile.test.js
//   LODGE_TEST_SEED        seed of the random numbers

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { makeGuestImage } from '../../bench/guest-image.ts';
import { MIB } from '../../src/base/units.ts';
import { type CpioMember, writeCpio } from '../../src/cli/images/cpio.ts';
import { Random } from '../instructions/random.ts';
import { forcedRun } from './forced-run.ts';
import { repository } from './images.ts';

const seed = Number(process.env['LODGE_TEST_SEED'] ?? 20_240_229);
const SLICE = 100_000;
const PROGRAM = 'arithmetic.c';

const file = (path: string, from: string): CpioMember => ({
  kind: 'file',
  path,
  data: readFileSync(from),
  mode: 0o755,
});

/** The host's linker with its libraries, since the image has none; and what the guest is to do, as a row of the benchmarks. */
function additions(): CpioMember[] {
  const linker = spawnSync('sh', ['-c', 'command -v ld'], { encoding: 'utf8' }).stdout.trim();
  const libraries = spawnSync('ldd', [linker], { encoding: 'utf8' }).stdout.match(/\/\S+/g) ?? [];
  const loader = libraries.find((path) => basename(path).startsWith('ld-'))!;
  const sources = join(repository, 'tests/debian/programs');
  const script = [
    '#!/bin/sh -e',
    `gcc -O2 -fno-math-errno -Wno-array-bounds -c -o /tmp/program.o /forced/${PROGRAM}`,
    `/forced/${basename(loader)} --library-path /forced /forced/ld -o /tmp/program /tmp/program.o`,
    '/tmp/program',
    'cat /proc/interrupts /proc/stat',
  ];
  return [
    { kind: 'directory', path: 'forced' },
    file('forced/ld', linker),
    ...libraries.map((path) => file(`forced/${basename(path)}`, path)),
    ...[PROGRAM, 'freestanding.h'].map((name) => file(`forced/${name}`, join(sources, name))),
    { kind: 'file', path: 'bench/rows/forced', data: Buffer.from(`${script.join('\n')}\n`), mode: 0o755 },
  ];
}

const skip = process.env['LODGE_FORCED_COMPILE'] === undefined && 'it takes long; LODGE_FORCED_COMPILE=1 runs it';

test('gcc and what it compiles do the same on interpreter and translator', { skip }, async (context) => {
  const image = await makeGuestImage('amd64');
  const guest = {
    kernel: readFileSync(image.kernel),
    initrd: Buffer.concat([readFileSync(image.large), writeCpio(additions())]),
    append: `${image.append} rows=forced`,
    memory: 1024 * MIB,
  };
  const interpreted = await forcedRun(guest, null);
  context.diagnostic(`${interpreted.guest.instructions} instructions`);
  assert.match(interpreted.guest.output, /^@end forced 0\r?$/m, interpreted.guest.output);
  for (const evictions of [null, new Random(seed)]) {
    const { guest: done, regions, dropped } = await forcedRun(guest, { slice: SLICE, evictions });
    context.diagnostic(`${regions} regions, ${dropped} of them given up or changed`);
    assert.deepEqual(done, interpreted.guest);
    assert.ok(evictions === null || dropped > regions / 2);
  }
});
