// The thread that compiles regions, which a host with few processors does not start by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { loadEngine } from '../../src/library/load-engine.ts';
import { regionCompiler } from '../../src/library/region-compiler.ts';
import { Domain } from '../../src/machine/domain.ts';
import { sends } from './guests.ts';

test('regions are compiled beside the guest, which then runs in them', async () => {
  const compiler = regionCompiler(3)!;
  while (!compiler.isReady) await setImmediate();
  const domain = new Domain({
    engine: { ...loadEngine(), compiler },
    execution: 'auto',
    memory: 2 ** 25,
    kernel: sends(1_000_000),
    devices: ['debug-exit'],
    countEngines: true,
  });
  assert.deepEqual(await domain.run(), { kind: 'exit', status: 1 });
  const { regions, timeBeside, inRegions } = domain.statistics().translation!;
  assert.ok(regions > 0 && timeBeside > 0);
  assert.ok(inRegions! > 0);
});

test('there is no such thread where it would take the processor of the guest or of the engine', () => {
  assert.equal(regionCompiler(1), undefined);
  assert.equal(regionCompiler(2), undefined);
});
