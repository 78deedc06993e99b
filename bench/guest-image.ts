// The images that the systems boot. Each architecture has a directory in build/bench:
//   tree/        the root file system, in which the host runs the same programs
//   large.img    the same as an initramfs, for all rows but boot
//   small.img    the ordinary image of Lodge with the benchmark's init, for the rows of boot
//   stamp        of what they were made

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { appletNames } from '../src/cli/images/applets.ts';
import type { CachedImage } from '../src/cli/images/cache.ts';
import { findImage } from '../src/cli/images/cache.ts';
import { recipes } from '../src/cli/images/catalogue.ts';
import type { CpioMember } from '../src/cli/images/cpio.ts';
import { writeCpio } from '../src/cli/images/cpio.ts';
import { pullForUser } from '../src/cli/images/pull-for-user.ts';
import type { Architecture } from './architecture.ts';
import { platforms } from './architecture.ts';
import { compilePrograms, programDirectory } from './compile-programs.ts';
import { packageSelection, unpackPackages } from './guest-packages.ts';
import { projectDirectory } from './processes.ts';
import { readMember } from './read-cpio.ts';
import { IMAGE_ROWS } from './rows.ts';

const SCRIPTS = ['python.py', 'perl.pl', 'shell.sh', 'stb.c'];
const scriptDirectory = join(projectDirectory, 'bench/scripts');
const initScript = join(projectDirectory, 'bench/guest-init.sh');

export interface GuestImage {
  readonly kernel: string;
  /** The kernel command line. */
  readonly append: string;
  readonly small: string;
  readonly large: string;
  /** The root directory for the same programs on the host. */
  readonly tree: string;
}

/** Makes what is out of date of the images of an architecture. Throws an Error when that cannot be done. */
export async function makeGuestImage(architecture: Architecture): Promise<GuestImage> {
  const directory = join(projectDirectory, 'build/bench', architecture);
  const tree = join(directory, 'tree');
  const base = await baseImage(architecture);
  const image = {
    kernel: base.kernel,
    append: `${base.manifest.append} panic=-1 quiet`,
    small: join(directory, 'small.img'),
    large: join(directory, 'large.img'),
    tree,
  };
  const packagesStamp = join(directory, 'packages.stamp');
  if (!isCurrent(packagesStamp, packageSelection(architecture))) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    await unpackPackages(architecture, tree, join(directory, 'apt'));
    writeFileSync(packagesStamp, packageSelection(architecture));
  }
  const stamp = join(directory, 'stamp');
  const content = sourcesHash(base);
  if (isCurrent(stamp, content)) return image;
  rmSync(stamp, { force: true });
  const initrd = readFileSync(base.initrd);
  addBusybox(tree, readMember(initrd, 'usr/bin/busybox'));
  rmSync(join(tree, 'bench'), { recursive: true, force: true });
  mkdirSync(join(tree, 'bench/rows'), { recursive: true });
  compilePrograms(architecture, join(tree, 'bench/rows'));
  addScripts(tree);
  const init: CpioMember = { kind: 'file', path: 'init', data: readFileSync(initScript), mode: 0o755 };
  writeFileSync(image.small, Buffer.concat([initrd, writeCpio([init])]));
  // Behind the ordinary image, whose directories and scripts it shares.
  writeFileSync(image.large, Buffer.concat([initrd, writeCpio([...treeMembers(tree), init])]));
  writeFileSync(stamp, content);
  return image;
}

const isCurrent = (stamp: string, content: string): boolean =>
  existsSync(stamp) && readFileSync(stamp, 'utf8') === content;

async function baseImage(architecture: Architecture): Promise<CachedImage> {
  const { image } = platforms[architecture];
  if (findImage(image) === undefined) await pullForUser(recipes.find(({ name }) => name === image)!);
  return findImage(image)!;
}

/** A hash over everything that the images are made of besides packages. */
function sourcesHash(base: CachedImage): string {
  const hash = createHash('sha256').update(JSON.stringify([base.manifest, IMAGE_ROWS]));
  const inDirectory = (directory: string): string[] =>
    readdirSync(directory)
      .sort()
      .map((name) => join(directory, name));
  for (const file of [...inDirectory(programDirectory), ...inDirectory(scriptDirectory), initScript]) {
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

function addBusybox(tree: string, busybox: Buffer): void {
  writeFileSync(join(tree, 'usr/bin/busybox'), busybox, { mode: 0o755 });
  for (const name of appletNames(busybox)) {
    const path = join(tree, 'usr/bin', name);
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync('busybox', path);
  }
}

function addScripts(tree: string): void {
  for (const name of SCRIPTS) copyFileSync(join(scriptDirectory, name), join(tree, 'bench', name));
  for (const { name, script } of IMAGE_ROWS) {
    if (script === undefined) continue;
    const path = join(tree, 'bench/rows', name);
    writeFileSync(path, `#!/bin/sh\n${script.join('\n')}\n`);
    chmodSync(path, 0o755);
  }
  copyFileSync(initScript, join(tree, 'bench/init'));
  chmodSync(join(tree, 'bench/init'), 0o755);
}

/** What stands in the tree, as members of an archive: a directory before what is in it. */
function treeMembers(tree: string, directory = ''): CpioMember[] {
  const members: CpioMember[] = [];
  for (const entry of readdirSync(join(tree, directory), { withFileTypes: true })) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    const full = join(tree, path);
    const mode = lstatSync(full).mode & 0o7777;
    if (entry.isSymbolicLink()) members.push({ kind: 'link', path, target: readlinkSync(full) });
    else if (entry.isFile()) members.push({ kind: 'file', path, data: readFileSync(full), mode });
    // The guest mounts others over these two.
    else if (path !== 'tmp' && path !== 'dev') {
      members.push({ kind: 'directory', path, mode }, ...treeMembers(tree, path));
    }
  }
  return members;
}
