// Compiles the C programs of the rows.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { UserError } from '../src/base/errors.ts';
import type { Architecture } from './architecture.ts';
import { platforms } from './architecture.ts';
import { projectDirectory } from './processes.ts';
import { IMAGE_ROWS } from './rows.ts';

export const programDirectory = join(projectDirectory, 'bench/programs');

/** Compiles each program to `directory`/NAME. Throws an Error when gcc is missing or refuses one. */
export function compilePrograms(architecture: Architecture, directory: string): void {
  process.stderr.write(`compiling the programs for ${architecture}\n`);
  for (const { name, program } of IMAGE_ROWS) {
    if (program === undefined) continue;
    const flags = ['-O2', '-static', ...platforms[architecture].compilerFlags, ...program.flags[architecture]];
    const source = join(programDirectory, `${program.source}.c`);
    const result = spawnSync('gcc', [...flags, '-o', join(directory, name), source, '-lm'], { encoding: 'utf8' });
    if (result.error !== undefined)
      throw new UserError('The benchmark needs gcc; install it, and gcc-multilib for i386.');
    if (result.status !== 0) throw new UserError(`gcc cannot compile ${name} for ${architecture}: ${result.stderr}`);
  }
}
