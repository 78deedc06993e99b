// Half an hour of guest work on Lodge, in which the memory of the monitor has to stay as it is. One guest runs the
// programs of the comparison again and again; it first uses all of its memory, because the monitor takes memory for
// what a guest has touched.
//
// The half hour is processor time of the thread that runs the guest, so that a host that is busy, or stands still, does
// not shorten it.

import { spawn } from 'node:child_process';
import type { Architecture } from './architecture.ts';
import type { GuestImage } from './guest-image.ts';
import { residentBytes, threadMilliseconds } from './processes.ts';
import { describeRun, judge, Rounds, type Judgement, type MemorySample } from './rounds.ts';
import { FILL_ROW, PROGRAM_ROWS } from './rows.ts';
import { lodgeSystem } from './systems.ts';

const MIB = 2 ** 20;
/** Between two samples, in minutes of the guest's thread. */
const SAMPLE_EVERY = 1 / 12;
/** The monitor is looked at every second. When its guest says nothing for so many of them, it hangs. */
const LOOK_EVERY = 1000;
const PATIENCE = 600;

type LongRun = Judgement & {
  readonly minutes: number;
  readonly rounds: number;
  readonly failures: readonly string[];
  readonly samples: readonly MemorySample[];
};

/** Runs the guest for so many minutes, tells a line a minute, and returns what was seen. */
export function longRun(architecture: Architecture, image: GuestImage, minutes: number): Promise<LongRun> {
  const rows = PROGRAM_ROWS.map(({ name }) => name);
  const boot = { architecture, image, initrd: image.large, rows: [FILL_ROW.name, ...rows], forever: true };
  const { program, arguments: words } = lodgeSystem.command(boot);
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const rounds = new Rounds();
  const samples: MemorySample[] = [];
  let [minute, silence, isOver] = [0, 0, false];

  const end = (): void => {
    isOver = true;
    child.kill('SIGKILL');
  };
  const look = (): void => {
    if (++silence > PATIENCE) {
      rounds.fail(`${rounds.row}: the guest says nothing any more`);
      return end();
    }
    const [time, bytes] = [threadMilliseconds(child.pid!), residentBytes(child.pid!)];
    // The monitor has ended, and `close` is on its way.
    if (time === undefined || bytes === undefined) return;
    minute = time / 60_000;
    if (minute >= minutes) return end();
    const last = samples.at(-1)?.minute ?? 0;
    if (minute < last + SAMPLE_EVERY) return;
    const mebibytes = bytes / MIB;
    samples.push({ minute, rounds: rounds.done, mebibytes });
    if (Math.floor(minute) === Math.floor(last)) return;
    process.stderr.write(`minute ${Math.floor(minute)}, round ${rounds.done + 1}: ${mebibytes.toFixed(0)} MiB\n`);
  };

  return new Promise((resolve, reject) => {
    const timer = setInterval(look, LOOK_EVERY);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      silence = 0;
      text += chunk.toString('latin1');
      const lines = text.split('\n');
      text = lines.pop()!;
      for (const line of lines) rounds.note(line.trim());
    });
    child.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
    child.on('close', () => {
      clearInterval(timer);
      if (!isOver) rounds.fail(`${rounds.row}: the guest ended in minute ${minute.toFixed(1)}`);
      const judgement = judge(rounds, samples);
      process.stdout.write(describeRun(judgement, rounds));
      const { done, failures } = rounds;
      resolve({ ...judgement, minutes, rounds: done, failures, samples });
    });
  });
}
