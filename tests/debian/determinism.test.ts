// With `--clock instructions` a run is the same run again: every byte, and every instruction.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { imageObstacle, pullImage } from './images.ts';
import { lodgeRun } from './lodge.ts';

const skip = imageObstacle('debian');
const directory = mkdtempSync(join(tmpdir(), 'lodge-determinism-'));
before(() => (skip ? undefined : pullImage('debian')));
after(() => rmSync(directory, { recursive: true }));

// What would give away any difference: time stamps, counts of interrupts, random numbers, how processes were scheduled.
const COMMAND = [
  'dmesg; date; cat /proc/interrupts /proc/stat; head -c 64 /dev/urandom | md5sum',
  'for i in 1 2 3 4; do (n=0; while [ $n -lt 500 ]; do n=$((n + 1)); done; echo $i >>/tmp/order) & done; wait; cat /tmp/order',
  'sleep 2; date +%s',
].join('; ');

/** Boots, runs the command, and gives all that was printed and counted but the time that it took. */
async function run(name: string, engine: string): Promise<Record<string, unknown>> {
  const file = join(directory, name);
  const { status, stdout, stderr } = await lodgeRun([
    'debian',
    '--engine',
    engine,
    '--clock',
    'instructions',
    '--stats',
    file,
    '--verbose',
    '--',
    'sh',
    '-c',
    COMMAND,
  ]);
  const statistics = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  assert.ok(Number(statistics['wallTime']) > 0);
  delete statistics['wallTime'];
  // When the host has a module ready decides what is translated, and so how often code is looked for in the TLB, but not
  // what the guest does.
  delete statistics['translation'];
  delete statistics['tlbFills'];
  return { status, stdout: stdout.toString(), stderr, statistics };
}

/** What an engine cannot choose: how it finds code and memory is its own affair. */
function guestVisible({ statistics, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const { instructions, interrupts, exceptions, pageFaults, virtualTime } = statistics as Record<string, unknown>;
  return { ...rest, instructions, interrupts, exceptions, pageFaults, virtualTime };
}

test('two runs print the same and count the same, and so does a run on another engine', { skip }, async () => {
  const first = await run('first', 'auto');
  assert.equal(first['status'], 0);
  assert.match(String(first['stderr']), /Linux version .* Run \/init as init process/s);
  assert.match(String(first['stdout']), /Linux version .*\n1704067\d{3}\n$/s);
  assert.ok(Number((first['statistics'] as Record<string, unknown>)['instructions']) > 1e8);
  assert.deepEqual(await run('second', 'auto'), first);
  // Half a billion instructions with all that interrupts them: an engine that did one of them otherwise would show it.
  assert.deepEqual(guestVisible(await run('third', 'interpreter')), guestVisible(first));
});
