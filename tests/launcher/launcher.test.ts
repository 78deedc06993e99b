// The launcher and the setup it does, in a small checkout whose npm, compiler and command line are stand-ins that
// write down how they were called.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

const repository = join(import.meta.dirname, '../../../..');
const commands = ['sh', 'cat', 'cmp', 'cp', 'dirname', 'find', 'head', 'mkdir', 'mv', 'rm', 'sleep', 'tail'];

/** What `lodge` runs in the end: it shows its arguments and the folder it was started in. */
const mainProgram = `console.log(JSON.stringify({ arguments: process.argv.slice(2), folder: process.cwd() }));
process.exitCode = 7;
`;
const compiler = `require('node:fs').appendFileSync('calls.log', 'tsc ' + process.argv.slice(2).join(' ') + '\\n');`;
const packageManager = `#!/bin/sh
echo "npm $*" >>calls.log
[ ! -e npm-fails ] || { echo 'no such host'; exit 1; }
mkdir -p node_modules/typescript/bin
cp compiler.js node_modules/typescript/bin/tsc
`;

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Checkout {
  readonly root: string;

  constructor(context: TestContext) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'lodge-launcher-')));
    context.after(() => rmSync(this.root, { recursive: true }));
    for (const name of ['lodge', 'tools/setup.sh', 'tools/find-node.sh']) {
      mkdirSync(dirname(join(this.root, name)), { recursive: true });
      cpSync(join(repository, name), join(this.root, name));
    }
    this.write('src/cli/main.ts', '');
    this.write('types/universal/index.d.ts', '');
    for (const name of ['tsconfig.base.json', 'package.json', 'package-lock.json']) this.write(name, '{}');
    this.write('build/js/tools/build.js', "require('node:fs').appendFileSync('calls.log', 'build\\n');");
    this.write('build/js/src/cli/main.js', mainProgram);
    this.write('compiler.js', compiler);
    for (const command of commands) this.link(command, which(command));
    this.link('node', process.execPath);
    this.program('npm', packageManager);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Puts a program on the PATH, in place of the one there is. */
  program(name: string, text: string): void {
    rmSync(join(this.root, 'path', name), { force: true });
    this.write(`path/${name}`, text);
    chmodSync(join(this.root, 'path', name), 0o755);
  }

  link(name: string, target: string): void {
    mkdirSync(join(this.root, 'path'), { recursive: true });
    symlinkSync(target, join(this.root, 'path', name));
  }

  lodge(parameters: readonly string[], options: { from?: string; program?: string; node?: string } = {}): Run {
    const program = options.program ?? join(this.root, 'lodge');
    const environment: Record<string, string> = { PATH: join(this.root, 'path') };
    if (options.node !== undefined) environment['LODGE_NODE'] = options.node;
    return spawnSync(program, parameters, { cwd: options.from ?? this.root, env: environment, encoding: 'utf8' });
  }

  /** What the stand-ins wrote down since the last time. */
  calls(): string[] {
    const log = join(this.root, 'calls.log');
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    rmSync(log);
    return lines;
  }

  /** Gives a file a date in the future, as an edit a moment later would. */
  touch(path: string): void {
    const later = new Date(Date.now() + 5000);
    utimesSync(join(this.root, path), later, later);
  }
}

function which(command: string): string {
  return spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim();
}

const everything = ['npm ci --include=dev --loglevel=error', 'tsc -b src/cli tools', 'build'];

test('the first start installs and builds, one line a step, and the second start does neither', (context) => {
  const checkout = new Checkout(context);
  const first = checkout.lodge(['run', 'debian', '--', 'echo', 'two words', '']);
  assert.equal(
    first.stderr,
    'lodge: installing npm packages (about a minute, this once)\nlodge: compiling TypeScript\n',
  );
  assert.deepEqual(JSON.parse(first.stdout), {
    arguments: ['run', 'debian', '--', 'echo', 'two words', ''],
    folder: checkout.root,
  });
  assert.equal(first.status, 7);
  assert.deepEqual(checkout.calls(), everything);
  const second = checkout.lodge(['--help']);
  assert.deepEqual([second.status, second.stderr], [7, '']);
  assert.deepEqual(checkout.calls(), []);
});

test('an edited source builds again, an edited test does not, and another lock file installs again', (context) => {
  const checkout = new Checkout(context);
  checkout.lodge([]);
  checkout.calls();
  checkout.write('src/cli/main.test.ts', '');
  utimesSync(join(checkout.root, 'src/cli'), new Date(0), new Date(0));
  checkout.touch('src/cli/main.test.ts');
  checkout.lodge([]);
  assert.deepEqual(checkout.calls(), []);
  checkout.touch('src/cli/main.ts');
  checkout.lodge([]);
  assert.deepEqual(checkout.calls(), ['tsc -b src/cli tools', 'build']);
  checkout.write('src/cli/main.ts', '');
  checkout.lodge([]);
  checkout.calls();
  checkout.write('package-lock.json', '{ "packages": {} }');
  checkout.touch('package-lock.json');
  checkout.lodge([]);
  assert.deepEqual(checkout.calls(), everything);
});

test('it runs through a chain of symbolic links from any folder', (context) => {
  const checkout = new Checkout(context);
  mkdirSync(join(checkout.root, 'elsewhere'));
  symlinkSync(join(checkout.root, 'lodge'), join(checkout.root, 'elsewhere/absolute'));
  symlinkSync('absolute', join(checkout.root, 'elsewhere/relative'));
  checkout.link('readlink', which('readlink'));
  const program = join(checkout.root, 'elsewhere/relative');
  const { stdout } = checkout.lodge(['x'], { from: '/', program });
  assert.deepEqual(JSON.parse(stdout), { arguments: ['x'], folder: '/' });
});

test('the Node.js that npm installed comes before the one on the PATH, unless it cannot run here', (context) => {
  const checkout = new Checkout(context);
  const own = 'mkdir -p node_modules/.bin && cp own-node node_modules/.bin/node\n';
  checkout.program('npm', packageManager + own);
  checkout.write('own-node', `#!/bin/sh\n[ "$1" = --version ] || echo own >&2\nexec "${process.execPath}" "$@"\n`);
  chmodSync(join(checkout.root, 'own-node'), 0o755);
  checkout.lodge([]);
  assert.equal(checkout.lodge([]).stderr, 'own\n');
  assert.equal(checkout.lodge([], { node: process.execPath }).stderr, '');
  rmSync(join(checkout.root, 'node_modules'), { recursive: true });
  rmSync(join(checkout.root, 'build/.ready'));
  checkout.write('own-node', '#!/nowhere/sh\n');
  checkout.lodge([]);
  const { status, stderr } = checkout.lodge([]);
  assert.deepEqual([status, stderr], [7, '']);
});

test('without a Node.js that is new enough it says so in one sentence and ends with 2', (context) => {
  const checkout = new Checkout(context);
  checkout.lodge([]);
  const advice = 'install it from nodejs.org and try again.\n';
  for (const [version, accepted] of [
    ['v20.18.3', false],
    ['v9.11.2', false],
    ['v20.19.0', true],
    ['v22.0.0', true],
  ] as const) {
    checkout.program('node', `#!/bin/sh\n[ "$1" != --version ] || { echo ${version}; exit; }\nexit 7\n`);
    const { status, stderr } = checkout.lodge([]);
    const sentence = `lodge: Lodge needs Node.js 20.19 or later and found ${version}; ${advice}`;
    assert.deepEqual([status, stderr], accepted ? [7, ''] : [2, sentence]);
  }
  rmSync(join(checkout.root, 'path/node'));
  const { status, stderr } = checkout.lodge([]);
  assert.equal(stderr, `lodge: Lodge needs Node.js 20.19 or later and found none; ${advice}`);
  assert.equal(status, 2);
});

test('where npm fails, its message and the advice are shown, nothing runs and the next start tries again', (context) => {
  const checkout = new Checkout(context);
  checkout.write('npm-fails', '');
  const { status, stdout, stderr } = checkout.lodge([]);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /no such host\nlodge: npm could not install the packages; check the network connection/);
  rmSync(join(checkout.root, 'npm-fails'));
  checkout.calls();
  assert.equal(checkout.lodge([]).status, 7);
  assert.deepEqual(checkout.calls(), everything);
  rmSync(join(checkout.root, 'path/npm'));
  rmSync(join(checkout.root, 'node_modules'), { recursive: true });
  checkout.touch('src/cli/main.ts');
  assert.match(checkout.lodge([]).stderr, /lodge: Lodge needs npm to set itself up; install Node\.js 20\.19 or later/);
});

test('a setup that was killed does not block the next one', (context) => {
  const checkout = new Checkout(context);
  const { pid } = spawnSync('true');
  checkout.write('build/.setup-lock/owner', `${pid}\n`);
  assert.equal(checkout.lodge([]).status, 7);
});
