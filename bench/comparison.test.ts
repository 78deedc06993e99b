// What is made of the figures: ratios, the table, the goals and the plot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Comparison } from './comparison.ts';
import { ratios } from './comparison.ts';
import { checkGoals } from './goals.ts';
import { logarithmicAxis, plotSvg } from './plot.ts';
import { ALL_ROWS, selectRows } from './rows.ts';
import type { SystemName } from './systems.ts';
import { systems } from './systems.ts';
import { comparisonTable } from './table.ts';

/** Every row of amd64 at 2 s on QEMU, and on Lodge at what `ours` says. */
function comparison(rows: Comparison['rows'], ours: (row: string) => number): Comparison {
  const times = new Map(
    rows.map(({ name }) => {
      const lodge = ours(name);
      return [
        name,
        new Map<SystemName, readonly number[]>([
          ['lodge', [lodge, lodge * 9, 1]],
          ['qemu', [2000]],
        ]),
      ];
    }),
  );
  const compared = systems.filter(({ name }) => name === 'lodge' || name === 'qemu');
  return { architecture: 'amd64', rows, systems: compared, times };
}

test('--only takes names of rows and of groups, and refuses others in words', () => {
  assert.deepEqual(
    selectRows(['python', 'boot']).map(({ name }) => name),
    ['boot-init', 'boot-command', 'python'],
  );
  assert.equal(selectRows(undefined), ALL_ROWS);
  assert.throws(() => selectRows(['pythons']), /There is no row or group pythons; the groups are boot, integer/);
});

test('a ratio is that of the medians', () => {
  const rows = selectRows(['sieve', 'sha256']);
  const found = ratios(
    comparison(rows, (row) => (row === 'sieve' ? 1000 : 4000)),
    'lodge',
    'qemu',
  );
  assert.deepEqual(
    [...found],
    [
      ['sha256', 2],
      ['sieve', 0.5],
    ],
  );
});

test('the table has the times, the ratios and the means of the groups', () => {
  const rows = selectRows(['sieve', 'sha256']);
  const table = comparisonTable(comparison(rows, (row) => (row === 'sieve' ? 1000 : 4000)));
  assert.equal(
    table,
    [
      'amd64                    Lodge  QEMU TCG  ÷ QEMU TCG',
      '  SHA-256                4.000     2.000        2.00',
      '  sieve                  1.000     2.000        0.50',
      'integer: geometric mean                         1.00',
      'all: geometric mean                             1.00',
      '',
    ].join('\n'),
  );
});

test('a goal is checked when all of its rows were measured', () => {
  assert.deepEqual(checkGoals(comparison(selectRows(['sieve']), () => 100)), []);
  const [result] = checkGoals(comparison(selectRows(['memory']), (row) => (row === 'byte-copy' ? 16000 : 1000)));
  assert.equal(result!.of, 'memory');
  assert.ok(Math.abs(result!.value - 2 ** (1 / 3)) < 1e-9);
  assert.equal(result!.holds, false);
});

test('the axis of the plot has 1 in it and ends at round figures', () => {
  const axis = logarithmicAxis([0.3, 7]);
  assert.deepEqual(axis.ticks, [0.2, 0.5, 1, 2, 5, 10]);
  assert.ok(Math.abs(axis.at(1) - 2 * axis.at(Math.sqrt(0.2))) < 1e-9);
  assert.match(plotSvg([comparison(selectRows(['sieve']), () => 1000)]), /<text [^>]*>0\.50<\/text>/);
});
