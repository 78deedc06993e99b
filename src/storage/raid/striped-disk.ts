import type { BlockBackend } from '../../base/block-backend.ts';
import { UserError } from '../../base/errors.ts';
import { KIB } from '../../base/units.ts';
import { settleAll } from '../settle-all.ts';
import { closeMembers, type RaidMember } from './member.ts';

/** How many bytes go to one member before the next has its turn. */
export const CHUNK_SIZE = 64 * KIB;

/** RAID 0: chunks of 64 KiB go round the members. Each gives as many as the smallest has; it fails when one does. */
export class StripedDisk implements BlockBackend {
  readonly size: number;
  readonly isReadOnly: boolean;
  readonly #members: readonly RaidMember[];

  /** Takes the members over. Throws a UserError when one is smaller than a chunk. */
  constructor(members: readonly RaidMember[]) {
    for (const { name, backend } of members) {
      if (backend.size < CHUNK_SIZE) {
        throw new UserError(
          `The disk ${name} has ${backend.size} bytes, too few for raid0, which stripes in chunks of ${CHUNK_SIZE}; use a larger one.`,
        );
      }
    }
    const smallest = Math.min(...members.map(({ backend }) => backend.size));
    this.size = Math.floor(smallest / CHUNK_SIZE) * CHUNK_SIZE * members.length;
    this.isReadOnly = members.some(({ backend }) => backend.isReadOnly);
    this.#members = members;
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#eachChunk(offset, into.length, (backend, start, from, to) =>
      backend.read(start, into.subarray(from, to)),
    );
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#eachChunk(offset, from.length, (backend, start, first, end) =>
      backend.write(start, from.subarray(first, end)),
    );
  }

  writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    return this.#eachMember(offset, length, (backend, start, count) => backend.writeZeroes(start, count, mayUnmap));
  }

  discard(offset: number, length: number): Promise<void> {
    return this.#eachMember(offset, length, (backend, start, count) => backend.discard(start, count));
  }

  async flush(): Promise<void> {
    await settleAll(this.#members.map(({ backend }) => backend.flush()));
  }

  close(): Promise<void> {
    return closeMembers(this.#members);
  }

  /** @param action is given the place on the member, and which bytes of the request it is for */
  async #eachChunk(
    offset: number,
    length: number,
    action: (backend: BlockBackend, start: number, from: number, to: number) => Promise<void>,
  ): Promise<void> {
    const parts: Promise<void>[] = [];
    for (let done = 0; done < length;) {
      const within = (offset + done) % CHUNK_SIZE;
      const count = Math.min(CHUNK_SIZE - within, length - done);
      const chunk = Math.floor((offset + done) / CHUNK_SIZE);
      const row = Math.floor(chunk / this.#members.length);
      const { backend } = this.#member(chunk);
      parts.push(action(backend, row * CHUNK_SIZE + within, done, done + count));
      done += count;
    }
    await settleAll(parts);
  }

  /** What a range has on each member is one range there. */
  async #eachMember(
    offset: number,
    length: number,
    action: (backend: BlockBackend, start: number, length: number) => Promise<void>,
  ): Promise<void> {
    const ranges = new Map<BlockBackend, { start: number; end: number }>();
    const first = Math.floor(offset / CHUNK_SIZE);
    const last = Math.floor((offset + length - 1) / CHUNK_SIZE);
    const count = this.#members.length;
    // The first and the last chunk of each member say where its range begins and ends.
    for (const chunk of [
      ...span(first, Math.min(last, first + count - 1)),
      ...span(Math.max(first, last - count + 1), last),
    ]) {
      const row = Math.floor(chunk / count) * CHUNK_SIZE;
      const start = row + (chunk === first ? offset % CHUNK_SIZE : 0);
      const end = row + (chunk === last ? ((offset + length - 1) % CHUNK_SIZE) + 1 : CHUNK_SIZE);
      const { backend } = this.#member(chunk);
      const range = ranges.get(backend);
      if (range === undefined) ranges.set(backend, { start, end });
      else range.end = Math.max(range.end, end);
    }
    await settleAll([...ranges].map(([backend, { start, end }]) => action(backend, start, end - start)));
  }

  #member(chunk: number): RaidMember {
    return this.#members[chunk % this.#members.length] as RaidMember;
  }
}

function* span(first: number, last: number): Generator<number> {
  for (let number = first; number <= last; number += 1) yield number;
}
