// Translates hot regions while the guest runs: reads what the interpreter's counters found, has a batch compiled, and puts each
// function in the place of its entry block's first handler.

import {
  ARENA_END,
  ARENA_NEXT,
  BUSY_MASK,
  COUNT_IN_REGIONS,
  HOT_COUNT,
  HOT_MASK,
  HOT_QUEUE,
  RECORD_HANDLER,
  REGION_PAGE_BLOCK,
  REGION_PAGE_COUNT,
  REGION_PAGE_DISTANCE,
  REGION_PAGE_FRAME,
  REGION_PAGE_SIZE,
  REGION_PAGES,
  BLOCK_HEADER,
} from '../../core/layout.ts';
import { handlerCount } from '../handler-table.ts';
import { BlockReader } from './block-reader.ts';
import { compileBatch } from './compile-batch.ts';
import { dumpRegions, type RegionDump } from './dump-region.ts';
import { IndirectTargets } from './indirect-targets.ts';
import { LiveModules, type LiveModule } from './live-modules.ts';
import { packBatch, type CompiledBatch, type RegionCompiler } from './region-batch.ts';
import { RegionReader, type RegionOutline } from './region-reader.ts';
import type { Thresholds } from './thresholds.ts';

/** What the translator needs of an instantiated interpreter: its table, and the functions that regions import. */
export type InterpreterExports = Record<string, unknown> & { readonly handlers: WebAssembly.Table };

/** Each module costs the host memory and time of its own: so many hot blocks make one, or what there is after so many milliseconds. */
const SMALLEST_BATCH = 48;
const LONGEST_WAIT = 50;
/** The guest waits for so many milliseconds at most; what is hot beside that waits for the next time. */
const LONGEST_TURN = 8;

export interface TranslatorStatistics {
  /** Regions made so far, those among them that are gone again, and the modules that they came in. */
  regions: number;
  dropped: number;
  modules: number;
  wasmBytes: number;
  /** Guest instructions in all regions. */
  instructions: number;
  /** Time that the guest's thread has spent translating, in nanoseconds. */
  time: number;
  /** The same for the thread that compiles beside it. */
  timeBeside: number;
}

/** A region that is there or being compiled. */
interface Region {
  /** Its place in the table; 0: it has none yet. */
  slot: number;
  /** Grown as far as it goes, as busy ones are. */
  isLarge: boolean;
  /** Blocks of what is in the table. */
  blocks: number;
}

/** What is to be put in a region's place. */
interface Compiling {
  readonly region: Region;
  readonly outline: RegionOutline;
  /** Address of its entry's first record. */
  readonly ip: number;
}

export interface TranslatorOptions {
  /** Whether instructions that retire in regions are counted, which costs a little. */
  readonly countRetired?: boolean;
  readonly dump?: RegionDump | undefined;
  /** Compiles beside the guest; without it, and for the threshold 1, the guest's thread does. */
  readonly compiler?: RegionCompiler | undefined;
}

export class Translator {
  readonly statistics: TranslatorStatistics = {
    regions: 0,
    dropped: 0,
    modules: 0,
    wasmBytes: 0,
    instructions: 0,
    time: 0,
    timeBeside: 0,
  };
  readonly #memory: WebAssembly.Memory;
  readonly #view: DataView;
  readonly #core: Record<string, unknown>;
  readonly #interpreter: InterpreterExports;
  /** By address of the entry's first record, the oldest first. */
  readonly #regions = new Map<number, Region>();
  /** Blocks inside regions that are no entries: they become entries when they turn out to be hot all the same. */
  readonly #covered = new Set<number>();
  readonly #modules: LiveModules;
  readonly #blocks: BlockReader;
  readonly #indirect: IndirectTargets;
  readonly #reader: RegionReader;
  readonly #batch: number;
  readonly #busy: number;
  readonly #compiler: RegionCompiler | null;
  #waiting: number[] = [];
  #freeSlots: number[] = [];
  #nextSlot = handlerCount;
  /** When regions were last made, in milliseconds of the host. */
  #last = 0;

  readonly #options: TranslatorOptions;

  constructor(
    memory: WebAssembly.Memory,
    core: Record<string, unknown>,
    interpreter: InterpreterExports,
    { hot, busy }: Thresholds,
    options: TranslatorOptions = {},
  ) {
    this.#options = options;
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#core = core;
    this.#interpreter = interpreter;
    this.#blocks = new BlockReader(memory.buffer, core['decodedBlock'] as (machine: number, mode: number) => number);
    this.#modules = new LiveModules((ip) => this.#blocks.executions(ip));
    this.#indirect = new IndirectTargets(this.#view);
    this.#reader = new RegionReader(this.#blocks, this.#indirect, hot);
    this.#view.setUint32(HOT_MASK, hot - 1, true);
    this.#view.setUint32(BUSY_MASK, busy - 1, true);
    this.#busy = busy;
    this.#batch = hot === 1 ? 1 : SMALLEST_BATCH;
    this.#compiler = hot === 1 ? null : (options.compiler ?? null);
  }

  /** Instructions that have retired in regions; undefined unless they are counted. */
  get retired(): number | undefined {
    return this.#options.countRetired ? Number(this.#view.getBigUint64(COUNT_IN_REGIONS, true)) : undefined;
  }

  /** Translates blocks that became hot. To be called while no guest code runs. */
  translateHot(): void {
    const view = this.#view;
    const count = view.getUint32(HOT_COUNT, true);
    if (count === 0 && this.#waiting.length === 0) return;
    const start = performance.now();
    if (count < this.#batch && this.#waiting.length === 0 && start - this.#last < LONGEST_WAIT) return;
    this.#last = start;
    this.#indirect.collect();
    view.setUint32(HOT_COUNT, 0, true);
    for (let index = 0; index < count; index++) this.#waiting.push(view.getUint32(HOT_QUEUE + 4 * index, true));
    const chosen: Compiling[] = [];
    // A block that ran often enough since the last time is in the queue more than once.
    const seen = new Set<number>();
    let done = 0;
    while (done < this.#waiting.length && performance.now() - start < LONGEST_TURN) {
      const ip = this.#waiting[done++]!;
      const region = seen.has(ip) ? null : this.#choose(ip);
      seen.add(ip);
      if (region) chosen.push(region);
    }
    this.#waiting.splice(0, done);
    if (chosen.length > 0) this.#compile(chosen);
    this.#spent(start);
  }

  /** @param start when the work began, milliseconds */
  #spent(start: number): void {
    this.statistics.time += Math.round((performance.now() - start) * 1e6);
  }

  #choose(ip: number): Compiling | null {
    const known = this.#regions.get(ip);
    if (known ? known.isLarge || this.#blocks.executions(ip) < this.#busy : this.#covered.delete(ip)) return null;
    if (known) known.isLarge = true;
    const outline = this.#reader.read(ip, known ? null : (at) => this.#regions.has(at));
    if (outline === null || outline.blocks.length === known?.blocks) return null;
    this.#covered.delete(ip);
    for (const block of outline.blocks)
      if (block.ip !== ip && !this.#regions.has(block.ip)) this.#covered.add(block.ip);
    return { region: known ?? { slot: 0, isLarge: false, blocks: 0 }, outline, ip };
  }

  /** All decoded code is gone: so are the places of its regions. */
  forget(): void {
    for (const [ip, region] of this.#regions) this.#release(ip, region);
    this.#regions.clear();
    this.#covered.clear();
    this.#indirect.forget();
    this.#blocks.forget();
    this.#waiting = [];
    this.#view.setUint32(HOT_COUNT, 0, true);
  }

  /**
   * Gives up regions: the interpreter runs their code again, until it is found hot. To be called while no guest code runs.
   * @param chosen says which, by the address of the entry's first record
   */
  evict(chosen: (ip: number) => boolean): void {
    for (const [ip, region] of this.#regions) {
      if (!chosen(ip)) continue;
      this.#regions.delete(ip);
      this.#release(ip, region);
      this.#view.setUint32(ip + RECORD_HANDLER, this.#blocks.handler(ip), true);
    }
    this.#covered.clear();
  }

  #release(ip: number, region: Region): void {
    if (region.slot === 0) return;
    this.#modules.remove(ip);
    this.statistics.dropped++;
    this.#interpreter.handlers.set(region.slot, null);
    this.#freeSlots.push(region.slot);
    region.slot = 0;
  }

  /** Gives up regions whose code is gone, and if that is not enough the modules that are used least. */
  #makeRoom(): void {
    this.evict((ip) => this.#blocks.machine(ip) === 0);
    const unused = this.#modules.leastUsed();
    this.evict((ip) => unused.has(ip));
  }

  #compile(chosen: readonly Compiling[]): void {
    if (this.#modules.areTooMany) this.#makeRoom();
    const described = chosen.flatMap((one) => {
      const descriptor = one.outline.pages.length === 0 ? 0 : this.#describe(one.outline);
      return descriptor === null ? [] : [{ ...one, descriptor }];
    });
    if (described.length === 0) return;
    const { countRetired: counts = false, dump } = this.#options;
    const regions = described.map(({ outline: { blocks, form }, descriptor }) => ({ blocks, form, descriptor }));
    for (const { ip, region } of described) this.#regions.set(ip, region);
    const batch = packBatch(this.#memory.buffer, regions, (first) => this.#blocks.handler(first), counts);
    if (dump) dumpRegions(this.#view, batch, dump);
    if (!this.#compiler?.isReady) return this.#install(described, compileBatch(batch));
    this.#compiler.compile(batch, (compiled) => {
      const start = performance.now();
      this.#install(described, compiled);
      this.#spent(start);
    });
  }

  /** Puts compiled regions in their places, but for those that were given up meanwhile or whose code was dropped. */
  #install(compiling: readonly Compiling[], { module, wasmBytes, timeBeside }: CompiledBatch): void {
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory: this.#memory },
      core: this.#core,
      interpreter: this.#interpreter,
    });
    const { statistics } = this;
    statistics.modules++;
    statistics.wasmBytes += wasmBytes;
    statistics.timeBeside += timeBeside;
    const live: LiveModule = { bytes: wasmBytes, entries: new Map() };
    for (const [index, { ip, region, outline }] of compiling.entries()) {
      statistics.regions++;
      statistics.instructions += outline.instructions;
      const isWanted = this.#regions.get(ip) === region;
      if (isWanted && outline.blocks.every((block) => this.#blocks.machine(block.ip) !== 0)) {
        this.#place(ip, region, exports[`region${index}`]);
        region.blocks = outline.blocks.length;
        this.#modules.put(live, ip);
        continue;
      }
      statistics.dropped++;
      if (isWanted && region.slot === 0) this.#regions.delete(ip);
    }
  }

  /** Writes the descriptor of a region's pages into the arena of decoded code; null when that is full. */
  #describe({ pages }: RegionOutline): number | null {
    const view = this.#view;
    const descriptor = view.getUint32(ARENA_NEXT, true);
    const end = descriptor + REGION_PAGES + pages.length * REGION_PAGE_SIZE;
    if (end > view.getUint32(ARENA_END, true)) return null;
    view.setUint32(ARENA_NEXT, end + (end % 16 === 0 ? 0 : 16 - (end % 16)), true);
    new Uint8Array(this.#memory.buffer, descriptor, REGION_PAGES).fill(0);
    view.setUint32(descriptor + REGION_PAGE_COUNT, pages.length, true);
    pages.forEach(({ distance, frame, block }, index) => {
      const page = descriptor + REGION_PAGES + index * REGION_PAGE_SIZE;
      view.setBigInt64(page + REGION_PAGE_DISTANCE, BigInt(distance), true);
      view.setUint32(page + REGION_PAGE_FRAME, frame, true);
      view.setUint32(page + REGION_PAGE_BLOCK, block - BLOCK_HEADER, true);
    });
    return descriptor;
  }

  #place(ip: number, region: Region, code: unknown): void {
    const { handlers } = this.#interpreter;
    if (region.slot === 0) region.slot = this.#freeSlots.pop() ?? this.#nextSlot++;
    if (region.slot >= handlers.length) handlers.grow(1024);
    handlers.set(region.slot, code);
    this.#view.setUint32(ip + RECORD_HANDLER, region.slot, true);
  }
}
