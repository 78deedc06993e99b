// The directories that a user shares, as the command line has them.

import { UserError } from '../../base/errors.ts';
import type { SharedFiles } from '../../base/shared-files.ts';
import { SharedDirectory } from './shared-directory.ts';

/** In bytes: what other monitors allow, so that a guest's configuration fits them all. */
const LONGEST_TAG = 31;
const READ_ONLY = ',readonly';
const FORM = 'write HOSTDIR:TAG or HOSTDIR:TAG,readonly';

export interface Share {
  /** By which the guest mounts it. */
  readonly tag: string;
  readonly files: SharedFiles;
}

interface ShareOption {
  readonly directory: string;
  readonly tag: string;
  readonly readOnly: boolean;
}

/**
 * Opens what each of `options` says, as `HOSTDIR:TAG` or `HOSTDIR:TAG,readonly`. Throws a `UserError`, and leaves nothing open, if
 * one of them is wrong.
 */
export async function openShares(options: readonly string[]): Promise<Share[]> {
  const tags = new Set<string>();
  const parsed = options.map((option) => parseShare(option, tags));
  const shares: Share[] = [];
  try {
    for (const { directory, tag, readOnly } of parsed) {
      shares.push({ tag, files: await SharedDirectory.open(directory, { readOnly }) });
    }
    return shares;
  } catch (error) {
    await Promise.all(shares.map(({ files }) => files.close()));
    throw error;
  }
}

/** The tag is after the last colon, for a directory may have one in its name. Adds it to `tags`. */
function parseShare(option: string, tags: Set<string>): ShareOption {
  const colon = option.lastIndexOf(':');
  const [tag = '', ...flags] = option.slice(colon + 1).split(',');
  if (colon <= 0 || tag === '') throw new UserError(`The share ${option} has no directory or no tag; ${FORM}.`);
  for (const flag of flags) {
    if (`,${flag}` !== READ_ONLY) throw new UserError(`The share ${option} has the unknown option '${flag}'; ${FORM}.`);
  }
  if (Buffer.byteLength(tag) > LONGEST_TAG) {
    throw new UserError(`The tag ${tag} is longer than ${LONGEST_TAG} bytes; choose a shorter one.`);
  }
  if (tags.has(tag)) throw new UserError(`The tag ${tag} is used twice; give each share its own.`);
  tags.add(tag);
  return { directory: option.slice(0, colon), tag, readOnly: flags.length > 0 };
}
