// Reads the WebAssembly that the build made.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { projectDirectory } from '../host/node/project-directory.ts';
import type { EngineModules } from '../machine/engine-modules.ts';
import { regionCompiler } from './region-compiler.ts';

let loaded: EngineModules | undefined;

function compile(name: string): WebAssembly.Module {
  const path = join(projectDirectory(), 'build', name);
  try {
    return new WebAssembly.Module(readFileSync(path));
  } catch (cause) {
    throw new UserError(
      `Lodge is not built: ${path} cannot be loaded; run ${join(projectDirectory(), 'lodge')} once, which builds it.`,
      { cause },
    );
  }
}

/**
 * The core and the interpreter, compiled: once in a process, since all its machines can share them. Throws a UserError
 * when the build has not made them.
 */
export function loadEngine(): EngineModules {
  loaded ??= {
    core: compile('core/core.wasm'),
    interpreter: compile('interpreter.wasm'),
    compiler: regionCompiler(),
  };
  return loaded;
}
