// Every mistake in what is asked gives one sentence on standard error and status 2, from the process itself.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extraDeviceNames } from '../machine/pc-board.ts';
import { DEVICES } from './commands/run.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
let directory = '';

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lodge-bad-'));
  writeFileSync(join(directory, 'text'), 'no kernel at all');
  writeFileSync(join(directory, 'empty'), '');
  writeFileSync(join(directory, 'forbidden'), 'x');
  chmodSync(join(directory, 'forbidden'), 0);
  writeFileSync(join(directory, 'multiboot'), multibootKernel());
  writeFileSync(join(directory, 'large'), Buffer.alloc(5 << 20));
});

after(() => rmSync(directory, { recursive: true }));

// A Multiboot kernel of one instruction at 1 MiB, by its address fields (Multiboot 0.6.96, 3.1).
function multibootKernel(): Uint8Array {
  const magic = 0x1badb002;
  const flags = 1 << 16;
  const load = 0x100000;
  const words = [magic, flags, -(magic + flags), load, load, load + 36, load + 36, load + 32, 0xf4];
  return new Uint8Array(Int32Array.from(words).buffer.slice(0, 36));
}

function lodge(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 60_000,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, XDG_CACHE_HOME: join(directory, 'cache'), NODE_TEST_CONTEXT: '' },
  });
}

const cases: [args: string, sentence: RegExp][] = [
  ['rum', /There is no command rum; did you mean run\?/],
  ['frobnicate', /There is no command frobnicate; lodge --help lists what there is\./],
  ['--verison', /There is no option --verison; did you mean --version\?/],
  ['run', /There is nothing to run; name an image, as in lodge run debian, or a kernel with --kernel FILE\./],
  ['run --memroy 1G debian', /There is no option --memroy of lodge run; did you mean --memory\?/],
  ['run debain', /There is no image debain; did you mean debian\?/],
  ['run fedora', /There is no image fedora; there are debian, debian-i386 and debian-full\./],
  ['run text', /There is no image text; to boot the file, write lodge run --kernel text\./],
  ['run debian true', /The argument "true" is one too many; write -- before a command and its arguments\./],
  ['run debian --', /The command after -- is missing; .*\./],
  ['run debian --kernel text', /The image debian and the option --kernel exclude each other; leave one of them out\./],
  ['run debian --module text', /The image debian and the option --module exclude each other; leave one of them out\./],
  ['run --kernel multiboot --disk absent.img', /The disk absent\.img does not exist; check its name\./],
  ['run --kernel multiboot --disk .', /The disk \. is a directory; .*\./],
  ['run --kernel multiboot --disk empty', /The disk empty is empty; give it a size, as with truncate -s 1G\./],
  [
    'run --kernel multiboot --disk large,format=qcow2',
    /The disk large is no qcow2 image; check its name, or give format=raw\./,
  ],
  ['run --kernel multiboot --disk large,size=3', /.*size=3.*\./],
  [
    'run --kernel multiboot --disk nbd://127.0.0.1:1/x',
    /The disk nbd:.*127\.0\.0\.1:1.x cannot be had: nothing listens there; .*\./,
  ],
  ['run --kernel multiboot --share absent:tag', /.*absent.* does not exist; .*\./],
  ['run --kernel multiboot --share text:tag', /.*text.* is no directory.*\./],
  ['run --kernel multiboot --share .', /The share \. has no directory or no tag; .*\./],
  ['run --kernel multiboot --network lan', /--network lan is none of none\|user\|switch:NAME\[,nat\]; .*\./],
  ['run --kernel multiboot --publish 80', /--publish 80 is not .*; write, for instance, .*\./],
  ['run --kernel multiboot --network none --publish 8080:80', /--publish is for --network user, not for none; .*\./],
  ['run --kernel multiboot --allow a..b', /--allow a\.\.b .*\./],
  ['run --kernel multiboot --snapshot', /--snapshot is for the disk of an image; write --disk FILE,snapshot .*\./],
  ['run --kernel text -- true', /A command after -- needs an image to run in; .*\./],
  ['run --kernel', /The option --kernel lacks its value; write --kernel FILE\./],
  ['run --kernel absent', /The kernel absent does not exist; check its name\./],
  ['run --kernel .', /The kernel \. is a directory; name a file in it\./],
  ['run --kernel text', /The file is no kernel that Lodge knows; .*\./],
  ['run --kernel empty', /The kernel file is empty; .*\./],
  ['run --kernel text --initrd absent', /The initrd absent does not exist; check its name\./],
  ['run --kernel multiboot --module absent', /The module absent does not exist; check its name\./],
  [
    'run --kernel multiboot --initrd large --memory 4M',
    /The initrd \(5 MiB\) does not fit in guest memory .*--memory\./,
  ],
  ['run --kernel multiboot --memory 512K', /.*--memory\./],
  [
    'run --kernel multiboot --memory lots',
    /The option --memory takes a size with its unit, such as 512M or 2G, not "lots"\./,
  ],
  ['run --kernel multiboot --memory 900G', /.*--memory\./],
  ['run --kernel text --device debug-exti', /There is no device debug-exti; did you mean debug-exit\?/],
  ['run --kernel text --device floppy', /There is no device floppy; there is debug-exit\./],
  ['run --kernel text --engine jit', /The option --engine takes one of interpreter, translator, auto, not "jit"\./],
  ['run --kernel text --clock sun', /The option --clock takes one of host, instructions, not "sun"\./],
  ['run --kernel text --timeout soon', /The option --timeout takes a time, .*, not "soon"\./],
  [
    'run --kernel text --dump-region start_kernel',
    /The option --dump-region takes an address of 64 bits, such as 0xffffffff81000000, not "start_kernel"\./,
  ],
  [
    'run --kernel text --dump-region 0x12345678123456789',
    /The option --dump-region takes an address of 64 bits, such as 0xffffffff81000000, not "0x12345678123456789"\./,
  ],
  [
    'run --kernel text --dump-region 0x1000 --engine interpreter',
    /The interpreter translates nothing that --dump-region could show; leave one of them out\./,
  ],
  ['run --kernel text --stats absent/file', /The statistics cannot be written to absent\/file \(ENOENT\); .*\./],
  ['run --kernel text --stats .', /The statistics cannot be written to \. \(EISDIR\); .*\./],
  ['image', /Say what to do: .*\./],
  ['image pul debian', /There is no lodge image pul; did you mean pull\?/],
  ['image pull', /Name the image, as in lodge image pull debian\./],
  ['image pull debain', /There is no image debain; did you mean debian\?/],
  ['image remove debian', /The image debian is not in the cache, so there is nothing to remove\./],
  ['image list debian', /The argument "debian" is one too many; .*\./],
];

for (const [args, sentence] of cases) {
  test(`lodge ${args}`, () => {
    const { status, stdout, stderr } = lodge(args.split(' '));
    assert.match(stderr, new RegExp(`^lodge: ${sentence.source}\\n$`));
    assert.equal(stdout, '');
    assert.equal(status, 2);
  });
}

// root may read every file.
test('a kernel that may not be read', { skip: process.getuid?.() === 0 }, () => {
  const { status, stderr } = lodge(['run', '--kernel', 'forbidden']);
  assert.match(stderr, /^lodge: The kernel forbidden cannot be read because its permissions forbid it; .*\.\n$/);
  assert.equal(status, 2);
});

test('without a command there is help, and it counts as a mistake', () => {
  const { status, stdout, stderr } = lodge([]);
  assert.match(stderr, /^Usage: lodge COMMAND/);
  assert.equal(stdout, '');
  assert.equal(status, 2);
});

test('help and version go to standard output with status 0', () => {
  for (const args of [
    ['--help'],
    ['help'],
    ['run', '--help'],
    ['help', 'image'],
    ['image', 'pull', '-h'],
    ['--version'],
  ]) {
    const { status, stdout, stderr } = lodge(args);
    assert.match(stdout, /^(Usage: lodge|lodge \d)/, args.join(' '));
    assert.equal(stderr, '');
    assert.equal(status, 0);
  }
});

test('the devices that --device knows are those of the board', () => {
  assert.deepEqual(DEVICES, extraDeviceNames);
});
