// The images that these tests boot: those of `lodge run`, from the user's own cache, built there when they are missing.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const repository = join(import.meta.dirname, '../../../..');

export type ImageName = 'debian' | 'debian-i386' | 'debian-full';

const images = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lodge/images');
const manifest = (name: ImageName): string => join(images, `${name}.json`);
const run = (program: string, args: readonly string[]) =>
  spawnSync(program, args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });

/** Why there is no image to boot here and none can be built, or false. For the `skip` of a test. */
export function imageObstacle(...names: readonly ImageName[]): string | false {
  if (names.every((name) => existsSync(manifest(name))) || run('apt-get', ['--version']).status === 0) return false;
  return 'there is no apt-get here to build the image from Debian packages';
}

/** The same for the image on a disk, which takes more than the package tools to build. */
export function diskImageObstacle(): string | false {
  if (existsSync(manifest('debian-full'))) return false;
  if (run('mmdebstrap', ['--version']).status !== 0) return 'there is no mmdebstrap here to build the image with';
  return process.getuid?.() === 0 ? false : 'the image is built by root';
}

/** The files of an image, and the kernel command line to boot it with. */
export function imageFiles(name: ImageName): { file: (name: string) => string; append: string } {
  const { directory, append } = JSON.parse(readFileSync(manifest(name), 'utf8')) as {
    directory: string;
    append: string;
  };
  return { file: (file) => join(images, directory, file), append };
}

/** Has the image built when it is missing. Test files run at the same time, and one of them is to do it. */
export async function pullImage(name: ImageName): Promise<void> {
  const lock = join(repository, `build/.pulling-${name}`);
  const stale = Date.now() - 10 * 60_000;
  if (existsSync(lock) && statSync(lock).mtimeMs < stale) rmSync(lock, { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      await sleep(500);
    }
  }
  try {
    if (existsSync(manifest(name))) return;
    const { status, stderr } = run('./lodge', ['image', 'pull', name]);
    if (status !== 0) throw new Error(`lodge image pull ${name} gave ${status}: ${stderr}`);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The busybox of an image, which runs on the host as well, out of the image's initial ramdisk. */
export function busyboxOf(name: ImageName): Buffer {
  const { directory } = JSON.parse(readFileSync(manifest(name), 'utf8')) as { directory: string };
  const archive = readFileSync(join(images, directory, 'initrd'));
  // Members of a cpio archive: 13 fields of 8 hexadecimal digits behind a magic number, name, data (see cpio.ts of the CLI).
  for (let offset = 0; archive.toString('latin1', offset, offset + 6) === '070701';) {
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', offset + 6 + index * 8, offset + 14 + index * 8), 16);
    const [size, nameLength] = [field(6), field(11)];
    const path = archive.toString('latin1', offset + 110, offset + 109 + nameLength);
    const data = (offset + 110 + nameLength + 3) & ~3;
    if (path === 'usr/bin/busybox') return archive.subarray(data, data + size);
    offset = (data + size + 3) & ~3;
  }
  throw new Error(`The image ${name} has no busybox.`);
}
