// One boot of one system: the times at which the lines of the guest's init arrive, taken by the host.

import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { Socket } from 'node:net';
import { processorMilliseconds } from './processes.ts';
import type { Boot, System } from './systems.ts';

/** What a row gave in one run. */
export interface Sample {
  readonly milliseconds: number;
  /** What the program printed of its results; undefined for rows that compute nothing. */
  readonly checksum?: string;
}

/** What time is: the host's, or what the system's processes took of its processors, which other work disturbs less. */
export type Clock = 'wall' | 'processor';

export type Samples = ReadonlyMap<string, Sample>;

/** How long a guest may say nothing before it counts as hanging. */
const PATIENCE = 600_000;

/**
 * Starts the system, lets it run its rows to the end and returns a sample of each. What fails is told on standard error
 * and has no sample.
 */
export function runGuest(system: System, boot: Boot, clock: Clock): Promise<Samples> {
  const { program, arguments: words, environment, serial } = system.command(boot);
  return new Promise((resolve) => {
    const start = clock === 'wall' ? performance.now() : 0;
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    // Opened for writing too, opening a named pipe does not wait for the other side.
    const output = serial === undefined ? child.stdout : new Socket({ fd: openSync(serial, 'r+'), readable: true });
    const time = (): number => (clock === 'wall' ? performance.now() : processorMilliseconds(child.pid!));
    const samples = new Map<string, Sample>();
    let row: { name: string; begun: number; checksum?: string } | undefined;
    let finished = false;
    let last = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);

    const onLine = (line: string, now: number): void => {
      const [word = '', name = '', status] = line.split(' ');
      if (line === '@init' && system.boots) samples.set('boot-init', { milliseconds: now - start });
      else if (line === '@ready' && system.boots) samples.set('boot-command', { milliseconds: now - start });
      else if (word === '@begin') row = { name, begun: now };
      else if (word === '@checksum' && row !== undefined) row.checksum = line.slice(word.length + 1);
      else if (word === '@end' && row?.name === name) {
        const { begun, checksum } = row;
        if (status === '0' && checksum !== undefined) samples.set(name, { milliseconds: now - begun, checksum });
        else process.stderr.write(`${system.title}: ${name} failed with status ${status}: ${last}\n`);
        row = undefined;
      } else if (line === '@done') finished = true;
      else if (line !== '') last = line;
    };

    let text = '';
    output.on('data', (chunk: Buffer) => {
      const now = time();
      timer.refresh();
      text += chunk.toString('latin1');
      const lines = text.split('\n');
      text = lines.pop()!;
      for (const line of lines) onLine(line.trim(), now);
      // How long a guest takes to switch itself off is measured nowhere.
      if (finished) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => (last = chunk.toString().trim()));
    child.on('error', (error) => {
      clearTimeout(timer);
      process.stderr.write(`${system.title} cannot be started: ${error.message}\n`);
      resolve(new Map());
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      output.destroy();
      if (!finished) {
        const where = row === undefined ? '' : ` in ${row.name}`;
        process.stderr.write(`${system.title} ended${where} with ${status ?? 'a signal'}: ${last}\n`);
      }
      resolve(samples);
    });
  });
}
