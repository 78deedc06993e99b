// Building an image with package tools that stand in for apt: what they give and how they fail is ours to choose.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.js', import.meta.url));
const skip = spawnSync('dpkg-deb', ['--version']).status === 0 ? false : 'needs dpkg-deb';

let directory = '';
let cache = '';
const packages = (): string => join(directory, 'packages');

const APPLETS = ['[', '[[', 'cttyhack', 'dd', 'init', 'ip', 'mount', 'poweroff', 'reboot', 'sh', 'stty', 'umount'];

function makePackage(name: string, path: string, content: string): void {
  const tree = join(directory, `tree-${name}`);
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  mkdirSync(join(tree, path, '..'), { recursive: true });
  writeFileSync(
    join(tree, 'DEBIAN/control'),
    `Package: ${name}\nVersion: 1-1\nArchitecture: amd64\nMaintainer: test <test@example.org>\nDescription: test\n`,
  );
  writeFileSync(join(tree, path), content);
  const built = spawnSync('dpkg-deb', ['-b', '--root-owner-group', tree, join(packages(), `${name}.deb`)]);
  assert.equal(built.status, 0, String(built.stderr));
}

function tool(name: string, script: string): void {
  const path = join(directory, 'tools', name);
  writeFileSync(path, `#!/bin/sh\nfor last; do :; done\n${script}`);
  chmodSync(path, 0o755);
}

before(() => {
  if (skip) return;
  directory = mkdtempSync(join(tmpdir(), 'lodge-pull-'));
  for (const name of ['packages', 'tools']) mkdirSync(join(directory, name));
  makePackage('linux-image-9-cloud-amd64', 'boot/vmlinuz-9-cloud-amd64', 'the kernel');
  makePackage('busybox-static', 'bin/busybox', `\0${APPLETS.join('\0')}\0\0`);
});

after(() => {
  if (directory !== '') rmSync(directory, { recursive: true });
});

beforeEach(() => {
  if (skip) return;
  cache = mkdtempSync(join(directory, 'cache-'));
  tool(
    'apt-cache',
    `case $last in
      linux-image-cloud-amd64) printf 'Package: %s\\nVersion: 9-1\\nDepends: linux-image-9-cloud-amd64 (= 1-1)\\n' "$last" ;;
      *) printf 'Package: %s\\nVersion: 1-1\\n' "$last" ;;
    esac\n`,
  );
  tool('apt-get', `echo "dlstatus:1:50.0:half" >&3; cp "${packages()}/\${last%%=*}.deb" .\n`);
});

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${join(directory, 'tools')}:${process.env['PATH']}`,
  XDG_CACHE_HOME: cache,
  NODE_TEST_CONTEXT: '',
});

function lodge(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
}

const images = (): string => join(cache, 'lodge/images');
const cached = (): string[] => (existsSync(images()) ? readdirSync(images()).toSorted() : []);
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

test('an image is built, listed, built again and removed', { skip }, () => {
  const pulled = lodge('image', 'pull', 'debian');
  assert.equal(pulled.status, 0, pulled.stderr);
  assert.match(pulled.stderr, /^downloading linux-image-9-cloud-amd64 1-1$/m);
  const [files = '', manifestFile = ''] = cached();
  assert.equal(manifestFile, 'debian.json');
  const manifest = JSON.parse(readFileSync(join(images(), manifestFile), 'utf8')) as Record<string, unknown>;
  assert.equal(manifest['directory'], files);
  assert.deepEqual(manifest['packages'], { 'linux-image-9-cloud-amd64': '1-1', 'busybox-static': '1-1' });
  assert.equal(readFileSync(join(images(), files, 'kernel'), 'utf8'), 'the kernel');
  assert.match(readFileSync(join(images(), files, 'initrd'), 'latin1'), /^070701[^]*usr\/bin\/stty\0[^]*TRAILER!!!/);
  assert.match(lodge('image', 'list').stdout, /debian .* linux-image-9-cloud-amd64/);

  assert.equal(lodge('image', 'pull', 'debian').status, 0);
  assert.equal(cached().length, 2);
  assert.notEqual(cached()[0], files);

  assert.equal(lodge('image', 'remove', 'debian').status, 0);
  assert.deepEqual(cached(), []);
});

const failures: [what: string, script: string, sentence: RegExp][] = [
  [
    'a full disk',
    "echo 'E: Write error - write (28: No space left on device)' >&2; exit 100\n",
    /^lodge: The disk is full: there is no room to download linux-image-9-cloud-amd64=1-1; .*\.$/,
  ],
  [
    'an archive that cannot be reached',
    "echo 'E: Failed to fetch http://deb.example.org/x  Could not connect to deb.example.org:80' >&2; exit 100\n",
    /^lodge: deb\.example\.org cannot be reached to download linux-image-9-cloud-amd64=1-1; .*\.$/,
  ],
  [
    'a package that is cut short',
    'head -c 300 /dev/zero >broken.deb\n',
    /^lodge: The image debian could not be built .*\.$/,
  ],
];

for (const [what, script, sentence] of failures) {
  test(`${what} leaves the cache as it was`, { skip }, () => {
    assert.equal(lodge('image', 'pull', 'debian').status, 0);
    const beforehand = cached();
    tool('apt-get', script);
    const { status, stderr } = lodge('image', 'pull', 'debian');
    assert.match(lastLine(stderr), sentence);
    assert.equal(status, 2);
    assert.deepEqual(cached(), beforehand);
  });
}

test('a machine without the package', { skip }, () => {
  tool('apt-cache', 'exit 0\n');
  tool('apt-get', 'exit 0\n');
  const { status, stderr } = lodge('image', 'pull', 'debian');
  assert.match(
    lastLine(stderr),
    /^lodge: The apt sources of this machine do not offer the package linux-image-cloud-amd64; /,
  );
  assert.equal(status, 2);
  assert.deepEqual(cached(), []);
});

test('lists are fetched when the machine has none, and another version is taken when one has gone', { skip }, () => {
  const updated = join(directory, 'updated');
  tool(
    'apt-cache',
    `[ -e ${updated} ] || exit 0
    case $last in
      linux-image-cloud-amd64) for n in 10 9; do printf 'Package: %s\\nVersion: 1\\nDepends: linux-image-%s-cloud-amd64\\n\\n' "$last" $n; done ;;
      *) printf 'Package: %s\\nVersion: 1-1\\n' "$last" ;;
    esac\n`,
  );
  tool(
    'apt-get',
    `case " $* " in *" update "*) touch ${updated} ;; *) cp "${packages()}/\${last%%=*}.deb" . ;; esac\n`,
  );
  const { status, stderr } = lodge('image', 'pull', 'debian');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^fetching the package lists for amd64$/m);
  assert.match(lodge('image', 'list').stdout, /linux-image-9-cloud-amd64/);
});

test('an interruption leaves nothing behind', { skip }, async () => {
  tool('apt-get', 'echo partial >half.deb; exec sleep 60\n');
  const child = spawn(process.execPath, [main, 'image', 'pull', 'debian'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment(),
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    if (/downloading/.test(chunk)) setTimeout(() => child.kill('SIGINT'), 200);
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.match(lastLine(stderr), /^lodge: The image debian was not built because it was interrupted; .*\.$/);
  assert.equal(status, 2);
  assert.deepEqual(cached(), []);
});

test('a cache that cannot be written', { skip }, () => {
  writeFileSync(join(cache, 'lodge'), 'a file in its place');
  const { status, stderr } = lodge('image', 'pull', 'debian');
  assert.match(stderr, /^lodge: The image debian cannot be stored because .* cannot be written \(ENOTDIR\); .*\.\n$/);
  assert.equal(status, 2);
});

test('what a build that was killed left behind goes with the next one', { skip }, () => {
  mkdirSync(join(images(), '.partial-999999999-abc'), { recursive: true });
  mkdirSync(join(images(), 'debian-old'));
  assert.equal(lodge('image', 'pull', 'debian').status, 0);
  assert.deepEqual(
    cached().filter((entry) => entry === 'debian-old' || entry.startsWith('.')),
    [],
  );
});
