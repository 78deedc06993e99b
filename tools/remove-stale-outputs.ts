import { existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesIn } from './build-step.ts';

const outputEnding = /(\.js|\.js\.map|\.d\.ts)$/;

/**
 * Removes what was compiled from sources that are gone, which `tsc -b` leaves lying: a deleted test would go on
 * passing, and a deleted module could still be imported.
 * @param root the folder that has the sources
 * @param compiled the folder below `root` that mirrors them, such as `build/js`
 * @returns the files removed, relative to `compiled`
 */
export function removeStaleOutputs(root: string, compiled: string): string[] {
  const folder = join(root, compiled);
  const stale = filesIn(folder)
    .map((path) => relative(folder, path))
    .filter((path) => outputEnding.test(path) && !existsSync(join(root, path.replace(outputEnding, '.ts'))));
  for (const path of stale) rmSync(join(folder, path));
  return stale;
}
