// Attributes of files, between Node.js and a share.

import type { BigIntStats } from 'node:fs';
import type { FileAttributes, NewTime } from '../../base/shared-files.ts';

const SECOND = 1_000_000_000n;

export function toAttributes(stats: BigIntStats): FileAttributes {
  return {
    device: stats.dev,
    inode: stats.ino,
    mode: Number(stats.mode),
    user: Number(stats.uid),
    group: Number(stats.gid),
    links: stats.nlink,
    represents: stats.rdev,
    size: stats.size,
    blockSize: Number(stats.blksize),
    blocks: stats.blocks,
    accessed: stats.atimeNs,
    modified: stats.mtimeNs,
    changed: stats.ctimeNs,
    created: stats.birthtimeNs,
  };
}

/**
 * The mode that a file may get: no guest leaves a program on its host that runs as someone else than who starts it. On a
 * directory, the set-group-ID bit is about the group of new files alone.
 */
export const permittedMode = (mode: number, stats: BigIntStats): number =>
  mode & (stats.isDirectory() ? 0o3777 : 0o1777);

/**
 * What to hand to fs.utimes: seconds in a double, which has no room for every nanosecond of the present century. A time is never
 * set to an earlier one than was asked, lest a copy look older than its original, and to one less than half a microsecond later;
 * whole seconds are exact.
 */
export function toUtime(time: NewTime): number | Date {
  if (time === 'now') return toUtime(BigInt(Date.now()) * 1_000_000n);
  // Node takes a negative number for the present, but not a date.
  if (time < 0n) return new Date(Number(time / 1_000_000n));
  const seconds = Number(time / SECOND);
  const nanoseconds = Number(time % SECOND);
  let double = seconds + nanoseconds / 1e9;
  while (Math.trunc((double - seconds) * 1e9) < nanoseconds) double = nextAfter(double);
  return double;
}

function nextAfter(double: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, double);
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0);
}
