// Choosing the packages of an image and downloading them.

import { UserError } from '../../base/errors.ts';
import type { RamdiskRecipe } from './catalogue.ts';
import { USER_SPACE_PACKAGE } from './catalogue.ts';
import type { PackageTool, PackageVersion } from './package-tool.ts';
import { AptFailure } from './package-tool.ts';
import type { Progress } from './progress.ts';

/** A package on this disk. */
export interface FetchedPackage {
  readonly package: PackageVersion;
  /** The path of the .deb file. */
  readonly file: string;
}

/** The kernel's and the user space's package of an image. Throws a UserError. */
export async function fetchPackages(
  tool: PackageTool,
  recipe: RamdiskRecipe,
  progress: Progress,
): Promise<{ kernel: FetchedPackage; userSpace: FetchedPackage }> {
  const fetchBoth = async () => ({
    kernel: await fetchNewest(tool, await kernelVersions(tool, recipe), recipe.kernelPackage, progress),
    userSpace: await fetchNewest(tool, await tool.versions(USER_SPACE_PACKAGE), USER_SPACE_PACKAGE, progress),
  });
  progress.step(`looking for ${recipe.kernelPackage} (${recipe.architecture}) in the package lists of this machine`);
  let first: UserError;
  try {
    return await fetchBoth();
  } catch (error) {
    if (!isWorthAnUpdate(error)) throw error;
    first = error;
  }
  progress.step(`fetching the package lists for ${recipe.architecture}`);
  const trouble = await tool.update((done) => progress.fraction(done));
  try {
    return await fetchBoth();
  } catch (error) {
    if (!(error instanceof NotOffered) || trouble === undefined) throw error;
    // There are no new lists either: what went wrong before is what the user has to know, if it was more than that.
    throw first instanceof NotOffered ? new AptFailure('the package lists', trouble) : first;
  }
}

// The machine has no lists for this architecture, or they are so old that the packages have gone.
const isWorthAnUpdate = (error: unknown): error is UserError =>
  error instanceof NotOffered || (error instanceof AptFailure && !error.diskFull);

/** The lists do not have a package. */
class NotOffered extends UserError {
  constructor(name: string) {
    super(
      `The apt sources of this machine do not offer the package ${name}; add Debian's archive to them, ` +
        'or boot a kernel of your own with lodge run --kernel FILE.',
    );
  }
}

// Each version of the metapackage depends on exactly one kernel package.
async function kernelVersions(tool: PackageTool, recipe: RamdiskRecipe): Promise<PackageVersion[]> {
  const kernels: PackageVersion[] = [];
  for (const metapackage of await tool.versions(recipe.kernelPackage)) {
    const name = metapackage.depends.find((depend) => /^linux-image-\d/.test(depend));
    if (name !== undefined) kernels.push(...(await tool.versions(name)));
  }
  return kernels;
}

// An archive that is being updated, or a mirror that lags behind, may list a version that it cannot give.
async function fetchNewest(
  tool: PackageTool,
  versions: readonly PackageVersion[],
  wanted: string,
  progress: Progress,
): Promise<FetchedPackage> {
  let failure: AptFailure | undefined;
  for (const version of versions) {
    progress.step(`downloading ${version.name} ${version.version}`);
    try {
      return { package: version, file: await tool.download(version, (done) => progress.fraction(done)) };
    } catch (error) {
      if (!(error instanceof AptFailure) || error.diskFull) throw error;
      failure ??= error;
    }
  }
  throw failure ?? new NotOffered(wanted);
}
