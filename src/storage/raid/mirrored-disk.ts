import type { BlockBackend } from '../../base/block-backend.ts';
import { RangeLock } from '../range-lock.ts';
import { closeMembers, type RaidMember } from './member.ts';

/**
 * RAID 1: every member has everything, up to the size of the smallest. A member that fails is reported and used no more;
 * only when the last one fails does the guest get an error. Nothing on the members says which are in step: they must be the
 * same when the disk is opened, so one that was dropped has to be copied anew from one that was not.
 */
export class MirroredDisk implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  readonly #members: readonly RaidMember[];
  readonly #report: (message: string) => void;
  /** Overlapping writes go one after the other, or members might take them in different orders. */
  readonly #lock = new RangeLock();
  #live: readonly RaidMember[];
  #turn = 0;

  /** Takes the members over. @param report is given one sentence for each member that is dropped */
  constructor(members: readonly RaidMember[], report: (message: string) => void) {
    this.size = Math.min(...members.map(({ backend }) => backend.size));
    this.isReadOnly = members.some(({ backend }) => backend.isReadOnly);
    this.#members = members;
    this.#live = members;
    this.#report = report;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    for (;;) {
      const member = this.#live[this.#turn++ % this.#live.length] as RaidMember;
      try {
        return await member.backend.read(offset, into);
      } catch (error) {
        if (!this.#drop([member], error)) throw error;
      }
    }
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#change(offset, from.length, (backend) => backend.write(offset, from));
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#change(offset, length, (backend) => backend.writeZeroes(offset, length, mayUnmap));
  }

  discard(offset: number, length: number): Promise<void> {
    return this.#change(offset, length, (backend) => backend.discard(offset, length));
  }

  flush(): Promise<void> {
    return this.#onAll((backend) => backend.flush());
  }

  close(): Promise<void> {
    return closeMembers(this.#members);
  }

  #change(offset: number, length: number, action: (backend: BlockBackend) => Promise<void>): Promise<void> {
    return this.#lock.run(offset, offset + length, () => this.#onAll(action));
  }

  async #onAll(action: (backend: BlockBackend) => Promise<void>): Promise<void> {
    const members = this.#live;
    const results = await Promise.allSettled(members.map(({ backend }) => action(backend)));
    const failed = members.filter((_, index) => results[index]?.status === 'rejected');
    if (failed.length === 0) return;
    const reason: unknown = results.find((result) => result.status === 'rejected')?.reason;
    const succeeded = members.filter((member) => !failed.includes(member) && this.#live.includes(member));
    this.#drop(failed, reason);
    // Done where it counts: on a member that is still in use.
    if (succeeded.length === 0) throw reason;
  }

  /** Uses members no more, but for the very last. False when that is the one that failed. */
  #drop(failed: readonly RaidMember[], error: unknown): boolean {
    const gone = failed.filter((member) => this.#live.includes(member));
    const left = this.#live.filter((member) => !gone.includes(member));
    // Were all to fail a request alike, they would differ from then on.
    const live = left.length > 0 ? left : this.#live.slice(0, 1);
    for (const { name } of this.#live.filter((member) => !live.includes(member))) {
      this.#report(
        `The mirror goes on without ${name}, which failed (${(error as Error).message}); copy it anew from ${live[0]?.name} before you use it again.`,
      );
    }
    this.#live = live;
    return left.length > 0;
  }
}
