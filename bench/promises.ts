// The measurements that SPECIFICATION.md promises a bound for, each a median, beside QEMU's TCG in the same run.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withCommand } from '../src/cli/run/guest-files.ts';
import { findImage } from '../src/cli/images/cache.ts';
import { buildGuest } from './build-guests.ts';
import { lodge, projectDirectory, residentBytes, timeLines, timeProcess } from './processes.ts';
import { median } from './statistics.ts';

const qemu = 'qemu-system-x86_64';
const QEMU_BASE = ['-accel', 'tcg', '-display', 'none', '-nodefaults', '-no-reboot'];
const DEBUG_EXIT = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
const MIB = 2 ** 20;
/** The guests end with a status of their own: only that they end counts. */
const ANY_DEBUG_EXIT = [1, 3] as const;

/** One measurement: what was measured, the figures, and the bound that the project promises. */
export interface PromiseRow {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly value: number;
  readonly unit: string;
  readonly bound: string;
  readonly holds: boolean;
}

async function boot(runs: number): Promise<PromiseRow> {
  await timeProcess(lodge, ['run', 'debian', '--', 'true'], 0); // pulls the image, fills the file cache
  const image = findImage('debian')!;
  const directory = mkdtempSync(join(tmpdir(), 'lodge-bench-'));
  const initrd = join(directory, 'initrd');
  writeFileSync(initrd, withCommand(readFileSync(image.initrd), ['true'], false));
  const serial = ['-serial', 'null', '-serial', 'null', '-serial', 'null', '-serial', 'null'];
  const arguments_ = [
    ...QEMU_BASE,
    '-m',
    '512',
    '-kernel',
    image.kernel,
    '-initrd',
    initrd,
    '-append',
    `${image.manifest.append} panic=-1 quiet`,
    ...serial,
  ];
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < runs; run++) {
    ours.push(await timeProcess(lodge, ['run', 'debian', '--', 'true'], 0));
    theirs.push(await timeProcess(qemu, arguments_, 0));
  }
  rmSync(directory, { recursive: true });
  const ratio = median(ours.map((time, run) => time / theirs[run]!));
  return {
    name: 'boot Debian amd64, run `true`, power off',
    figures: { lodgeMilliseconds: median(ours), qemuMilliseconds: median(theirs) },
    value: ratio,
    unit: '× QEMU TCG',
    bound: '≤ 4',
    holds: ratio <= 4,
  };
}

/** Instructions of one iteration of the loop in bench/guests/integer-loop.c, as the interpreter counts them. */
async function integerLoop(runs: number): Promise<PromiseRow> {
  const guest = buildGuest('integer-loop');
  const statistics = join(projectDirectory, 'build/bench/integer-loop.json');
  const translatedToo = ['run', '--kernel', guest, '--device', 'debug-exit'];
  const interpreted = [...translatedToo, '--engine', 'interpreter'];
  await timeProcess(lodge, [...interpreted, '--stats', statistics], ANY_DEBUG_EXIT);
  const { instructions } = JSON.parse(readFileSync(statistics, 'utf8')) as { instructions: number };
  const ours: number[] = [];
  const theirs: number[] = [];
  const translated: number[] = [];
  for (let run = 0; run < runs; run++) {
    const [begin, end] = await timeLines(lodge, interpreted, ['begin', 'end']);
    ours.push(instructions / (end! - begin!) / 1000);
    const [qemuBegin, qemuEnd] = await timeLines(
      qemu,
      [...QEMU_BASE, '-kernel', guest, '-serial', 'stdio'],
      ['begin', 'end'],
    );
    theirs.push(instructions / (qemuEnd! - qemuBegin!) / 1000);
    const [autoBegin, autoEnd] = await timeLines(lodge, translatedToo, ['begin', 'end']);
    translated.push(instructions / (autoEnd! - autoBegin!) / 1000);
  }
  const value = median(ours);
  return {
    name: 'hot integer loop, interpreter',
    figures: { interpreterMips: value, translatedMips: median(translated), qemuMips: median(theirs), instructions },
    value,
    unit: 'million instructions a second',
    bound: '≥ 200',
    holds: value >= 200,
  };
}

async function startup(runs: number): Promise<PromiseRow> {
  const guest = buildGuest('empty');
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < runs; run++) {
    ours.push(await timeProcess(lodge, ['run', '--kernel', guest, '--device', 'debug-exit'], 1));
    theirs.push(await timeProcess(qemu, [...QEMU_BASE, ...DEBUG_EXIT, '-kernel', guest], 1));
  }
  const value = median(ours);
  return {
    name: 'launcher start to the end of a guest that ends at once',
    figures: { lodgeMilliseconds: value, qemuMilliseconds: median(theirs) },
    value,
    unit: 'ms',
    bound: '≤ 500',
    holds: value <= 500,
  };
}

async function memory(runs: number): Promise<PromiseRow> {
  const resident = async (name: string): Promise<number> => {
    let bytes = 0;
    await timeLines(
      lodge,
      ['run', '--kernel', buildGuest(name), '--memory', '512M'],
      ['touched'],
      (pid) => (bytes = residentBytes(pid)!),
    );
    return bytes;
  };
  const touched: number[] = [];
  const idle: number[] = [];
  for (let run = 0; run < runs; run++) {
    touched.push(await resident('touch-memory'));
    idle.push(await resident('idle'));
  }
  const value = (median(touched) - median(idle)) / MIB;
  return {
    name: 'resident memory of a 512 MiB guest that touched 100 MiB, over an idle monitor',
    figures: { touchedMebibytes: median(touched) / MIB, idleMebibytes: median(idle) / MIB },
    value,
    unit: 'MiB',
    bound: '≤ 200',
    holds: value <= 200,
  };
}

const measurements = { P1: boot, P2: integerLoop, P3: startup, P4: memory };

export type PromiseName = keyof typeof measurements;
export const promiseNames = Object.keys(measurements) as PromiseName[];

/** Measures some of them and prints a line for each. */
export async function measurePromises(names: readonly PromiseName[], runs: number): Promise<PromiseRow[]> {
  const rows: PromiseRow[] = [];
  for (const name of names) {
    process.stderr.write(`measuring ${name}\n`);
    const row = await measurements[name](runs);
    rows.push(row);
    const figures = Object.entries(row.figures).map(([key, figure]) => `${key} ${figure.toFixed(1)}`);
    const value = `${row.value.toFixed(2)} ${row.unit} (${row.bound})`;
    process.stdout.write(`${row.holds ? 'holds' : 'FAILS'}  ${row.name}: ${value}; ${figures.join(', ')}\n`);
  }
  return rows;
}
