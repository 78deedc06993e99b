// Where this installation of Lodge stands, for the files that it reads at run time.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's directory: the nearest one above this file with a package.json. */
export function projectDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('this copy of Lodge has lost its package.json');
    directory = parent;
  }
  return directory;
}
