import { availableParallelism } from 'node:os';
import { BackgroundThread } from '../host/node/background-thread.ts';
import type { CompiledBatch, RegionBatch, RegionCompiler } from '../translate/region/region-batch.ts';

/** One for the guest, and one for the engine's optimizing compiler, which is busy as long as there is new code. */
const OTHERS = 2;

/**
 * A compiler with a thread of its own; undefined where no processor is left for it.
 * @param processors of the host, at least 1
 */
export function regionCompiler(processors = availableParallelism()): RegionCompiler | undefined {
  if (processors <= OTHERS) return undefined;
  const thread = new BackgroundThread<RegionBatch, CompiledBatch>(new URL('region-thread.js', import.meta.url));
  return {
    get isReady() {
      return thread.isReady;
    },
    compile: (batch, done) => thread.ask(batch, [batch.records], done),
  };
}
