// Each guard of the sources is shown to fail: one violation is planted in a small copy of the project.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

const repository = join(import.meta.dirname, '../../../..');
const tools = {
  tsc: 'typescript/bin/tsc',
  oxlint: 'oxlint/bin/oxlint',
  oxfmt: 'oxfmt/bin/oxfmt',
  knip: 'knip/bin/knip.js',
} as const;

interface Copy {
  write(path: string, text: string): void;
  run(tool: keyof typeof tools, ...parameters: string[]): { status: number | null; output: string };
}

/** The configuration of this project without its sources, in a folder of its own. */
function copyOfTheProject(context: TestContext): Copy {
  const root = mkdtempSync(join(tmpdir(), 'lodge-guards-'));
  context.after(() => rmSync(root, { recursive: true }));
  for (const name of ['.oxlintrc.json', '.oxfmtrc.json', 'knip.json', 'package.json', 'tsconfig.base.json', 'types']) {
    cpSync(join(repository, name), join(root, name), { recursive: true });
  }
  for (const layer of layers()) {
    mkdirSync(join(root, 'src', layer), { recursive: true });
    cpSync(join(repository, 'src', layer, 'tsconfig.json'), join(root, 'src', layer, 'tsconfig.json'));
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  return {
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    run(tool, ...parameters) {
      const program = join(repository, 'node_modules', tools[tool]);
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...parameters], {
        cwd: root,
        encoding: 'utf8',
      });
      return { status, output: stdout + stderr };
    },
  };
}

/** The folders below src that are projects, such as `cpu` and `host/node`. */
function layers(): string[] {
  return readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/tsconfig.json'))
    .map((path) => dirname(path))
    .sort();
}

interface Configuration {
  references: { path: string }[];
  overrides: { files: string[]; rules: Record<string, [string, { patterns: { regex: string; message: string }[] }]> }[];
}

function configuration(path: string): Configuration {
  return JSON.parse(readFileSync(join(repository, path), 'utf8')) as Configuration;
}

test('the compiler refuses an import that the layers forbid', (context) => {
  const copy = copyOfTheProject(context);
  copy.write('src/isa/opcode.ts', 'export const opcode = 1;\n');
  copy.write('src/wasm/section.ts', 'export const section = 1;\n');
  assert.deepEqual(copy.run('tsc', '-b', 'src/isa', 'src/wasm'), { status: 0, output: '' });
  copy.write('src/wasm/section.ts', "export { opcode } from '../isa/opcode.ts';\n");
  // By force: the compiler tells what has changed by the time of writing, which may be too short after the first run.
  const { status, output } = copy.run('tsc', '-b', '--force', 'src/isa', 'src/wasm');
  assert.notEqual(status, 0);
  assert.match(output, /src\/wasm\/section\.ts.*TS6307/);
});

test('the compiler refuses a Node global below src/host', (context) => {
  const copy = copyOfTheProject(context);
  copy.write('src/base/clock.ts', 'export const identity = process.pid;\n');
  const { status, output } = copy.run('tsc', '-b', 'src/base');
  assert.notEqual(status, 0);
  assert.match(output, /src\/base\/clock\.ts.*'process'/);
});

test('the linter says in words which folders a layer may import', (context) => {
  const copy = copyOfTheProject(context);
  copy.write('src/isa/opcode.ts', 'export const opcode = 1;\n');
  copy.write('src/memory/frames.ts', "export { opcode } from '../isa/opcode.ts';\n");
  const { status, output } = copy.run('oxlint');
  assert.equal(status, 1);
  assert.match(output, /src\/memory may import base and core only: see ARCHITECTURE\.md/);
});

test('the linter forbids exactly what the compiler does, layer by layer', () => {
  const { overrides } = configuration('.oxlintrc.json');
  const all = layers();
  for (const layer of all) {
    const { references } = configuration(`src/${layer}/tsconfig.json`);
    const allowed = references.map(({ path }) => posix.join(layer, path));
    const override = overrides.find(({ files }) => files.includes(`src/${layer}/**/*.ts`));
    const pattern = override?.rules['no-restricted-imports']?.[1].patterns[0];
    assert.ok(pattern, `.oxlintrc.json has no rule for src/${layer}`);
    for (const other of all.filter((name) => name !== layer)) {
      const forbidden = new RegExp(pattern.regex).test(`../${other}/some-file.ts`);
      assert.equal(forbidden, !allowed.includes(other), `src/${layer} importing src/${other}`);
      assert.equal(pattern.message.split(/[ ,]+/).includes(other), allowed.includes(other), pattern.message);
    }
  }
});

test('the linter finds an import cycle', (context) => {
  const copy = copyOfTheProject(context);
  copy.write('src/cpu/exits.ts', "import { vcpu } from './vcpu.ts';\nexport const exits = [vcpu];\n");
  copy.write('src/cpu/vcpu.ts', "import { exits } from './exits.ts';\nexport const vcpu = exits.length;\n");
  const { status, output } = copy.run('oxlint');
  assert.equal(status, 1);
  assert.match(output, /import\(no-cycle\)/);
});

test('the linter finds a file that is misnamed, too long or unfinished', (context) => {
  const copy = copyOfTheProject(context);
  copy.write('src/cpu/vcpu.ts', 'export const vcpu = 1;\n');
  assert.equal(copy.run('oxlint').status, 0);
  const cases = [
    ['src/cpu/programmableTimer.ts', 'export const timer = 1;\n', /unicorn\(filename-case\)/],
    ['src/cpu/exit-reasons.ts', 'export {};\n'.repeat(301), /eslint\(max-lines\)/],
    ['src/cpu/task-switch.ts', `export {}; // ${['TO', 'DO'].join('')}: the rest\n`, /eslint\(no-warning-comments\)/],
  ] as const;
  for (const [path, text, message] of cases) {
    copy.write(path, text);
    const { status, output } = copy.run('oxlint', path);
    assert.equal(status, 1, path);
    assert.match(output, message);
  }
});

test('the formatter finds a file that is not formatted', (context) => {
  const copy = copyOfTheProject(context);
  copy.write('src/cpu/vcpu.ts', "export const engine = 'interpreter';\n");
  assert.equal(copy.run('oxfmt', '--check', 'src/cpu/vcpu.ts').status, 0);
  copy.write('src/cpu/vcpu.ts', 'export const engine = "interpreter"\n');
  const { status, output } = copy.run('oxfmt', '--check', 'src/cpu/vcpu.ts');
  assert.equal(status, 1);
  assert.match(output, /src\/cpu\/vcpu\.ts/);
});

test('knip finds a file and an export that nothing uses', (context) => {
  const copy = copyOfTheProject(context);
  copy.write('src/cli/main.ts', "import { used } from '../cpu/vcpu.ts';\nused();\n");
  copy.write('src/cpu/vcpu.ts', 'export function used(): void {}\nexport function forgotten(): void {}\n');
  copy.write('src/cpu/orphan.ts', 'export {};\n');
  const { status, output } = copy.run('knip', '--no-progress', '--include', 'files,exports');
  assert.equal(status, 1);
  assert.match(output, /src\/cpu\/orphan\.ts/);
  assert.match(output, /forgotten.*src\/cpu\/vcpu\.ts/);
  assert.doesNotMatch(output, /\bused /);
});
