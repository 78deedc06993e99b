// The host's processor as the judge: builds native.c and runs cases through it.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { IMAGE_SIZE, StateImage } from './state-image.ts';

const repository = join(import.meta.dirname, '../../../..');
const folder = join(repository, 'build', 'instruction-tests');

/** Why the host's processor cannot be the judge, or null when it can. */
export function nativeObstacle(): string | null {
  if (process.arch !== 'x64' || process.platform !== 'linux') return 'the host is not x86-64 Linux';
  if (spawnSync('gcc', ['--version']).status !== 0) return 'there is no gcc';
  // Where the makers' manuals differ the meanings follow AMD's.
  const { vendor } = hostProcessor();
  return vendor === 'AuthenticAMD' ? null : `the processor is ${vendor}, not AuthenticAMD`;
}

/** A C program that runs cases on this processor: it reads them from one file, and writes their answers into another. */
export class NativeProgram {
  readonly #source: string;
  #built: string | null = null;

  /** @param source within the repository */
  constructor(source: string) {
    this.#source = join(repository, source);
  }

  #build(): string {
    if (this.#built) return this.#built;
    mkdirSync(folder, { recursive: true });
    const output = join(folder, `${basename(this.#source, '.c')}-${process.pid}`);
    const { status, stderr } = spawnSync(
      'gcc',
      ['-O2', '-Wall', '-Wextra', '-mno-red-zone', '-fno-stack-protector', '-o', output, this.#source],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`gcc could not compile ${this.#source}: ${stderr}`);
    process.once('exit', () => rmSync(output, { force: true }));
    return (this.#built = output);
  }

  run(cases: Uint8Array): Uint8Array<ArrayBuffer> {
    const runner = this.#build();
    const input = join(folder, `cases-${process.pid}`);
    const output = join(folder, `answers-${process.pid}`);
    try {
      writeFileSync(input, cases);
      const { status, signal, stderr } = spawnSync(runner, [input, output], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`The native runner ended with status ${status}, signal ${signal}: ${stderr}`);
      return new Uint8Array(readFileSync(output));
    } finally {
      rmSync(input, { force: true });
      rmSync(output, { force: true });
    }
  }
}

const program = new NativeProgram('tests/instructions/native.c');

/** Runs cases; the answers come in the same order. */
export function runNative(images: readonly StateImage[]): StateImage[] {
  const bytes = new Uint8Array(images.length * IMAGE_SIZE);
  images.forEach((image, index) => bytes.set(image.bytes, index * IMAGE_SIZE));
  const answers = program.run(bytes);
  return images.map((_, index) => new StateImage(answers.subarray(index * IMAGE_SIZE, (index + 1) * IMAGE_SIZE)));
}

/** CPUID's vendor, family and features of the host, as Linux tells them. */
export function hostProcessor(): { vendor: string; family: number; flags: ReadonlySet<string> } {
  const text = readFileSync('/proc/cpuinfo', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? '';
  return { vendor: field('vendor_id'), family: Number(field('cpu family')), flags: new Set(field('flags').split(' ')) };
}

/** What Linux calls the CPUID features that it has other names for. */
const linuxNames: Record<string, string> = {
  x87: 'fpu',
  sse3: 'pni',
  'sse4.1': 'sse4_1',
  'sse4.2': 'sse4_2',
  lzcnt: 'abm',
  sha: 'sha_ni',
  cmpxchg16b: 'cx16',
};

let features: ReadonlySet<string> | null = null;

/** Whether the host's processor has a feature of the instruction set. */
export function hostHas(feature: string): boolean {
  features ??= hostProcessor().flags;
  return features.has(linuxNames[feature] ?? feature);
}
