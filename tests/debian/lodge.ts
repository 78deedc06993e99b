// Running ./lodge, as a user does.

import { spawn } from 'node:child_process';
import { repository } from './images.ts';

export interface Ended {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Far more than any of these runs takes; a guest that hangs is ended by it, with status 124. */
const TIMEOUT = '300s';

/** Runs `./lodge run ARGUMENTS`; without `input`, standard input is /dev/null. */
export function lodgeRun(args: readonly string[], input?: Uint8Array | string): Promise<Ended> {
  const child = spawn('./lodge', ['run', '--timeout', TIMEOUT, ...args], {
    cwd: repository,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout: Buffer.concat(output), stderr }));
  });
}
