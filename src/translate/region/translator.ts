// Translates hot regions while the guest runs: reads what the interpreter's counters found, compiles a batch, and puts each
// function in the place of its entry block's first handler.

import { HOT_COUNT, HOT_MASK, HOT_QUEUE, RECORD_HANDLER } from '../../core/layout.ts';
import { coreRoutines, type CoreRoutine } from '../../isa/core-routines.ts';
import type { ValueType } from '../../wasm/value-type.ts';
import { ModuleBuilder } from '../../wasm/module-builder.ts';
import { handlerCount } from '../handler-table.ts';
import { engineRoutines } from '../interpreter-module.ts';
import { RegionEmitter } from './region-emitter.ts';
import { RegionReader, type RegionSource } from './region-source.ts';

/** What the translator needs of an instantiated interpreter. */
export interface InterpreterExports {
  readonly handlers: WebAssembly.Table;
  readonly proceed: unknown;
}

/** Each module costs the host memory and time of its own: so many hot blocks make one, or what there is after so many milliseconds. */
const SMALLEST_BATCH = 16;
const LONGEST_WAIT = 20;

export interface TranslatorStatistics {
  regions: number;
  modules: number;
  wasmBytes: number;
  instructions: number;
  /** Host time spent translating, in nanoseconds. */
  time: number;
}

/** What regions call whatever their instructions are. */
const ENGINE_ROUTINES = [
  'loadMiss',
  'storeMiss',
  'updateMiss',
  'storeCommit',
  'deliverFault',
  'raiseFault',
  'blockBoundary',
  'jumpTo',
  'followLink',
  'leaveAfter',
  'noteHot',
];

function signatureOf(name: string): { parameters: readonly ValueType[]; results: readonly ValueType[] } {
  const engine = engineRoutines[name];
  if (engine) return engine;
  const { parameters, result } = coreRoutines[name as CoreRoutine];
  return { parameters, results: result === null ? [] : [result] };
}

export class Translator {
  readonly statistics: TranslatorStatistics = {
    regions: 0,
    modules: 0,
    wasmBytes: 0,
    instructions: 0,
    time: 0,
  };
  readonly #memory: WebAssembly.Memory;
  readonly #view: DataView;
  readonly #core: Record<string, unknown>;
  readonly #interpreter: InterpreterExports;
  readonly #replaced = new Map<number, number>();
  readonly #reader: RegionReader;
  #nextSlot = handlerCount;
  readonly #batch: number;
  /** When regions were last made, in milliseconds of the host. */
  #last = 0;

  /** @param after executions, a power of two, after which a block is translated */
  constructor(
    memory: WebAssembly.Memory,
    core: Record<string, unknown>,
    interpreter: InterpreterExports,
    after: number,
  ) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#core = core;
    this.#interpreter = interpreter;
    this.#reader = new RegionReader(this.#view, this.#replaced);
    this.#view.setUint32(HOT_MASK, after - 1, true);
    this.#batch = after === 1 ? 1 : SMALLEST_BATCH;
  }

  /** Translates the blocks that became hot since the last call. To be called while no guest code runs. */
  translateHot(): void {
    const count = this.#view.getUint32(HOT_COUNT, true);
    if (count === 0) return;
    const start = performance.now();
    if (count < this.#batch && start - this.#last < LONGEST_WAIT) return;
    this.#last = start;
    this.#view.setUint32(HOT_COUNT, 0, true);
    const sources: RegionSource[] = [];
    for (let index = 0; index < count; index++) {
      const ip = this.#view.getUint32(HOT_QUEUE + 4 * index, true);
      if (this.#replaced.has(ip)) continue;
      const source = this.#reader.read(ip);
      if (source) sources.push(source);
    }
    if (sources.length > 0) this.#install(sources);
    this.statistics.time += Math.round((performance.now() - start) * 1e6);
  }

  /** All decoded code is gone: so are the places of its regions. */
  forget(): void {
    this.#replaced.clear();
    this.#view.setUint32(HOT_COUNT, 0, true);
    this.#nextSlot = handlerCount;
  }

  #install(sources: readonly RegionSource[]): void {
    const builder = new ModuleBuilder();
    builder.importMemory('env', 'memory', { initial: 1, maximum: 65536 });
    const handlerType = builder.type(['i32'], ['i32']);
    const proceed = builder.importFunction('interpreter', 'proceed', handlerType);
    builder.importTable('interpreter', 'handlers', { initial: handlerCount });
    const indices = new Map<string, number>();
    const names = new Set(ENGINE_ROUTINES);
    for (const { routines } of sources) for (const name of routines) names.add(name);
    for (const name of names) {
      const { parameters, results } = signatureOf(name);
      indices.set(name, builder.importFunction('core', name, builder.type(parameters, results)));
    }
    const imports = { core: (name: string): number => indices.get(name)!, proceed };
    const functions = sources.map(({ entry, parts, used, written }) => {
      const index = builder.declareFunction(handlerType, `region_${entry.ip.toString(16)}`);
      builder.export(`region${index}`, 'function', index);
      new RegionEmitter(builder.body(index), this.#view, imports, handlerType, parts, used, written).emit(entry);
      return index;
    });
    const bytes = builder.toBytes();
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.#memory },
      core: this.#core,
      interpreter: { proceed: this.#interpreter.proceed, handlers: this.#interpreter.handlers },
    });
    functions.forEach((index, position) =>
      this.#place(sources[position]!.entry.ip, instance.exports[`region${index}`]),
    );
    const { statistics } = this;
    statistics.modules++;
    statistics.regions += sources.length;
    statistics.wasmBytes += bytes.length;
    for (const { instructions } of sources) statistics.instructions += instructions;
  }

  #place(ip: number, region: unknown): void {
    const { handlers } = this.#interpreter;
    const slot = this.#nextSlot++;
    if (slot >= handlers.length) handlers.grow(1024);
    handlers.set(slot, region);
    this.#replaced.set(ip, this.#view.getUint32(ip + RECORD_HANDLER, true));
    this.#view.setUint32(ip + RECORD_HANDLER, slot, true);
  }
}
