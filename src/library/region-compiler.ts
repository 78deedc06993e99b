import { availableParallelism } from 'node:os';
import { BackgroundThread } from '../host/node/background-thread.ts';
import type { CompiledBatch, RegionBatch, RegionCompiler } from '../translate/region/region-batch.ts';

/** A compiler with a thread of its own; undefined where the guest's thread has the only processor. */
export function regionCompiler(): RegionCompiler | undefined {
  if (availableParallelism() === 1) return undefined;
  const thread = new BackgroundThread<RegionBatch, CompiledBatch>(new URL('region-thread.js', import.meta.url));
  return {
    get isReady() {
      return thread.isReady;
    },
    compile: (batch, done) => thread.ask(batch, [batch.records], done),
  };
}
