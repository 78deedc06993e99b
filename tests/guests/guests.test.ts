// Runs the guests in this folder, which check system behaviour by themselves, on Lodge; or, to hold the guests to
// account, on QEMU or Bochs: LODGE_GUESTS_ON=qemu node --test build/js/tests/guests/guests.test.js

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildGuest, type Guest, listGuests, missingTools } from './build-guests.ts';
import { knownDifferences } from './known-differences.ts';
import { type Machine, type MachineName, machines } from './machines.ts';
import { type Check, readReport } from './test-anything.ts';

/** Features that a guest may leave out on Lodge when CPUID does not list them. All others must be there. */
const OPTIONAL_ON_LODGE = new Set(['INVPCID', 'virtual-8086 mode extensions']);
const END = 'the guest comes to its end';

const chosen = (process.env['LODGE_GUESTS_ON'] ?? 'lodge,translated').split(',') as MachineName[];

async function runGuest(machine: Machine, guest: Guest): Promise<void> {
  const outcome = await machine.run(buildGuest(guest));
  const report = readReport(outcome.output);
  const known = knownDifferences(machine.name, guest.name);
  const describeCheck = (check: Check) => [`not ok ${check.number} ${check.name}`, ...check.remarks].join('\n  ');
  const failed = report.checks.filter((check) => !check.holds && !known.has(check.name)).map(describeCheck);
  const context = `${failed.join('\n')}\n${report.others.join('\n')}\n${outcome.errors}`;

  assert.ok(report.checks.length > 0, `the guest printed no check\n${context}`);
  assert.equal(failed.length, 0, `${failed.length} of ${report.checks.length} checks failed\n${context}`);
  if (!known.has(END)) {
    assert.equal(
      report.planned,
      report.checks.length,
      `the guest stopped after check ${report.checks.length}\n${context}`,
    );
    const anyFailed = report.checks.some((check) => !check.holds);
    if (outcome.status !== undefined) assert.equal(outcome.status, anyFailed ? 3 : 1, `the exit status\n${context}`);
  }
  if (machine.name === 'lodge' || machine.name === 'translated') {
    const skipped = report.checks.filter((check) => check.skipped !== undefined && !OPTIONAL_ON_LODGE.has(check.name));
    assert.deepEqual(
      skipped.map((check) => check.name),
      [],
      'Lodge must have what these guests left out',
    );
  }
}

for (const machine of chosen.map((name) => machines[name])) {
  const reason = missingTools() ?? machine.missing();
  describe(`guests on ${machine.name}`, { skip: reason ?? false }, () => {
    for (const guest of reason === undefined ? listGuests() : []) it(guest.name, () => runGuest(machine, guest));
  });
}
