// What a run holds of the host besides memory: opened before the guest starts, closed after it has ended.

import type { BlockBackend } from '../base/block-backend.ts';
import { UserError } from '../base/errors.ts';
import type { Share } from '../host/node/open-share.ts';

export interface HostResources {
  readonly disks: readonly BlockBackend[];
  readonly shares: readonly Share[];
  /** Gives everything back. Rejects with a UserError when something that the guest wrote could not be kept. */
  close(): Promise<void>;
}

export interface HostResourceNames {
  /** Disks as `--disk` takes them. */
  readonly disks: readonly string[];
  /** Directories as `--share` takes them. */
  readonly shares: readonly string[];
}

/**
 * Opens what is named. Rejects with a UserError, and leaves nothing open, when something cannot be had.
 * @param report is given a sentence when the guest goes on with less than it began with
 */
export async function openHostResources(
  { disks, shares }: HostResourceNames,
  report: (message: string) => void,
): Promise<HostResources> {
  const opened: { readonly name: string; readonly close: () => Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    const results = await Promise.allSettled(opened.map((resource) => resource.close()));
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      const { name } = opened[index] as (typeof opened)[number];
      const reason = (result.reason as Error).message;
      throw new UserError(`What the guest wrote to ${name} may not be there: ${reason}`, { status: 3 });
    }
  };
  try {
    const backends: BlockBackend[] = [];
    for (const text of disks) {
      const { openDisk } = await import('../host/node/open-disk.ts');
      const { name, backend } = await openDisk(text, report);
      opened.push({ name, close: () => backend.close() });
      backends.push(backend);
    }
    // Most runs have neither, and are not to wait for the code.
    const shared = shares.length === 0 ? [] : await (await import('../host/node/open-share.ts')).openShares(shares);
    for (const { tag, files } of shared) opened.push({ name: `the share ${tag}`, close: () => files.close() });
    return { disks: backends, shares: shared, close };
  } catch (error) {
    await close();
    throw error;
  }
}
