// Running the host's package tools.

import { spawn } from 'node:child_process';

/** How a program ended. */
export interface ProgramResult {
  /** The exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of `runProgram`. */
export interface ProgramOptions {
  /** The directory it runs in. */
  readonly directory?: string;
  readonly signal: AbortSignal;
  /** Variables besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with each line that it writes to file descriptor 3. */
  readonly onStatusLine?: (line: string) => void;
}

// What a tool may say on one stream; beyond this it is dropped.
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs a program to its end and returns what it wrote. Messages are in English, so that they can be
 * recognised. Rejects when it cannot be started (`ENOENT`) or when `signal` aborts it.
 */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.directory,
      signal: options.signal,
      killSignal: 'SIGTERM',
      env: { ...process.env, ...options.environment, LC_ALL: 'C', LANGUAGE: 'C' },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        if (output[name].length < MOST_OUTPUT) output[name] += chunk;
      });
    }
    let rest = '';
    const status = child.stdio[3] as NodeJS.ReadableStream;
    status.setEncoding('utf8');
    status.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.onStatusLine?.(line);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code, ...output }));
  });
}
