// Half an hour of guest work on Lodge, in which the memory of the monitor has to stay as it is. One guest runs the
// programs of the comparison again and again; it first uses all of its memory, because the monitor takes memory for
// what a guest has touched.

import { spawn } from 'node:child_process';
import type { Architecture } from './architecture.ts';
import type { GuestImage } from './guest-image.ts';
import { residentBytes } from './processes.ts';
import { FILL_ROW, PROGRAM_ROWS } from './rows.ts';
import { median } from './statistics.ts';
import { lodgeSystem } from './systems.ts';

const MIB = 2 ** 20;
const SAMPLE_EVERY = 5_000;
/** Growth from the first tenth of the time after the first round to the last tenth that still counts as flat. */
const BOUND = 0.05;

interface LongRun {
  readonly minutes: number;
  readonly rounds: number;
  /** Programs that failed, or gave another result than in the first round. */
  readonly failures: readonly string[];
  /** Resident memory of the monitor in MiB: after the first round, at the end, and over time. */
  readonly first: number;
  readonly last: number;
  readonly flat: boolean;
  readonly samples: readonly { readonly minute: number; readonly mebibytes: number }[];
}

/** Runs the guest for that long, tells a line a minute, and returns what was seen. */
export function longRun(architecture: Architecture, image: GuestImage, minutes: number): Promise<LongRun> {
  const rows = PROGRAM_ROWS.map(({ name }) => name);
  const boot = { architecture, image, initrd: image.large, rows: [FILL_ROW.name, ...rows], forever: true };
  const { program, arguments: words } = lodgeSystem.command(boot);
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const start = performance.now();
  const minute = (): number => (performance.now() - start) / 60_000;
  const checksums = new Map<string, string>();
  const failures: string[] = [];
  const samples: { minute: number; mebibytes: number }[] = [];
  let [row, rounds, firstRound, said] = ['', 0, minutes, -1];

  const onLine = (line: string): void => {
    const [word, name = '', status] = line.split(' ');
    if (word === '@begin') row = name;
    else if (word === '@checksum') {
      if ((checksums.get(row) ?? line) !== line) failures.push(`${row} in round ${rounds + 1}`);
      checksums.set(row, checksums.get(row) ?? line);
    } else if (word === '@end' && status !== '0') failures.push(`${name} in round ${rounds + 1}: status ${status}`);
    else if (word === '@again' && ++rounds === 1) firstRound = minute();
  };

  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      samples.push({ minute: minute(), mebibytes: residentBytes(child.pid!) / MIB });
      if (Math.floor(minute()) > said) {
        said = Math.floor(minute());
        process.stderr.write(`minute ${said}, round ${rounds + 1}: ${samples.at(-1)!.mebibytes.toFixed(0)} MiB\n`);
      }
      if (minute() >= minutes) child.kill('SIGKILL');
    }, SAMPLE_EVERY);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const lines = text.split('\n');
      text = lines.pop()!;
      for (const line of lines) onLine(line.trim());
    });
    child.on('error', reject);
    child.on('close', () => {
      clearInterval(timer);
      if (minute() < minutes) failures.push(`the guest ended in minute ${minute().toFixed(1)}, in ${row}`);
      resolve(summarize({ minutes, rounds, failures, samples }, firstRound));
    });
  });
}

function summarize(run: Pick<LongRun, 'minutes' | 'rounds' | 'failures' | 'samples'>, firstRound: number): LongRun {
  const settled = run.samples.filter(({ minute }) => minute > firstRound).map(({ mebibytes }) => mebibytes);
  const tenth = Math.max(1, Math.floor(settled.length / 10));
  const [first, last] = [median(settled.slice(0, tenth)), median(settled.slice(-tenth))];
  const flat = run.failures.length === 0 && last <= first * (1 + BOUND);
  const memory = `${first.toFixed(0)} MiB after the first round, ${last.toFixed(0)} MiB at the end`;
  process.stdout.write(`${flat ? 'flat  ' : 'GROWS '} ${run.minutes} minutes, ${run.rounds} whole rounds: ${memory}\n`);
  for (const failure of run.failures) process.stdout.write(`failed: ${failure}\n`);
  return { ...run, first, last, flat };
}
