// `npm run bench`: measures Lodge beside other systems. docs/benchmarks.md says what each row does and how to choose some.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../src/base/errors.ts';
import { toArchitecture } from './architecture.ts';
import type { Comparison } from './comparison.ts';
import { compare } from './comparison.ts';
import { checkGoals, describeGoal } from './goals.ts';
import { makeGuestImage } from './guest-image.ts';
import { longRun } from './long-run.ts';
import { plotSvg } from './plot.ts';
import { lodge, projectDirectory, timeProcess } from './processes.ts';
import { measurePromises, promiseNames } from './promises.ts';
import { comparisonResults, hostDescription } from './results-file.ts';
import { ALL_ROWS, selectRows } from './rows.ts';
import { selectSystems } from './systems.ts';
import { comparisonTable } from './table.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '3' },
      only: { type: 'string' },
      systems: { type: 'string' },
      arch: { type: 'string', default: 'amd64,i386' },
      time: { type: 'string', default: 'wall' },
      minutes: { type: 'string', default: '30' },
    },
  });
  const runs = positive('runs', values.runs);
  const clock = values.time;
  if (clock !== 'wall' && clock !== 'processor') throw new UserError(`--time takes wall or processor, not ${clock}.`);
  const architectures = values.arch.split(',').map(toArchitecture);
  const output = join(projectDirectory, 'build/bench');
  mkdirSync(output, { recursive: true });

  const only = values.only?.split(',');
  if (only?.includes('long')) {
    for (const architecture of architectures.slice(0, 1)) {
      const image = await makeGuestImage(architecture);
      const result = await longRun(architecture, image, positive('minutes', values.minutes));
      writeFileSync(join(output, 'long.json'), `${JSON.stringify({ ...hostDescription(), ...result }, null, 2)}\n`);
    }
  }
  const isPromise = (name: string): boolean => promiseNames.some((promise) => promise === name);
  const promises = promiseNames.filter((name) =>
    only === undefined ? values.systems === undefined : only.includes(name) || only.includes('promises'),
  );
  const rows = selectRows(only?.filter((name) => !isPromise(name) && name !== 'promises' && name !== 'long'));

  // A launcher that has to set itself up first does so now, not while it is measured.
  if (rows.length > 0 || promises.length > 0) await timeProcess(lodge, ['--help'], 0);

  const comparisons: Comparison[] = [];
  for (const architecture of rows.length === 0 ? [] : architectures) {
    const systems = selectSystems(values.systems, architecture);
    const image = await makeGuestImage(architecture);
    const comparison = await compare(architecture, image, rows, systems, runs, clock);
    comparisons.push(comparison);
    process.stdout.write(`${comparisonTable(comparison)}\n`);
    for (const result of checkGoals(comparison)) process.stdout.write(`${describeGoal(result)}\n`);
    process.stdout.write('\n');
  }
  // The promises compare with QEMU.
  const canCompare = promises.length > 0 && selectSystems('qemu', 'amd64').length > 0;
  const measured = canCompare ? await measurePromises(promises, runs) : [];
  if (comparisons.length === 0 && measured.length === 0) return;

  const results = {
    ...hostDescription(),
    runs,
    clock,
    comparisons: comparisons.map(comparisonResults),
    promises: measured,
  };
  writeFileSync(join(output, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  if (comparisons.length === 0) return;
  // The plot in docs/ is of everything; one of some rows or of one architecture stays with the other outputs.
  const isWhole = clock === 'wall' && rows.length === ALL_ROWS.length && comparisons.length === 2;
  writeFileSync(
    isWhole ? join(projectDirectory, 'docs/benchmark.svg') : join(output, 'benchmark.svg'),
    plotSvg(comparisons),
  );
}

function positive(option: string, value: string): number {
  const number = Number(value);
  if (number > 0) return number;
  throw new UserError(`--${option} takes a number above 0, not ${value}.`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.status;
}
