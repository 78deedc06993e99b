// Builds what the TypeScript compiler does not: run by tools/setup.sh after it, as `node build/js/tools/build.js`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from './build-step.ts';
import type { BuildStep } from './build-step.ts';
import { removeStaleOutputs } from './remove-stale-outputs.ts';

const root = join(import.meta.dirname, '../../..');

const steps: readonly BuildStep[] = [
  {
    doing: 'compiling the core to WebAssembly',
    output: 'build/core/core.wasm',
    inputs: ['src/core/assembly', 'src/core/layout.ts', 'build/js/tools/build-core.js', 'package-lock.json'],
    command: ['build/js/tools/build-core.js'],
  },
  {
    doing: 'generating the interpreter',
    output: 'build/interpreter.wasm',
    inputs: [
      ...['base', 'core', 'isa', 'translate', 'wasm'].map((folder) => `build/js/src/${folder}`),
      'build/js/tools/generate-interpreter.js',
    ],
    ignore: (path) => !path.endsWith('.js') || path.endsWith('.test.js'),
    command: ['build/js/tools/generate-interpreter.js'],
  },
];

try {
  removeStaleOutputs(root, 'build/js');
  for (const step of steps) {
    if (!step.inputs.every((input) => existsSync(join(root, input)))) continue;
    runStep(root, step, (line) => process.stderr.write(`lodge: ${line}\n`));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
