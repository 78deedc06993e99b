// A whole boot of which every block is translated once it has run, with the memory and the registers that the interpreter
// leaves; and one whose regions are taken away at random.
//
//   LODGE_TEST_SEED        seed of the random numbers

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { MIB } from '../../src/base/units.ts';
import { findImage } from '../../src/cli/images/cache.ts';
import { withCommand } from '../../src/cli/run/guest-files.ts';
import { Random } from '../instructions/random.ts';
import { forcedRun } from './forced-run.ts';
import { imageObstacle, pullImage } from './images.ts';

const seed = Number(process.env['LODGE_TEST_SEED'] ?? 20_240_229);
const SLICE = 1_000_000;
const COMMAND = 'cat /proc/interrupts; ls -l /bin | md5sum; seq 300 | sort -r | gzip | wc -c';

const skip = imageObstacle('debian');
before(() => (skip ? undefined : pullImage('debian')));

test(
  'a boot with all code translated does what it does interpreted, and so when regions come and go',
  { skip },
  async () => {
    const { kernel, initrd, manifest } = findImage('debian')!;
    const guest = {
      kernel: readFileSync(kernel),
      initrd: withCommand(readFileSync(initrd), ['sh', '-c', COMMAND], false),
      append: manifest.append,
      memory: 128 * MIB,
    };
    const interpreted = await forcedRun(guest, null);
    assert.deepEqual(interpreted.guest.outcome, { kind: 'poweroff' });
    assert.match(interpreted.guest.output, /Linux version .* reboot: Power down/s);
    const translated = await forcedRun(guest, { slice: SLICE });
    assert.deepEqual(translated.guest, interpreted.guest);
    assert.ok(translated.regions > 2000);
    const evicted = await forcedRun(guest, { slice: SLICE, evictions: new Random(seed) });
    assert.deepEqual(evicted.guest, interpreted.guest);
    assert.ok(evicted.dropped > evicted.regions / 2);
    assert.ok(evicted.regions > translated.regions);
  },
);
