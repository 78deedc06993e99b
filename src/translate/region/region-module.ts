// A batch of regions as one WebAssembly module, which exports them as region0, region1, …

import { coreRoutines, type CoreRoutine } from '../../isa/core-routines.ts';
import { ModuleBuilder } from '../../wasm/module-builder.ts';
import type { ValueType } from '../../wasm/value-type.ts';
import { handlerCount } from '../handler-table.ts';
import { engineRoutines } from '../interpreter-module.ts';
import { RegionEmitter, type EmitOptions } from './region-emitter.ts';
import { RegionHelpers } from './region-helpers.ts';
import { emitPageCheck } from './region-page-check.ts';
import type { RegionSource } from './region-source.ts';
import type { MachineView } from './machine-view.ts';

/** What regions call whatever their instructions are. */
const routines: Record<string, { parameters: ValueType[]; results: ValueType[] }> = {
  regionLoad: { parameters: ['i64', 'i32', 'i32'], results: ['i32'] },
  regionStore: { parameters: ['i64', 'i32', 'i32'], results: ['i32'] },
  regionUpdate: { parameters: ['i64', 'i32', 'i32'], results: ['i32'] },
  regionWindow: { parameters: ['i64', 'i32', 'i32'], results: ['i32'] },
  settleFlags: { parameters: ['i32', 'i64', 'i64'], results: [] },
  checkRegion: { parameters: ['i32'], results: ['i32'] },
};
const engine = ['storeCommit', 'deliverFault', 'raiseFault', 'blockBoundary', 'leaveAfter', 'suspend', 'settleHanded'];

/** What most regions are smaller than. */
const BYTES = 1024;
const BYTES_AN_INSTRUCTION = 64;

function signatureOf(name: string): { parameters: readonly ValueType[]; results: readonly ValueType[] } {
  const known = routines[name] ?? engineRoutines[name];
  if (known) return known;
  const { parameters, result } = coreRoutines[name as CoreRoutine];
  return { parameters, results: result === null ? [] : [result] };
}

/** What all modules of regions begin with: types, and imports but for routines that only some instructions call. */
function buildBase() {
  const builder = new ModuleBuilder();
  builder.importMemory('env', 'memory', { initial: 1, maximum: 65536 });
  const handlerType = builder.type(['i32'], ['i32']);
  const jumpType = builder.type(['i64', 'i32'], ['i32']);
  const ways = {
    proceed: builder.importFunction('interpreter', 'proceed', handlerType),
    jump: builder.importFunction('interpreter', 'regionJump', jumpType),
    followTaken: builder.importFunction('interpreter', 'followTaken', handlerType),
    followNext: builder.importFunction('interpreter', 'followNext', handlerType),
  };
  builder.importTable('interpreter', 'handlers', { initial: handlerCount });
  const indices = new Map<string, number>();
  for (const name of [...Object.keys(routines), ...engine]) indices.set(name, importRoutine(builder, name));
  return { builder, handlerType, ways, indices };
}

function importRoutine(builder: ModuleBuilder, name: string): number {
  const { parameters, results } = signatureOf(name);
  return builder.importFunction('core', name, builder.type(parameters, results));
}

const base = buildBase();

/**
 * Builds the module of a batch.
 * @param view of the batch's records
 * @param options.names whether functions get their names, for dumps
 */
export function buildRegions(
  view: MachineView,
  regions: readonly RegionSource[],
  options: EmitOptions & { readonly names?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const builder = new ModuleBuilder(base.builder);
  const { handlerType } = base;
  const indices = new Map(base.indices);
  for (const { routines: needed } of regions) {
    for (const name of needed) if (!indices.has(name)) indices.set(name, importRoutine(builder, name));
  }
  const imports = { ...base.ways, core: (name: string): number => indices.get(name)! };
  const helpers = new RegionHelpers(builder, imports.core);
  for (const [index, source] of regions.entries()) {
    const { entry, descriptor, handler, instructions } = source;
    const region = builder.declareFunction(handlerType, `region_${entry.ip.toString(16)}`);
    builder.export(`region${index}`, 'function', region);
    const code = builder.body(region, BYTES + instructions * BYTES_AN_INSTRUCTION);
    if (descriptor !== 0) emitPageCheck(code, imports, handlerType, descriptor, handler);
    new RegionEmitter(code, view, imports, helpers, handlerType, source, options).emit(entry);
  }
  return builder.toBytes({ names: options.names === true });
}
