// Translates hot regions while the guest runs: reads what the interpreter's counters found, compiles a batch, and puts each
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
import { BlockReader, handlerAt } from './block-reader.ts';
import { dumpRegions, type RegionDump } from './dump-region.ts';
import { IndirectTargets } from './indirect-targets.ts';
import { buildRegions, type PlacedRegion } from './region-module.ts';
import { RegionReader, type RegionSource } from './region-source.ts';
import type { Thresholds } from './thresholds.ts';

/** What the translator needs of an instantiated interpreter: its table, and the functions that regions import. */
export type InterpreterExports = Record<string, unknown> & { readonly handlers: WebAssembly.Table };

/** Each module costs the host memory and time of its own: so many hot blocks make one, or what there is after so many milliseconds. */
const SMALLEST_BATCH = 48;
const LONGEST_WAIT = 50;
/** The guest waits for so many milliseconds at most; what is hot beside that waits for the next time. */
const LONGEST_TURN = 8;
/** So many regions live at once: hosts have a limit for modules, and a region that is still wanted is soon made again. */
const MOST_REGIONS = 10_000;

export interface TranslatorStatistics {
  /** Regions made so far, those among them that are gone again, and the modules that they came in. */
  regions: number;
  dropped: number;
  modules: number;
  wasmBytes: number;
  /** Guest instructions in all regions. */
  instructions: number;
  /** Host time spent translating, in nanoseconds. */
  time: number;
}

/** A region in the table. */
interface Installed {
  readonly slot: number;
  /** The handler of its entry's first record, as the decoder chose it. */
  readonly handler: number;
  /** Grown as far as it goes, as busy ones are. */
  isLarge: boolean;
  /** Blocks of the region. */
  readonly blocks: number;
}

export interface TranslatorOptions {
  /** Whether instructions that retire in regions are counted, which costs a little. */
  readonly countRetired?: boolean;
  readonly dump?: RegionDump | undefined;
}

export class Translator {
  readonly statistics: TranslatorStatistics = {
    regions: 0,
    dropped: 0,
    modules: 0,
    wasmBytes: 0,
    instructions: 0,
    time: 0,
  };
  readonly #memory: WebAssembly.Memory;
  readonly #view: DataView;
  readonly #core: Record<string, unknown>;
  readonly #interpreter: InterpreterExports;
  /** By address of the entry's first record, the oldest first. */
  readonly #installed = new Map<number, Installed>();
  /** Blocks inside regions that are no entries: they become entries when they turn out to be hot all the same. */
  readonly #covered = new Set<number>();
  readonly #blocks: BlockReader;
  readonly #indirect: IndirectTargets;
  readonly #reader: RegionReader;
  readonly #batch: number;
  readonly #busy: number;
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
    this.#blocks = new BlockReader(
      this.#view,
      core['decodedBlock'] as (machine: number, mode: number) => number,
      (ip) => this.#installed.get(ip)?.handler ?? handlerAt(this.#view, ip),
    );
    this.#indirect = new IndirectTargets(this.#view);
    this.#reader = new RegionReader(this.#blocks, this.#indirect, hot);
    this.#view.setUint32(HOT_MASK, hot - 1, true);
    this.#view.setUint32(BUSY_MASK, busy - 1, true);
    this.#busy = busy;
    this.#batch = hot === 1 ? 1 : SMALLEST_BATCH;
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
    const sources: RegionSource[] = [];
    // A block that ran often enough since the last time is in the queue more than once.
    const seen = new Set<number>();
    let done = 0;
    while (done < this.#waiting.length && performance.now() - start < LONGEST_TURN) {
      const ip = this.#waiting[done++]!;
      const source = seen.has(ip) ? null : this.#choose(ip);
      seen.add(ip);
      if (source) sources.push(source);
    }
    this.#waiting.splice(0, done);
    if (sources.length > 0) this.#install(sources);
    this.statistics.time += Math.round((performance.now() - start) * 1e6);
  }

  #choose(ip: number): RegionSource | null {
    const installed = this.#installed.get(ip);
    if (installed ? installed.isLarge || this.#blocks.executions(ip) < this.#busy : this.#covered.delete(ip))
      return null;
    if (installed) installed.isLarge = true;
    const source = this.#reader.read(ip, installed ? null : (at) => this.#installed.has(at));
    if (source === null || source.parts.length === installed?.blocks) return null;
    this.#covered.delete(ip);
    for (const part of source.parts) if (part.ip !== ip && !this.#installed.has(part.ip)) this.#covered.add(part.ip);
    return source;
  }

  /** All decoded code is gone: so are the places of its regions. */
  forget(): void {
    for (const { slot } of this.#installed.values()) this.#release(slot);
    this.#installed.clear();
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
    for (const [ip, { slot, handler }] of this.#installed) {
      if (!chosen(ip)) continue;
      this.#installed.delete(ip);
      this.#release(slot);
      this.#view.setUint32(ip + RECORD_HANDLER, handler, true);
    }
    this.#covered.clear();
  }

  #release(slot: number): void {
    this.statistics.dropped++;
    this.#interpreter.handlers.set(slot, null);
    this.#freeSlots.push(slot);
  }

  /** Makes room in the table: of regions whose code is gone, and if that is not enough of the oldest half. */
  #makeRoom(): void {
    this.evict((ip) => this.#blocks.machine(ip) === 0);
    if (this.#installed.size <= MOST_REGIONS / 2) return;
    let left = this.#installed.size / 2;
    this.evict(() => left-- > 0);
  }

  #install(sources: readonly RegionSource[]): void {
    if (this.#installed.size + sources.length > MOST_REGIONS) this.#makeRoom();
    const regions = sources.flatMap((source): PlacedRegion[] => {
      const { ip } = source.entry;
      const descriptor = source.pages.length === 0 ? 0 : this.#describe(source);
      const handler = this.#installed.get(ip)?.handler ?? handlerAt(this.#view, ip);
      return descriptor === null ? [] : [{ source, descriptor, handler }];
    });
    if (regions.length === 0) return;
    const { countRetired: counts = false, dump } = this.#options;
    const bytes = buildRegions(this.#view, regions, { counts });
    if (dump) dumpRegions(this.#view, regions, dump, counts);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.#memory },
      core: this.#core,
      interpreter: this.#interpreter,
    });
    regions.forEach((region, index) => this.#place(region, exports[`region${index}`]));
    const { statistics } = this;
    statistics.modules++;
    statistics.regions += regions.length;
    statistics.wasmBytes += bytes.length;
    for (const { source } of regions) statistics.instructions += source.instructions;
  }

  /** Writes the descriptor of a region's pages into the arena of decoded code; null when that is full. */
  #describe({ pages }: RegionSource): number | null {
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

  #place({ source, handler }: PlacedRegion, region: unknown): void {
    const { ip } = source.entry;
    const { handlers } = this.#interpreter;
    const slot = this.#installed.get(ip)?.slot ?? this.#freeSlots.pop() ?? this.#nextSlot++;
    if (slot >= handlers.length) handlers.grow(1024);
    handlers.set(slot, region);
    const isLarge = this.#installed.has(ip);
    this.#installed.set(ip, { slot, handler, isLarge, blocks: source.parts.length });
    this.#view.setUint32(ip + RECORD_HANDLER, slot, true);
  }
}
