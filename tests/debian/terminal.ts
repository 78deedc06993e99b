// A shell command on a pseudo-terminal, which script(1) of util-linux provides.

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { repository } from './images.ts';

/** Why there is no pseudo-terminal, or false. */
export const terminalObstacle = (): string | false =>
  spawnSync('script', ['--version']).status === 0 ? false : 'there is no script(1) of util-linux here';

const LONGEST_WAIT = 240_000;

export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #status: Promise<number | null>;
  #screen = '';
  #changed: () => void = () => {};

  constructor(command: string) {
    this.#child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: repository,
      env: { ...process.env, SHELL: '/bin/sh', TERM: 'vt100', NODE_TEST_CONTEXT: '' },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#screen += chunk;
      this.#changed();
    });
    this.#child.stdin.on('error', () => {});
    this.#status = new Promise((resolve) => this.#child.on('close', resolve));
  }

  /** Types the text. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Waits until what has been printed since the last time matches, and takes everything up to the match's end off. */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + LONGEST_WAIT;
    for (;;) {
      const match = pattern.exec(this.#screen);
      if (match !== null) {
        this.#screen = this.#screen.slice(match.index + match[0].length);
        return match;
      }
      const more = await Promise.race([this.#output(deadline), this.#status.then(() => false)]);
      if (!more && pattern.exec(this.#screen) === null) {
        this.close();
        throw new Error(`${pattern} was not printed, but only: ${this.#screen}`);
      }
    }
  }

  /** The status of the command once it has ended. */
  ended(): Promise<number | null> {
    return this.#status;
  }

  /** Ends the command if it still runs, by closing its terminal. */
  close(): void {
    this.#child.kill('SIGHUP');
  }

  #output(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, deadline - Date.now()));
      this.#changed = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
