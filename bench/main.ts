// `npm run bench`: measures Lodge beside other systems. docs/benchmarks.md says what each row does and how to choose some.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Architecture } from './architecture.ts';
import { platforms } from './architecture.ts';
import { compare } from './comparison.ts';
import { makeGuestImage } from './guest-image.ts';
import { projectDirectory } from './processes.ts';
import { measurePromises, promiseNames } from './promises.ts';
import { selectRows } from './rows.ts';
import { selectSystems } from './systems.ts';
import { comparisonTable } from './table.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    systems: { type: 'string' },
    arch: { type: 'string', default: 'amd64' },
  },
});
const runs = Number(values.runs);
const output = join(projectDirectory, 'build/bench');
mkdirSync(output, { recursive: true });

const only = values.only?.split(',');
const promises = promiseNames.filter((name) =>
  only === undefined ? values.systems === undefined : only.includes(name) || only.includes('promises'),
);
const rowNames = only?.filter((name) => name !== 'promises' && !promises.some((promise) => promise === name));
const rows = only !== undefined && rowNames?.length === 0 ? [] : selectRows(rowNames?.join(','));

for (const architecture of values.arch.split(',') as Architecture[]) {
  if (rows.length === 0) break;
  if (!(architecture in platforms)) throw new Error(`There is no architecture ${architecture}; there are amd64, i386.`);
  const systems = selectSystems(values.systems, architecture);
  const image = await makeGuestImage(architecture);
  const comparison = await compare(architecture, image, rows, systems, runs);
  process.stdout.write(`${comparisonTable(comparison)}\n`);
}
const promiseRows = await measurePromises(promises, runs);
const results = { node: process.version, runs, rows: promiseRows };
writeFileSync(join(output, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
