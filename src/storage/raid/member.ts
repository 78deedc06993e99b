import type { BlockBackend } from '../../base/block-backend.ts';

/** One of the disks that make up a larger or a safer one. */
export interface RaidMember {
  /** As the user named it. */
  readonly name: string;
  readonly backend: BlockBackend;
}

/** Closes all, and throws what the first failure was when all have had their turn. */
export async function closeMembers(members: readonly RaidMember[]): Promise<void> {
  const results = await Promise.allSettled(members.map(({ backend }) => backend.close()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
