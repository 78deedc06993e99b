import type { RegionCompiler } from '../translate/region/region-batch.ts';

/** What domains are made from: what a host loads once and shares among them. */
export interface EngineModules {
  readonly core: WebAssembly.Module;
  readonly interpreter: WebAssembly.Module;
  /** Compiles beside the guests; without it, their threads do. */
  readonly compiler?: RegionCompiler | undefined;
}
