// The modules that regions in the table are part of. An engine keeps a module, all of its code and what it knows of it, as
// long as one of its functions can be reached: so modules are given up as wholes, those whose regions were entered least.

/** So many bytes of WebAssembly live at once; an engine takes about ten times as many for them. */
const MOST_BYTES = 32 * 2 ** 20;
/** What is left of them when there are too many. */
const KEPT_BYTES = (MOST_BYTES * 3) / 4;

/** A module with its regions that are in use, each by the address of its entry's first record. */
export interface LiveModule {
  readonly bytes: number;
  /** For each how often its entry had been executed when it was last asked. */
  readonly entries: Map<number, number>;
}

export class LiveModules {
  readonly #byRegion = new Map<number, LiveModule>();
  readonly #executions: (ip: number) => number;
  #bytes = 0;

  /** @param executions of the block with its first record at an address, modulo 2 to the 32nd */
  constructor(executions: (ip: number) => number) {
    this.#executions = executions;
  }

  get areTooMany(): boolean {
    return this.#bytes > MOST_BYTES;
  }

  /** Says that a region is that of a module from now on. */
  put(module: LiveModule, ip: number): void {
    this.remove(ip);
    if (module.entries.size === 0) this.#bytes += module.bytes;
    module.entries.set(ip, this.#executions(ip));
    this.#byRegion.set(ip, module);
  }

  remove(ip: number): void {
    const module = this.#byRegion.get(ip);
    if (!module) return;
    this.#byRegion.delete(ip);
    module.entries.delete(ip);
    if (module.entries.size === 0) this.#bytes -= module.bytes;
  }

  /** The regions to give up, so that there are not too many: of the modules with the fewest entries a byte since the last time. */
  leastUsed(): ReadonlySet<number> {
    const modules = new Set(this.#byRegion.values());
    const uses = [...modules].map((module) => ({ module, use: this.#count(module) / module.bytes }));
    uses.sort((a, b) => a.use - b.use);
    const result = new Set<number>();
    let left = this.#bytes;
    for (const { module } of uses) {
      if (left <= KEPT_BYTES) break;
      left -= module.bytes;
      for (const ip of module.entries.keys()) result.add(ip);
    }
    return result;
  }

  /** How often regions of a module were entered since they were last asked. */
  #count({ entries }: LiveModule): number {
    let count = 0;
    for (const [ip, before] of entries) {
      const now = this.#executions(ip);
      count += (now - before) >>> 0;
      entries.set(ip, now);
    }
    return count;
  }
}
