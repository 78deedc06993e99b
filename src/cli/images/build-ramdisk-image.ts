// An image of a kernel and an initial ramdisk: two packages, unpacked.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RamdiskRecipe } from './catalogue.ts';
import { USER_SPACE_PACKAGE } from './catalogue.ts';
import { extractFile, extractFiles } from './deb.ts';
import { driverModules } from './drivers.ts';
import { fetchPackages } from './fetch-packages.ts';
import { buildInitramfs } from './initramfs.ts';
import { PackageTool } from './package-tool.ts';
import type { Progress } from './progress.ts';

/** Leaves `kernel` and `initrd` in the directory `files`, and returns the versions of the packages by name. */
export async function buildRamdiskImage(
  recipe: RamdiskRecipe,
  files: string,
  partial: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const tool = new PackageTool(join(partial, 'apt'), recipe.architecture, signal);
  const { kernel, userSpace } = await fetchPackages(tool, recipe, progress);

  progress.step(`building the image ${recipe.name} from ${kernel.package.name}`);
  const vmlinuz = await extractFile(kernel.file, './boot/vmlinuz-*', join(partial, 'kernel-package'), signal);
  const modules = await extractModules(kernel.file, join(partial, 'modules'), signal);
  const busybox = await extractFile(userSpace.file, '*/bin/busybox', join(partial, 'user-space-package'), signal);
  renameSync(vmlinuz, join(files, 'kernel'));
  writeFileSync(join(files, 'initrd'), buildInitramfs(readFileSync(busybox), modules));
  return { [kernel.package.name]: kernel.package.version, [USER_SPACE_PACKAGE]: userSpace.package.version };
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
