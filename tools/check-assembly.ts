// Formats and lints the AssemblyScript sources, as `node build/js/tools/check-assembly.js [--write]`. The tools read them
// as TypeScript, in which a function can have no decorator; so they get a copy in which decorators are comments.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { hideDecorators, showDecorators } from './assembly-decorators.ts';
import { filesIn } from './build-step.ts';

const root = join(import.meta.dirname, '../../..');
// Outside the repository, since what git ignores the tools ignore.
const copy = mkdtempSync(join(tmpdir(), 'lodge-assembly-'));
process.on('exit', () => rmSync(copy, { recursive: true }));
const folder = 'src/core/assembly';

/** Rules that say something else of AssemblyScript than of TypeScript, with the reason. */
const rules = {
  // `===` compares identity, and the integers have `==` alone.
  eqeqeq: 'off',
  // Integers have 64 bits.
  'no-loss-of-precision': 'off',
  // Variables are imported to be assigned to.
  'no-import-assign': 'off',
  'prefer-const': 'off',
  // Delivering an exception accesses memory, which can raise an exception.
  'import/no-cycle': 'off',
};

function configuration(name: string): Record<string, unknown> & { ignorePatterns: string[] } {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

function writeCopy(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}

function run(program: string, ...parameters: string[]): boolean {
  const path = join(root, 'node_modules', program);
  return spawnSync(process.execPath, [path, ...parameters, folder], { cwd: copy, stdio: 'inherit' }).status === 0;
}

const sources = filesIn(join(root, folder))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => relative(root, path));
for (const path of sources) writeCopy(path, hideDecorators(readFileSync(join(root, path), 'utf8')));
const format = configuration('.oxfmtrc.json');
writeCopy('.oxfmtrc.json', JSON.stringify({ ...format, ignorePatterns: [] }));
const lint = configuration('.oxlintrc.json');
writeCopy(
  '.oxlintrc.json',
  JSON.stringify({ ...lint, ignorePatterns: [], rules: { ...Object(lint['rules']), ...rules } }),
);

if (process.argv.includes('--write')) {
  if (!run('oxfmt/bin/oxfmt')) process.exitCode = 1;
  for (const path of sources) {
    const text = showDecorators(readFileSync(join(copy, path), 'utf8'));
    if (text !== readFileSync(join(root, path), 'utf8')) writeFileSync(join(root, path), text);
  }
} else {
  const formatted = run('oxfmt/bin/oxfmt', '--list-different');
  const linted = run('oxlint/bin/oxlint', '--deny-warnings');
  if (!formatted || !linted) process.exitCode = 1;
}
