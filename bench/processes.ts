// Runs the two systems as processes and takes times from outside: guest clocks lie.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const projectDirectory = join(import.meta.dirname, '../../..');
// The Node.js that runs Lodge runs v86 as well: the engine's age makes a difference (tools/find-node.sh).
const installedNode = join(projectDirectory, 'node_modules/.bin/node');
export const nodeProgram = process.env['LODGE_NODE'] ?? (existsSync(installedNode) ? installedNode : process.execPath);
/** The launcher that is measured; LODGE in the environment names that of another checkout. */
export const lodge = process.env['LODGE'] ?? join(projectDirectory, 'lodge');

/** Wall time in milliseconds until the process has ended; throws when its status is none of the wanted ones. */
export function timeProcess(
  command: string,
  arguments_: readonly string[],
  wanted: number | readonly number[],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, arguments_, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status !== null && [wanted].flat().includes(status)) resolve(performance.now() - start);
      else
        reject(new Error(`${command} ${arguments_.join(' ')} ended with ${status}, not ${String(wanted)}: ${errors}`));
    });
  });
}

/** Starts a process, waits for the lines on its standard output in turn, gives the time of each in milliseconds, then ends it. */
export function timeLines(
  command: string,
  arguments_: readonly string[],
  lines: readonly string[],
  atLast: (pid: number) => void = () => {},
): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
    const times: number[] = [];
    let text = '';
    child.on('error', reject);
    child.on('close', () =>
      times.length === lines.length
        ? resolve(times)
        : reject(new Error(`${command} ended before "${lines[times.length]}"`)),
    );
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
        const line = text.slice(0, at).trim();
        text = text.slice(at + 1);
        if (times.length < lines.length && line === lines[times.length]) times.push(performance.now());
      }
      if (times.length < lines.length || child.killed) return;
      atLast(child.pid!);
      child.kill('SIGKILL');
    });
  });
}

/** The text of a file in /proc; undefined when the process is gone. */
function readOfProcess(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch (error) {
    // A process may end while its file is open.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** The sum in milliseconds of the first of utime, stime, cutime and cstime: the 12th to 15th field after the name (proc(5)). */
function sumOfTimes(statistics: string, count: number): number {
  const fields = statistics.replace(/^.*\) /, '').split(' ');
  return fields.slice(11, 11 + count).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
}

/** Processor time of a process and of the children it has waited for, in milliseconds, to ten of them (Linux). */
export function processorMilliseconds(pid: number): number {
  return sumOfTimes(readFileSync(`/proc/${pid}/stat`, 'latin1'), 4);
}

/** Processor time of a process's first thread, likewise; undefined when it is gone. */
export function threadMilliseconds(pid: number): number | undefined {
  const statistics = readOfProcess(`${pid}/task/${pid}/stat`);
  return statistics === undefined ? undefined : sumOfTimes(statistics, 2);
}

/** Resident memory of a process, in bytes (Linux); undefined when it has ended. */
export function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readOfProcess(`${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
