// Reads the WebAssembly that the build made.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import type { EngineModules } from '../../machine/engine-modules.ts';
import { projectDirectory } from '../project-directory.ts';

function compile(name: string): WebAssembly.Module {
  const path = join(projectDirectory(), 'build', name);
  try {
    return new WebAssembly.Module(readFileSync(path));
  } catch (cause) {
    throw new UserError(`Lodge is not built: ${path} cannot be loaded; start it through ./lodge, which builds it.`, {
      cause,
    });
  }
}

/** The core and the interpreter, compiled. Throws a UserError when the build has not made them. */
export function loadEngine(): EngineModules {
  return { core: compile('core/core.wasm'), interpreter: compile('interpreter.wasm') };
}
