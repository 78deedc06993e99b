// What the guests can run on: Lodge, and two independent machines to hold the guests themselves to account.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runOnBochs } from './bochs/run-on-bochs.ts';

/** How a guest ended: what it printed, and the status that its write to the debug-exit port gave. */
export interface Outcome {
  readonly output: string;
  /** Undefined on a machine without such a port. */
  readonly status: number | null | undefined;
  readonly errors: string;
}

export interface Machine {
  readonly name: MachineName;
  /** Why it cannot run here, or undefined when it can. */
  readonly missing: () => string | undefined;
  readonly run: (kernel: string) => Outcome | Promise<Outcome>;
}

export type MachineName = 'lodge' | 'translated' | 'qemu' | 'bochs';

const main = join(import.meta.dirname, '../../src/cli/main.js');
const TIME_LIMIT_SECONDS = 60;

function spawn(program: string, args: readonly string[]): Outcome {
  const timeout = (TIME_LIMIT_SECONDS + 10) * 1000;
  // The guests' own lines must not look to node's test runner like those of a test file.
  const env = { ...process.env, NODE_TEST_CONTEXT: '' };
  const done = spawnSync(program, args, { encoding: 'utf8', timeout, stdio: ['ignore', 'pipe', 'pipe'], env });
  return { output: done.stdout ?? '', status: done.status, errors: done.error?.message ?? done.stderr };
}

const canRun = (program: string): boolean => spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;

const lodgeWith = (name: MachineName, ...options: string[]): Machine => ({
  name,
  missing: () => (existsSync(main) ? undefined : 'Lodge’s command line is not built'),
  run: (kernel) => {
    const limit = ['--timeout', `${TIME_LIMIT_SECONDS}s`, ...options];
    return spawn(process.execPath, [main, 'run', '--kernel', kernel, '--device', 'debug-exit', ...limit]);
  },
});

/**
 * Everything interpreted; and everything that can be translated from its first execution on. What a busy host does takes
 * time, which the clock of such a run must not show to the guest.
 */
const lodge = lodgeWith('lodge', '--engine', 'interpreter', '--clock', 'instructions');
const translated = lodgeWith('translated', '--engine', 'translator', '--clock', 'instructions');

const qemu: Machine = {
  name: 'qemu',
  missing: () => (canRun('qemu-system-x86_64') ? undefined : 'there is no qemu-system-x86_64 here'),
  run: (kernel) => {
    const machine = ['-accel', 'tcg', '-cpu', 'max', '-m', '128', '-display', 'none', '-no-reboot'];
    const devices = ['-serial', 'stdio', '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
    return spawn('timeout', [`${TIME_LIMIT_SECONDS}`, 'qemu-system-x86_64', ...machine, ...devices, '-kernel', kernel]);
  },
};

const bochs: Machine = {
  name: 'bochs',
  missing: () => (canRun('bochs') ? undefined : 'there is no bochs here'),
  run: (kernel) => runOnBochs(kernel, TIME_LIMIT_SECONDS),
};

export const machines: Readonly<Record<MachineName, Machine>> = { lodge, translated, qemu, bochs };
