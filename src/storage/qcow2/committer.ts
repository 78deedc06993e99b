import type { StorageFile } from '../../base/storage-file.ts';
import { settleAll } from '../settle-all.ts';
import type { Mapping } from './mapping.ts';
import type { Refcounts, TableUpdate } from './refcounts.ts';
import type { PendingWrite } from './table-cache.ts';

/** Clusters that wait to be free, at most, before the tables are written for their sake. */
const MOST_FREED = 65_536;

/** What one commit writes, in this order, with a flush of the file between the parts. */
interface Changes {
  /** Refcounts, and a new refcount table that nothing leads to yet. */
  readonly refcounts: readonly PendingWrite[];
  /** What leads to new refcount blocks or to a new refcount table. */
  readonly refcountTable: readonly PendingWrite[];
  /** What leads to guest data and to L2 tables. */
  readonly mapping: readonly PendingWrite[];
  /** Clusters that are in use once less after all that. */
  readonly freed: number[];
}

/**
 * Writes changed tables in such an order that the image is consistent at every moment, whatever of the last writes is lost:
 * first refcounts (and the guest data, which is in the file before it is in a table), then what leads there. Refcounts go down only
 * when nothing leads there any more. So a crash leaves at most clusters that are counted and not used.
 */
export class Committer {
  readonly #file: StorageFile;
  readonly #refcounts: Refcounts;
  readonly #mapping: Mapping;
  readonly #release: (clusters: readonly number[]) => Promise<void>;
  #freed: number[] = [];
  /** Never rejects. */
  #running: Promise<void> = Promise.resolve();
  /** A commit that has not taken its changes yet. */
  #next: Promise<void> | undefined;
  #failure: Error | undefined;

  /** @param release makes clusters free, when it has seen to it that no request uses them any more */
  constructor(
    file: StorageFile,
    refcounts: Refcounts,
    mapping: Mapping,
    release: (clusters: readonly number[]) => Promise<void>,
  ) {
    this.#file = file;
    this.#refcounts = refcounts;
    this.#mapping = mapping;
    this.#release = release;
  }

  /** Throws when changes cannot become stable any more, because the host has failed to flush some. */
  checkIsSound(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The L2 tables lead to clusters no more, as far as memory goes. */
  free(clusters: readonly number[]): void {
    for (const cluster of clusters) this.#freed.push(cluster);
  }

  /** Writes the tables when much of the memory for them is dirty. To be called after every change. */
  async relieve(): Promise<void> {
    const { tables } = this.#mapping;
    if (tables.isMostlyDirty || this.#refcounts.blocks.isMostlyDirty || this.#freed.length > MOST_FREED) {
      await this.commit();
    }
  }

  /** Resolves when all changes that were made before are on stable storage, guest data included. */
  commit(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const commit = this.#commit();
      this.#running = commit.catch(() => {});
      return commit;
    });
    return this.#next;
  }

  async #commit(): Promise<void> {
    this.checkIsSound();
    const changes = this.#take();
    const { refcounts, refcountTable, mapping, freed } = changes;
    try {
      await this.#write(refcounts);
      await this.#flush();
      if (refcountTable.length > 0) {
        await this.#write(refcountTable);
        await this.#flush();
      }
      if (mapping.length > 0) {
        await this.#write(mapping);
        await this.#flush();
      }
    } catch (error) {
      finish(changes, false);
      this.#freed = [...freed, ...this.#freed];
      throw error;
    }
    finish(changes, true);
    if (freed.length > 0) void this.#release(freed);
  }

  #take(): Changes {
    // Taken at one moment, so that whatever is referred to has its refcount among them.
    const table: TableUpdate = this.#refcounts.takeTableUpdate();
    const blocks = this.#refcounts.blocks.takeDirty();
    const { writes, freed } = this.#mapping.takeDirty();
    const earlier = this.#freed;
    this.#freed = [];
    return {
      refcounts: [...blocks, ...table.before],
      refcountTable: table.after,
      mapping: writes,
      freed: [...earlier, ...freed, ...table.freed],
    };
  }

  async #write(writes: readonly PendingWrite[]): Promise<void> {
    await settleAll(writes.map(({ offset, bytes }) => this.#file.write(offset, bytes)));
  }

  async #flush(): Promise<void> {
    try {
      await this.#file.flush();
    } catch (error) {
      // The host may have dropped what it could not write, and would not tell again.
      this.#failure = new Error(`nothing more is written, because a flush failed: ${(error as Error).message}`, {
        cause: error,
      });
      throw this.#failure;
    }
  }
}

function finish({ refcounts, refcountTable, mapping }: Changes, isWritten: boolean): void {
  for (const write of [...refcounts, ...refcountTable, ...mapping]) write.done(isWritten);
}
