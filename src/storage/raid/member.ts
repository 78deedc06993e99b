import type { BlockBackend } from '../../base/block-backend.ts';
import { settleAll } from '../settle-all.ts';

/** One of the disks that make up a larger or a safer one. */
export interface RaidMember {
  /** As the user named it. */
  readonly name: string;
  readonly backend: BlockBackend;
}

/** Closes all, and throws what the first failure was when all have had their turn. */
export async function closeMembers(members: readonly RaidMember[]): Promise<void> {
  await settleAll(members.map(({ backend }) => backend.close()));
}
