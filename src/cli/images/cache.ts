// Where images are kept: `$XDG_CACHE_HOME/lodge/images`, or `~/.cache/lodge/images`.
//   debian.json          the manifest; there is an image when it is there
//   debian-PID-…/        its files, with the process that built them in the name
//   .partial-PID-…/      an image that a process is building

import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Manifest } from './manifest.ts';
import { parseManifest } from './manifest.ts';

/** An image in the cache, with the paths of its files. */
export interface CachedImage {
  readonly manifest: Manifest;
  readonly kernel: string;
  readonly initrd: string;
  /** The disk that the system is on, if it is on one. */
  readonly disk: string | undefined;
  /** The private key with which its root lets one in by ssh, if it does. */
  readonly key: string | undefined;
}

/** The directory that holds images. A relative XDG_CACHE_HOME is to be ignored, as the XDG specification says. */
export function imageDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const configured = environment['XDG_CACHE_HOME'];
  const cache = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), '.cache');
  return join(cache, 'lodge', 'images');
}

/** The cached image of that name, or undefined when there is none or a file of it is gone. */
export function findImage(name: string, directory = imageDirectory()): CachedImage | undefined {
  let json: string;
  try {
    json = readFileSync(join(directory, `${name}.json`), 'utf8');
  } catch {
    return undefined;
  }
  const manifest = parseManifest(json);
  if (manifest === undefined) return undefined;
  const [kernel, initrd, disk, key] = ['kernel', 'initrd', 'disk', 'key'].map((file) => {
    const path = join(directory, manifest.directory, file);
    return existsSync(path) ? path : undefined;
  });
  return kernel === undefined || initrd === undefined ? undefined : { manifest, kernel, initrd, disk, key };
}

const entries = (directory: string): string[] => {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
};

/** Every cached image, by name. */
export function listImages(directory = imageDirectory()): CachedImage[] {
  return entries(directory)
    .filter((entry) => entry.endsWith('.json') && !entry.startsWith('.'))
    .map((entry) => findImage(entry.slice(0, -'.json'.length), directory))
    .filter((image) => image !== undefined)
    .toSorted((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1));
}

/** Removes an image, manifest first, so that no half of it is ever found. False when there was none. */
export function removeImage(name: string, directory = imageDirectory()): boolean {
  const manifest = join(directory, `${name}.json`);
  if (!existsSync(manifest)) return false;
  rmSync(manifest);
  removeStrays(directory);
  return true;
}

const isRunning = (process_: number): boolean => {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

// mkdirSync's own `recursive` loops for ever below a directory that denies its new entries with ENOENT, as /proc does.
function makeDirectories(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectories(dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Makes the directory in which this process builds an image. */
export function makePartialDirectory(directory: string): string {
  makeDirectories(directory);
  return mkdtempSync(join(directory, `.partial-${process.pid}-`));
}

/** Removes what no manifest names and what processes that are gone left behind. */
export function removeStrays(directory: string): void {
  const kept = new Set(listImages(directory).map((image) => image.manifest.directory));
  for (const entry of entries(directory)) {
    if (entry.endsWith('.json') || kept.has(entry)) continue;
    // Another process may be just about to put the manifest of what it built beside it.
    const builder = Number(/-(\d+)-[^-]+$/.exec(entry)?.[1] ?? process.pid);
    if (builder !== process.pid && isRunning(builder)) continue;
    rmSync(join(directory, entry), { recursive: true, force: true });
  }
}
