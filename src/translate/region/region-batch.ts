// What is handed over for compiling: outlines of regions, and a copy of the records in them, since the guest goes on meanwhile.

import { RECORD_HANDLER, RECORD_SIZE } from '../../core/layout.ts';
import type { RegionOutline } from './region-reader.ts';

export interface BatchRegion extends Pick<RegionOutline, 'blocks' | 'form'> {
  /** Address of the descriptor of its pages; 0: they need not be checked. */
  readonly descriptor: number;
}

/** Regions for one module. Can be posted to another thread. */
export interface RegionBatch {
  readonly regions: readonly BatchRegion[];
  /** The records of each block of each region in turn, with the handlers that the decoder chose: `recordsOf` says how many. */
  readonly records: ArrayBuffer;
  /** Whether instructions that retire in regions are counted. */
  readonly counts: boolean;
}

/** What has become of a batch. */
export interface CompiledBatch {
  /** Exports the regions as region0, region1, … */
  readonly module: WebAssembly.Module;
  readonly wasmBytes: number;
  /** Nanoseconds that another thread than the guest's has spent. */
  readonly timeBeside: number;
}

/** Compiles on another thread. */
export interface RegionCompiler {
  /** Whether it can take batches now; until then the guest's thread compiles. */
  readonly isReady: boolean;
  /** Takes a batch away, and calls back later: between turns of the guest's thread. */
  compile(batch: RegionBatch, done: (compiled: CompiledBatch) => void): void;
}

/** How many records of a block are needed: those of its instructions, and the one where it is left. */
export function recordsOf({ length, rest }: { readonly length: number; readonly rest: number }): number {
  return rest === 0 ? length : length + 1;
}

/**
 * @param memory machine memory, which holds the records
 * @param handlerOf the handler that the decoder chose for the first record of a block
 */
export function packBatch(
  memory: ArrayBuffer,
  regions: readonly BatchRegion[],
  handlerOf: (first: number) => number,
  counts: boolean,
): RegionBatch {
  let size = 0;
  for (const { blocks } of regions) for (const block of blocks) size += recordsOf(block) * RECORD_SIZE;
  const records = new Uint8Array(size);
  const words = new DataView(records.buffer);
  let position = 0;
  for (const { blocks } of regions) {
    for (const block of blocks) {
      const bytes = recordsOf(block) * RECORD_SIZE;
      records.set(new Uint8Array(memory, block.ip, bytes), position);
      words.setUint32(position + RECORD_HANDLER, handlerOf(block.ip), true);
      position += bytes;
    }
  }
  return { regions, records: records.buffer, counts };
}
