import { handlerCount } from '../handler-table.ts';
import { MachineView } from './machine-view.ts';
import type { CompiledBatch, RegionBatch } from './region-batch.ts';
import { buildRegions } from './region-module.ts';
import { readSources } from './region-source.ts';

/** Makes the module of a batch. */
export function compileBatch(batch: RegionBatch): CompiledBatch {
  const view = new MachineView(batch.records);
  const bytes = buildRegions(view, readSources(batch, view), { counts: batch.counts });
  return { module: new WebAssembly.Module(bytes), wasmBytes: bytes.length, timeBeside: 0 };
}

/**
 * Makes the module of a batch on another thread than the guest's. Engines compile a function when it is first called, which
 * is done here, so that the guest need not wait for it: the code belongs to the module, wherever that is instantiated.
 */
export function compileEagerly(batch: RegionBatch): CompiledBatch {
  const start = performance.now();
  const compiled = compileBatch(batch);
  // In a memory of zeros a region finds no budget, and leaves at once.
  const { exports } = new WebAssembly.Instance(compiled.module, imports);
  for (const region of Object.values(exports) as ((ip: number) => number)[]) {
    try {
      region(0);
    } catch {}
  }
  return { ...compiled, timeBeside: Math.round((performance.now() - start) * 1e6) };
}

/** Thrown by whatever a region calls. */
const beyond = Symbol('beyond the region');
const stop = (): never => {
  throw beyond;
};
const anything = { get: () => stop };
const imports = {
  env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 65_536 }) },
  core: new Proxy({}, anything),
  interpreter: new Proxy(
    { handlers: new WebAssembly.Table({ element: 'anyfunc', initial: handlerCount }) },
    { get: ({ handlers }, name) => (name === 'handlers' ? handlers : stop) },
  ),
};
