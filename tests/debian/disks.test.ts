// Disks and shared directories under Debian's own drivers.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { imageObstacle, pullImage, repository } from './images.ts';
import { lodgeRun } from './lodge.ts';

const makeFileSystem = (path: string) =>
  spawnSync('/usr/sbin/mke2fs', ['-q', '-t', 'ext4', path], { encoding: 'utf8' });
const check = (path: string) => spawnSync('/usr/sbin/e2fsck', ['-f', '-y', path], { encoding: 'utf8' });
const skip =
  imageObstacle('debian', 'debian-i386') ||
  (makeFileSystem('--').error ? 'there is no mke2fs here to make a disk with' : false);

const directory = mkdtempSync(join(tmpdir(), 'lodge-guest-disks-'));
before(async () => {
  if (skip) return;
  await pullImage('debian');
  await pullImage('debian-i386');
});
after(() => rmSync(directory, { recursive: true }));

function newDisk(name: string): string {
  const path = join(directory, name);
  writeFileSync(path, '');
  truncateSync(path, 64 << 20);
  const { status, stderr } = makeFileSystem(path);
  assert.equal(status, 0, stderr);
  return path;
}

const shell = async (image: string, options: readonly string[], script: string): Promise<string> => {
  const { status, stdout, stderr } = await lodgeRun([image, ...options, '--', 'sh', '-e', '-c', script]);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout.toString();
};

for (const image of ['debian', 'debian-i386'] as const) {
  test(
    `${image} finds its disks in their order, and what it writes is there for the next guest`,
    { skip },
    async () => {
      const disk = newDisk(`${image}.img`);
      const second = join(directory, `${image}-second.img`);
      const content = randomBytes(3 << 20);
      writeFileSync(second, content);
      const options = ['--disk', disk, '--disk', `${second},readonly`];
      const written = await shell(
        image,
        options,
        `mkdir /m; mount /dev/vda /m; cat /sys/block/vd?/ro /sys/block/vda/serial; echo
       for n in 1 2 3 4 5 6 7 8 9; do dd if=/dev/urandom of=/m/$n bs=10007 count=$((n * 13)) 2>/dev/null; done
       dd if=/dev/vdb bs=64k 2>/dev/null | sha256sum
       cat /m/? | sha256sum; umount /m`,
      );
      const [rw, ro, serial, ofSecond, ofFiles] = written.split('\n');
      assert.deepEqual([rw, ro, serial], ['0', '1', 'disk0']);
      assert.equal(ofSecond, `${createHash('sha256').update(content).digest('hex')}  -`);
      assert.deepEqual(readFileSync(second), content);
      const { status, stdout } = check(disk);
      assert.equal(status, 0, stdout);
      const read = await shell(image, options, 'mkdir /m; mount -o ro /dev/vda /m; cat /m/? | sha256sum');
      assert.equal(read, `${ofFiles}\n`);
    },
  );
}

test('a disk with snapshot takes writes and keeps none', { skip }, async () => {
  const disk = newDisk('snapshot.img');
  const was = readFileSync(disk);
  const script = 'mkdir /m; mount /dev/vda /m; echo kept >/m/file; umount /m; mount /dev/vda /m; cat /m/file';
  assert.equal(await shell('debian', ['--disk', `${disk},snapshot`], script), 'kept\n');
  assert.ok(readFileSync(disk).equals(was));
});

test('a monitor that is killed loses nothing that the guest was told is on disk', { skip }, async () => {
  const disk = newDisk('killed.img');
  const script =
    'mkdir /m; mount /dev/vda /m; n=0; while :; do n=$((n + 1)); echo $n >/m/$((n % 50)); sync; echo $n; done';
  const child = spawn('./lodge', ['run', 'debian', '--disk', disk, '--', 'sh', '-e', '-c', script], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    // In the middle of something: the guest goes on with the next file as it says this.
    if (said.split('\n').length > 150) process.kill(-(child.pid as number), 'SIGKILL');
  });
  const [, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...how) => resolve(how)),
  );
  assert.equal(signal, 'SIGKILL');
  const last = Number(said.split('\n').at(-2));
  assert.ok(last >= 150);
  const { status, stdout } = check(disk);
  assert.ok(status === 0 || status === 1, stdout);
  const files = await shell('debian', ['--disk', disk], 'mkdir /m; mount /dev/vda /m; cat /m/[0-9]*');
  const found = new Set(files.trim().split('\n').map(Number));
  for (let n = last - 48; n <= last; n += 1) assert.ok(found.has(n), `${n} of ${last} is lost`);
});

test('a shared directory is read and written by 9P, and a link leads nowhere outside of it', { skip }, async () => {
  const shared = join(directory, 'shared');
  mkdirSync(shared);
  const content = randomBytes(1_500_000);
  writeFileSync(join(shared, 'from-host'), content);
  writeFileSync(join(directory, 'secret'), 'of the host');
  symlinkSync(join(directory, 'secret'), join(shared, 'link'));
  const said = await shell(
    'debian-i386',
    ['--share', `${shared}:work`],
    `mkdir /n; mount -t 9p -o trans=virtio,version=9p2000.L work /n
     sha256sum </n/from-host; cat /n/link 2>&1 || true
     umask 077; dd if=/dev/zero bs=1000 count=700 2>/dev/null | tr '\\0' x >/n/from-guest
     mkdir /n/d; mv /n/from-guest /n/d/moved; ls -l /n/d | tail -1 | cut -c1-10; umount /n`,
  );
  const [sum, link, mode] = said.split('\n');
  assert.equal(sum, `${createHash('sha256').update(content).digest('hex')}  -`);
  assert.match(link ?? '', /No such file or directory/);
  assert.equal(mode, '-rw-------');
  assert.equal(readFileSync(join(shared, 'd/moved'), 'latin1'), 'x'.repeat(700_000));
  assert.equal(statSync(join(shared, 'd/moved')).mode & 0o777, 0o600);
});
