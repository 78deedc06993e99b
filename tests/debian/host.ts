// The host's side of a comparison: a directory in which what ran in a guest runs natively.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './images.ts';

const programs = join(repository, 'tests/debian/programs');
const FREESTANDING = '-msse2 -mfpmath=sse -fno-math-errno -ffreestanding -nostdlib -no-pie -fno-stack-protector';

/** A C program and how it is compiled. */
export interface Program {
  readonly name: string;
  readonly source: string;
  readonly bits: 32 | 64;
  readonly flags: readonly string[];
}

const freestanding = (name: string, bits: 32 | 64): Program => ({
  name: `${name}-${bits}`,
  source: `${name}.c`,
  bits,
  flags: FREESTANDING.split(' '),
});
const hosted = (name: string, bits: 32 | 64): Program => ({
  name: `${name}-${bits}`,
  source: `${name}.c`,
  bits,
  flags: ['-lm', '-pthread'],
});

export const PROGRAMS: readonly Program[] = [
  freestanding('arithmetic', 64),
  freestanding('arithmetic', 32),
  freestanding('compatibility', 32),
  hosted('processes', 64),
  hosted('processes', 32),
  hosted('vectors', 64),
  hosted('debugging', 64),
];

export class Host {
  readonly directory = mkdtempSync(join(tmpdir(), 'lodge-host-'));
  readonly #path: string;

  /** @param busybox the executable that stands for all tools */
  constructor(busybox: Uint8Array) {
    this.#path = join(this.directory, 'bin');
    mkdirSync(this.#path);
    const executable = join(this.#path, 'busybox');
    writeFileSync(executable, busybox);
    chmodSync(executable, 0o755);
    const { stdout } = spawnSync(executable, ['--list'], { encoding: 'utf8' });
    for (const name of (stdout ?? '').split('\n')) {
      if (name !== '' && name !== 'busybox') symlinkSync('busybox', join(this.#path, name));
    }
  }

  /** Whether the busybox runs here: the host may be of another architecture. */
  get works(): boolean {
    return this.run(['true']).status === 0;
  }

  /** Runs a command line of the busybox in the directory. */
  run(command: readonly string[]): { status: number | null; stdout: Buffer } {
    const { status, stdout } = spawnSync(join(this.#path, 'busybox'), command, {
      cwd: this.directory,
      env: { PATH: this.#path },
      maxBuffer: 1 << 26,
    });
    return { status, stdout };
  }

  /** Compiles what the C compiler here can of the programs into the directory, and gives the names. */
  compile(wanted: readonly Program[]): string[] {
    const built = wanted.filter(({ name, source, bits, flags }) => {
      const files = ['-o', join(this.directory, name), join(programs, source)];
      return spawnSync('gcc', [`-m${bits}`, '-O1', '-static', '-Wno-array-bounds', ...files, ...flags]).status === 0;
    });
    return built.map(({ name }) => name);
  }

  /** A tar archive of files of the directory. */
  archive(names: readonly string[]): Buffer {
    return this.run(['tar', 'c', ...names]).stdout;
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true });
  }
}
