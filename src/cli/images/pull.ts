// Building an image and putting it into the cache, so that an image is either whole or not there.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { imageDirectory, makePartialDirectory, removeStrays } from './cache.ts';
import { buildDiskImage } from './build-disk-image.ts';
import { buildRamdiskImage } from './build-ramdisk-image.ts';
import type { ImageRecipe } from './catalogue.ts';
import type { Manifest } from './manifest.ts';
import { MANIFEST_VERSION } from './manifest.ts';
import type { Progress } from './progress.ts';

const syncToDisk = (path: string): void => {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/**
 * Builds the image anew and replaces the one in the cache, if there is one. Throws a UserError when it cannot;
 * the cache is then as it was.
 */
export async function pullImage(recipe: ImageRecipe, progress: Progress, signal: AbortSignal): Promise<Manifest> {
  const images = imageDirectory();
  let partial: string | undefined;
  try {
    removeStrays(images);
    partial = makePartialDirectory(images);
    return await build(recipe, images, partial, progress, signal);
  } catch (error) {
    throw explain(error, recipe, images);
  } finally {
    progress.end();
    if (partial !== undefined) rmSync(partial, { recursive: true, force: true });
  }
}

async function build(
  recipe: ImageRecipe,
  images: string,
  partial: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Manifest> {
  const files = join(partial, 'files');
  mkdirSync(files);
  const packages =
    recipe.kind === 'disk'
      ? await buildDiskImage(recipe, files, partial, progress, signal)
      : await buildRamdiskImage(recipe, files, partial, progress, signal);

  // basename(partial) ends in the process's number and mkdtemp's random letters: each build has a directory of its own,
  // so that a domain which has just read the old manifest still finds the old files.
  const names = readdirSync(files);
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    name: recipe.name,
    architecture: recipe.architecture,
    directory: `${recipe.name}-${basename(partial).split('-').slice(-2).join('-')}`,
    append: recipe.append,
    packages,
    built: new Date().toISOString(),
    // What the host gives for a file with holes is less than its length.
    bytes: names.reduce((sum, name) => sum + statSync(join(files, name)).blocks * 512, 0),
  };
  const manifestFile = join(partial, 'manifest.json');
  writeFileSync(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const path of [...names.map((name) => join(files, name)), files, manifestFile]) syncToDisk(path);

  signal.throwIfAborted();
  renameSync(files, join(images, manifest.directory));
  renameSync(manifestFile, join(images, `${recipe.name}.json`));
  syncToDisk(images);
  removeStrays(images);
  return manifest;
}

const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT']);

function explain(error: unknown, recipe: ImageRecipe, images: string): unknown {
  if (error instanceof UserError) return error;
  const { code, name, message } = error as NodeJS.ErrnoException;
  const remedy = 'or set XDG_CACHE_HOME to another directory';
  if (name === 'AbortError') {
    return new UserError(
      `The image ${recipe.name} was not built because it was interrupted; run lodge image pull ${recipe.name} to start again.`,
    );
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new UserError(
      `The disk is full: there is no room for the image ${recipe.name} in ${images}; free some space, ${remedy}.`,
    );
  }
  if (code !== undefined && NOT_WRITABLE.has(code)) {
    return new UserError(
      `The image ${recipe.name} cannot be stored because ${images} cannot be written (${code}); change its permissions, ${remedy}.`,
    );
  }
  return new UserError(
    `The image ${recipe.name} could not be built (${message}); try again with lodge image pull ${recipe.name}.`,
    { cause: error },
  );
}
