import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveModules, type LiveModule } from './live-modules.ts';

const MIB = 2 ** 20;

test('modules that are used least are given up as wholes, until there is room again', () => {
  const executions = new Map<number, number>();
  const live = new LiveModules((ip) => executions.get(ip) ?? 0);
  // Five modules of 8 MiB with two regions each.
  const modules = [0, 1, 2, 3, 4].map((): LiveModule => ({ bytes: 8 * MIB, entries: new Map() }));
  modules.forEach((module, index) => {
    live.put(module, 2 * index);
    live.put(module, 2 * index + 1);
    assert.equal(live.areTooMany, index === 4);
  });
  // The fourth module is not used at all, the second one once.
  executions.set(1, 5).set(3, 1).set(4, 7).set(8, 3);
  assert.deepEqual([...live.leastUsed()], [6, 7, 2, 3]);
  // From now on uses count anew.
  executions.set(3, 2);
  assert.deepEqual([...live.leastUsed()].slice(0, 6).toSorted(), [0, 1, 4, 5]);
});

test('a module counts as long as one of its regions is in use', () => {
  const live = new LiveModules(() => 0);
  const large: LiveModule = { bytes: 40 * MIB, entries: new Map() };
  live.put(large, 1);
  live.put(large, 2);
  live.remove(1);
  live.remove(1);
  assert.ok(live.areTooMany);
  // Made again, the region is part of another module.
  live.put({ bytes: 1, entries: new Map() }, 2);
  assert.ok(!live.areTooMany);
  assert.deepEqual([...live.leastUsed()], []);
});
