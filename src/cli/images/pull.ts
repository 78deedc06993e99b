// Building an image and putting it into the cache, so that an image is either whole or not there.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { imageDirectory, makePartialDirectory, removeStrays } from './cache.ts';
import type { ImageRecipe } from './catalogue.ts';
import { USER_SPACE_PACKAGE } from './catalogue.ts';
import { extractFile, extractFiles } from './deb.ts';
import { driverModules } from './drivers.ts';
import { fetchPackages } from './fetch-packages.ts';
import { buildInitramfs } from './initramfs.ts';
import type { Manifest } from './manifest.ts';
import { MANIFEST_VERSION } from './manifest.ts';
import { PackageTool } from './package-tool.ts';
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
  const tool = new PackageTool(join(partial, 'apt'), recipe.architecture, signal);
  const { kernel, userSpace } = await fetchPackages(tool, recipe, progress);

  progress.step(`building the image ${recipe.name} from ${kernel.package.name}`);
  const vmlinuz = await extractFile(kernel.file, './boot/vmlinuz-*', join(partial, 'kernel-package'), signal);
  const modules = await extractModules(kernel.file, join(partial, 'modules'), signal);
  const busybox = await extractFile(userSpace.file, '*/bin/busybox', join(partial, 'user-space-package'), signal);
  const files = join(partial, 'files');
  mkdirSync(files);
  renameSync(vmlinuz, join(files, 'kernel'));
  writeFileSync(join(files, 'initrd'), buildInitramfs(readFileSync(busybox), modules));

  // basename(partial) ends in the process's number and mkdtemp's random letters: each build has a directory of its own,
  // so that a domain which has just read the old manifest still finds the old files.
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    name: recipe.name,
    architecture: recipe.architecture,
    directory: `${recipe.name}-${basename(partial).split('-').slice(-2).join('-')}`,
    append: recipe.append,
    packages: { [kernel.package.name]: kernel.package.version, [USER_SPACE_PACKAGE]: userSpace.package.version },
    built: new Date().toISOString(),
    bytes: statSync(join(files, 'kernel')).size + statSync(join(files, 'initrd')).size,
  };
  const manifestFile = join(partial, 'manifest.json');
  writeFileSync(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const path of [join(files, 'kernel'), join(files, 'initrd'), files, manifestFile]) syncToDisk(path);

  signal.throwIfAborted();
  renameSync(files, join(images, manifest.directory));
  renameSync(manifestFile, join(images, `${recipe.name}.json`));
  syncToDisk(images);
  removeStrays(images);
  return manifest;
}

/** The drivers that the kernel package has as modules, by name. */
async function extractModules(
  file: string,
  directory: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const paths = await extractFiles(
    file,
    driverModules.map((name) => `*/${name}.ko`),
    directory,
    signal,
  );
  return new Map(paths.toSorted().map((path) => [basename(path, '.ko'), readFileSync(path)]));
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
