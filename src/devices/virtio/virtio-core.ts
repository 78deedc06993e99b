import type { GuestMemory } from '../../base/guest-memory.ts';
import type { Chain } from './chain.ts';
import { PackedQueue } from './packed-queue.ts';
import { SplitQueue } from './split-queue.ts';
import { COMMON_FEATURES, FEATURE, STATUS } from './virtio-features.ts';
import type { VirtioModel, VirtioQueues } from './virtio-model.ts';
import type { QueueState, VirtioState } from './virtio-state.ts';
import type { QueuePosition, Virtqueue } from './virtqueue.ts';

/** How the core interrupts the driver: what a transport does. */
export interface VirtioInterrupts {
  queueUsed(vector: number): void;
  configurationChanged(vector: number): void;
}

/** A virtio device without its registers: status, features and queues, and the model behind them. */
export class VirtioCore {
  readonly model: VirtioModel;
  readonly features: bigint;
  readonly #memory: GuestMemory;
  readonly #interrupts: VirtioInterrupts;
  #state: VirtioState;
  #queues: (Virtqueue | undefined)[] = [];
  /** Requests that the model has and has not given back. */
  readonly #outstanding = new Set<Chain>();
  #session: Session | undefined;

  constructor(model: VirtioModel, memory: GuestMemory, interrupts: VirtioInterrupts, state: VirtioState) {
    this.model = model;
    this.features = model.features | COMMON_FEATURES;
    this.#memory = memory;
    this.#interrupts = interrupts;
    this.#state = state;
  }

  get state(): VirtioState {
    return this.#state;
  }

  /** Writes the device status register (virtio 1.2, 2.1.1 and 3.1.1). Zero is handled by the transport, which resets everything. */
  setStatus(value: number): void {
    const state = this.#state;
    const old = state.status;
    let status = value | (old & STATUS.needsReset);
    // A driver finds out by reading FEATURES_OK back whether the device works with what it accepted.
    if ((old & STATUS.featuresOk) === 0 && !this.#acceptsFeatures()) status &= ~STATUS.featuresOk;
    state.status = status & 0xff;
    const started = (status & STATUS.driverOk) !== 0 && (status & STATUS.featuresOk) !== 0;
    if (!started || this.#session !== undefined) return;
    this.#start();
    this.notifyAll();
  }

  /** Enables the queue that is selected, with the addresses and size it has now. */
  enableQueue(index: number): void {
    const queue = this.#state.queues[index];
    if (queue === undefined || queue.enabled) return;
    queue.enabled = true;
    this.#queues[index] = this.#makeQueue(queue, undefined);
  }

  /** The driver has put something into a queue. */
  notify(index: number): void {
    if (this.#session === undefined || this.#queues[index] === undefined || this.#isBroken) return;
    this.model.notify(index);
  }

  /** Takes a new state, and forgets what the old one was about. */
  reset(state: VirtioState): void {
    this.#session?.end();
    this.#session = undefined;
    for (const chain of this.#outstanding) chain.abandon();
    this.#outstanding.clear();
    this.#queues = [];
    this.#state = state;
    this.model.reset();
  }

  /** Looks into every queue: for what was made available while nobody looked. */
  notifyAll(): void {
    for (const index of this.#queues.keys()) this.notify(index);
  }

  /** Takes a saved state; the model's is restored already. `notifyAll` is to follow once the whole board is restored. */
  restore(state: VirtioState): void {
    this.#state = state;
    this.#queues = state.queues.map((queue) => (queue.enabled ? this.#makeQueue(queue, queue) : undefined));
    if ((state.status & STATUS.driverOk) !== 0 && (state.status & STATUS.featuresOk) !== 0) this.#start();
  }

  /** Notes in the state where the queues are, for a snapshot. */
  updateState(): void {
    for (const [index, queue] of this.#queues.entries()) {
      const saved = this.#state.queues[index];
      if (queue !== undefined && saved !== undefined) Object.assign(saved, queue.position);
    }
  }

  get #isBroken(): boolean {
    return (this.#state.status & STATUS.needsReset) !== 0;
  }

  #acceptsFeatures(): boolean {
    const { driverFeatures } = this.#state;
    return (driverFeatures & ~this.features) === 0n && (driverFeatures & FEATURE.version1) !== 0n;
  }

  #has(feature: bigint): boolean {
    return (this.#state.driverFeatures & feature) !== 0n;
  }

  #makeQueue(queue: QueueState, position: QueuePosition | undefined): Virtqueue {
    const place = {
      memory: this.#memory,
      size: Math.max(1, queue.size),
      descriptors: Number(queue.descriptors),
      driver: Number(queue.driver),
      device: Number(queue.device),
      hasEventIndex: this.#has(FEATURE.eventIndex),
      hasIndirect: this.#has(FEATURE.indirect),
    };
    return this.#has(FEATURE.packedRing) ? new PackedQueue(place, position) : new SplitQueue(place, position);
  }

  #start(): void {
    this.#session = new Session(this);
    this.model.start(this.#session, this.#state.driverFeatures);
  }

  /** For sessions alone. */
  pop(index: number): Chain | undefined {
    const queue = this.#queues[index];
    if (queue === undefined || this.#isBroken) return undefined;
    const chain = queue.pop();
    if (queue.isBroken) this.#break();
    if (chain !== undefined) this.#outstanding.add(chain);
    return chain;
  }

  /** For sessions alone. */
  putBack(index: number, chain: Chain): void {
    if (this.#outstanding.delete(chain)) this.#queues[index]?.putBack(chain);
  }

  /** For sessions alone. */
  push(index: number, chain: Chain, written: number): void {
    if (this.#outstanding.delete(chain)) this.#queues[index]?.push(chain, written);
  }

  /** For sessions alone. */
  signal(index: number): void {
    if (this.#queues[index]?.takeInterrupt() !== true) return;
    this.#interrupts.queueUsed((this.#state.queues[index] as QueueState).vector);
  }

  /** For sessions alone. */
  configurationChanged(): void {
    this.#state.generation = (this.#state.generation + 1) & 0xff;
    this.#interrupts.configurationChanged(this.#state.configurationVector);
  }

  /** The driver is told that only a reset helps (virtio 1.2, 2.1.2). */
  #break(): void {
    this.#state.status |= STATUS.needsReset;
    this.#interrupts.configurationChanged(this.#state.configurationVector);
  }
}

/** The queues as a model has them from start to reset. */
class Session implements VirtioQueues {
  #core: VirtioCore | undefined;

  constructor(core: VirtioCore) {
    this.#core = core;
  }

  end(): void {
    this.#core = undefined;
  }

  pop(queue: number): Chain | undefined {
    return this.#core?.pop(queue);
  }

  putBack(queue: number, chain: Chain): void {
    this.#core?.putBack(queue, chain);
  }

  push(queue: number, chain: Chain, written: number): void {
    this.#core?.push(queue, chain, written);
  }

  signal(queue: number): void {
    this.#core?.signal(queue);
  }

  configurationChanged(): void {
    this.#core?.configurationChanged();
  }
}
