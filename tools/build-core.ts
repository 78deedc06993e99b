// Compiles src/core/assembly to build/core/core.wasm with the AssemblyScript compiler. Usage, from anywhere:
//   node tools/build-core.ts [--debug] [--output FILE] [--entry FILE]
// --debug keeps function names (a slightly larger file, the same speed).

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** The directory that holds package.json, whether this file runs as it is or compiled to build/js/tools. */
function projectDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      readFileSync(join(directory, 'src', 'core', 'assembly', 'asconfig.json'));
      return directory;
    } catch {
      const parent = dirname(directory);
      if (parent === directory)
        throw new Error('build-core: found no src/core/assembly/asconfig.json above this file.');
      directory = parent;
    }
  }
}

const root = projectDirectory();

function option(name: string): string | undefined {
  const index = process.argv.indexOf(name);
  return index < 0 ? undefined : process.argv[index + 1];
}

const entry = resolve(option('--entry') ?? join(root, 'src/core/assembly/index.ts'));
const output = resolve(option('--output') ?? join(root, 'build/core/core.wasm'));

const argv = [
  relative(root, entry),
  '--config',
  'src/core/assembly/asconfig.json',
  '--target',
  'release',
  '--outFile',
  'core.wasm',
  ...(process.argv.includes('--debug') ? ['--debug'] : []),
];

const files = new Map<string, Uint8Array>();
const { error, stderr } = await asc.main(argv, {
  readFile(name: string, base: string): string | null {
    try {
      return readFileSync(resolve(root, base, name), 'utf8');
    } catch {
      return null;
    }
  },
  writeFile(name: string, contents: string | Uint8Array): void {
    if (typeof contents !== 'string') files.set(name, contents);
  },
  listFiles: () => [],
});

const core = files.get('core.wasm');
if (error !== null || core === undefined) {
  process.stderr.write(`${stderr.toString()}${error?.message ?? 'asc wrote no module'}\n`);
  process.exit(1);
}
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, core);
