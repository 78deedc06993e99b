/** The compiled WebAssembly that a domain is made from: what a host loads once and shares among domains. */
export interface EngineModules {
  readonly core: WebAssembly.Module;
  readonly interpreter: WebAssembly.Module;
}
