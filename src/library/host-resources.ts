// What a run holds of the host besides memory: opened before the guest starts, closed after it has ended.

import type { BlockBackend } from '../base/block-backend.ts';
import { UserError } from '../base/errors.ts';
import type { NetworkBackend } from '../base/network-backend.ts';
import type { Share } from '../host/node/open-share.ts';

export interface HostResources {
  readonly disks: readonly BlockBackend[];
  readonly shares: readonly Share[];
  readonly network: { readonly backend: NetworkBackend; readonly address: Uint8Array } | undefined;
  /** Gives everything back. Rejects with a UserError when something that the guest wrote could not be kept. */
  close(): Promise<void>;
}

/** Everything as the options of the command line with these names take it. */
export interface HostResourceNames {
  readonly disks: readonly string[];
  readonly shares: readonly string[];
  readonly network: string;
  readonly publish: readonly string[];
  readonly allow: readonly string[];
}

/** What has been opened, with its name for messages. */
interface Opened {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

/**
 * Opens what is named. Rejects with a UserError, and leaves nothing open, when something cannot be had.
 * @param report is given a sentence when the guest goes on with less than it began with
 */
export async function openHostResources(
  names: HostResourceNames,
  report: (message: string) => void,
): Promise<HostResources> {
  const opened: Opened[] = [];
  try {
    const disks = await openDisks(names.disks, opened, report);
    const shares = await openShared(names.shares, opened);
    const network = await openCable(names, opened);
    return { disks, shares, network, close: () => closeAll(opened) };
  } catch (error) {
    await closeAll(opened).catch(() => {});
    throw error;
  }
}

// Most runs have none of these, and are not to wait for the code.

async function openDisks(
  texts: readonly string[],
  opened: Opened[],
  report: (message: string) => void,
): Promise<readonly BlockBackend[]> {
  if (texts.length === 0) return [];
  const { openDisk } = await import('../host/node/open-disk.ts');
  const disks: BlockBackend[] = [];
  for (const text of texts) {
    // oxlint-disable-next-line no-await-in-loop -- the first that fails is the one to tell of
    const { name, backend } = await openDisk(text, report);
    opened.push({ name, close: () => backend.close() });
    disks.push(backend);
  }
  return disks;
}

async function openShared(texts: readonly string[], opened: Opened[]): Promise<readonly Share[]> {
  if (texts.length === 0) return [];
  const { openShares } = await import('../host/node/open-share.ts');
  const shares = await openShares(texts);
  for (const { tag, files } of shares) opened.push({ name: `the share ${tag}`, close: () => files.close() });
  return shares;
}

async function openCable(
  { network, publish, allow }: HostResourceNames,
  opened: Opened[],
): Promise<HostResources['network']> {
  if (network === 'none' && publish.length + allow.length === 0) return undefined;
  const { openNetwork } = await import('../host/node/open-network.ts');
  const backend = await openNetwork({ network, publish, allow });
  if (backend === undefined) return undefined;
  opened.push({ name: 'the network', close: () => backend.close() });
  // Locally administered, with the first bytes that virtual machines often have. The same after a restart of the guest.
  const address = Uint8Array.of(0x52, 0x54, 0x00, 0, 0, 0);
  crypto.getRandomValues(address.subarray(3));
  return { backend, address };
}

async function closeAll(opened: readonly Opened[]): Promise<void> {
  const results = await Promise.allSettled(opened.map(async (resource) => resource.close()));
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') continue;
    const { name } = opened[index] as Opened;
    const reason = (result.reason as Error).message;
    throw new UserError(`What the guest wrote to ${name} may not be there: ${reason}`, { status: 3 });
  }
}
