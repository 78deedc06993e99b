// The root file system of an image: a static busybox, a link for each of its applets, and the scripts
// that stand in `images/` of this project.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from '../../host/node/project-directory.ts';
import { appletNames } from './applets.ts';
import type { CpioMember } from './cpio.ts';
import { writeCpio } from './cpio.ts';
import { driverTable } from './drivers.ts';

// Where each file of `images/` goes in the guest, and its mode.
const SCRIPTS: readonly [file: string, guestPath: string, mode: number][] = [
  ['init', 'init', 0o755],
  ['run-command', 'usr/lib/lodge/run-command', 0o755],
  ['configure-network', 'usr/lib/lodge/configure-network', 0o755],
  ['follow-window', 'usr/lib/lodge/follow-window', 0o755],
  ['session', 'usr/lib/lodge/session', 0o755],
  ['inittab', 'etc/inittab', 0o644],
  ['profile', 'etc/profile', 0o644],
  ['fstab', 'etc/fstab', 0o644],
  ['passwd', 'etc/passwd', 0o644],
  ['group', 'etc/group', 0o644],
];

const DIRECTORIES: readonly [path: string, mode: number][] = [
  ['dev', 0o755],
  ['etc', 0o755],
  ['proc', 0o555],
  ['root', 0o700],
  ['run', 0o755],
  ['sys', 0o555],
  ['tmp', 0o1777],
  ['usr', 0o755],
  ['usr/bin', 0o755],
  ['usr/lib', 0o755],
  ['usr/lib/lodge', 0o755],
  ['usr/lib/lodge/modules', 0o755],
  ['var', 0o755],
];

// Debian's merged /usr: one directory holds every program, under all of its usual names.
const MERGED: readonly [path: string, target: string][] = [
  ['bin', 'usr/bin'],
  ['sbin', 'usr/bin'],
  ['usr/sbin', 'bin'],
  ['lib', 'usr/lib'],
  ['etc/mtab', '../proc/self/mounts'],
];

// What is there before /init mounts devtmpfs: the numbers are Linux's, admin-guide/devices.txt.
const DEVICES: readonly CpioMember[] = [
  { kind: 'character-device', path: 'dev/console', major: 5, minor: 1, mode: 0o600 },
  { kind: 'character-device', path: 'dev/null', major: 1, minor: 3, mode: 0o666 },
];

/** The scripts of this version of Lodge. In an archive behind an older one they take the place of its own. */
export function scriptMembers(): CpioMember[] {
  const directory = join(projectDirectory(), 'images');
  return SCRIPTS.map(([file, path, mode]) => ({ kind: 'file', path, data: readFileSync(join(directory, file)), mode }));
}

/**
 * The initramfs, a newc archive, around a static busybox.
 * @param modules modules of the kernel by name, such as `virtio_blk`
 */
export function buildInitramfs(busybox: Uint8Array, modules: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const members: CpioMember[] = [];
  for (const [path, mode] of DIRECTORIES) members.push({ kind: 'directory', path, mode });
  for (const [path, target] of MERGED) members.push({ kind: 'link', path, target });
  members.push(...DEVICES);
  members.push({ kind: 'file', path: 'usr/bin/busybox', data: busybox, mode: 0o755 });
  for (const name of appletNames(busybox)) {
    if (name !== 'busybox') members.push({ kind: 'link', path: `usr/bin/${name}`, target: 'busybox' });
  }
  for (const [name, data] of modules) members.push({ kind: 'file', path: `usr/lib/lodge/modules/${name}.ko`, data });
  const drivers = new TextEncoder().encode(driverTable(new Set(modules.keys())));
  members.push({ kind: 'file', path: 'usr/lib/lodge/drivers', data: drivers });
  members.push(...scriptMembers());
  return writeCpio(members);
}
