import type { MmioHandler, MmioSize } from '../../base/mmio.ts';
import type { VirtioCore } from './virtio-core.ts';
import { NO_VECTOR } from './virtio-state.ts';
import type { QueueState } from './virtio-state.ts';
import { MOST_DESCRIPTORS } from './virtqueue.ts';

/** A register of the common configuration structure (virtio 1.2, 4.1.4.3). One without `set` is read-only. */
interface Register {
  readonly offset: number;
  readonly size: MmioSize;
  readonly get: () => number;
  readonly set?: (value: number) => void;
}

export interface CommonRegistersOptions {
  readonly core: VirtioCore;
  /** How many MSI-X vectors there are: a register does not take others. */
  readonly vectors: number;
  /** The driver wrote zero to the status register. */
  readonly onReset: () => void;
}

/** The common configuration structure. Accesses are of the register's size; 64-bit registers are two of 32 bits. */
export function commonRegisters({ core, vectors, onReset }: CommonRegistersOptions): MmioHandler {
  const queue = (): QueueState | undefined => core.state.queues[core.state.queueSelect];
  // Queue registers do not change while the queue is enabled.
  const change = (set: (queue: QueueState) => void): void => {
    const selected = queue();
    if (selected?.enabled === false) set(selected);
  };
  const half = (name: 'descriptors' | 'driver' | 'device', offset: number): readonly Register[] =>
    [0n, 32n].map((shift, index) => ({
      offset: offset + index * 4,
      size: 4,
      get: () => Number(((queue()?.[name] ?? 0n) >> shift) & 0xffff_ffffn),
      set: (value) =>
        change((selected) => {
          selected[name] = (selected[name] & ~(0xffff_ffffn << shift)) | (BigInt(value) << shift);
        }),
    }));
  const vector = (value: number): number => (value < vectors ? value : NO_VECTOR);
  const registers: readonly Register[] = [
    {
      offset: 0x00,
      size: 4,
      get: () => core.state.deviceFeatureSelect,
      set: (value) => (core.state.deviceFeatureSelect = value),
    },
    { offset: 0x04, size: 4, get: () => featureWord(core.features, core.state.deviceFeatureSelect) },
    {
      offset: 0x08,
      size: 4,
      get: () => core.state.driverFeatureSelect,
      set: (value) => (core.state.driverFeatureSelect = value),
    },
    {
      offset: 0x0c,
      size: 4,
      get: () => featureWord(core.state.driverFeatures, core.state.driverFeatureSelect),
      set: (value) => acceptFeatures(core, value),
    },
    {
      offset: 0x10,
      size: 2,
      get: () => core.state.configurationVector,
      set: (value) => (core.state.configurationVector = vector(value)),
    },
    { offset: 0x12, size: 2, get: () => core.state.queues.length },
    {
      offset: 0x14,
      size: 1,
      get: () => core.state.status,
      set: (value) => (value === 0 ? onReset() : core.setStatus(value)),
    },
    { offset: 0x15, size: 1, get: () => core.state.generation },
    {
      offset: 0x16,
      size: 2,
      get: () => core.state.queueSelect,
      set: (value) => (core.state.queueSelect = value),
    },
    {
      offset: 0x18,
      size: 2,
      get: () => queue()?.size ?? 0,
      set: (value) => change((selected) => (selected.size = allowedSize(core, value) ? value : selected.size)),
    },
    {
      offset: 0x1a,
      size: 2,
      get: () => queue()?.vector ?? NO_VECTOR,
      set: (value) => {
        const selected = queue();
        if (selected !== undefined) selected.vector = vector(value);
      },
    },
    {
      offset: 0x1c,
      size: 2,
      get: () => (queue()?.enabled === true ? 1 : 0),
      set: (value) => (value === 1 ? core.enableQueue(core.state.queueSelect) : undefined),
    },
    { offset: 0x1e, size: 2, get: () => (queue() === undefined ? 0 : core.state.queueSelect) },
    ...half('descriptors', 0x20),
    ...half('driver', 0x28),
    ...half('device', 0x30),
  ];
  const byOffset = new Map(registers.map((register) => [register.offset, register]));
  return {
    read: (offset, size) => {
      const register = byOffset.get(offset);
      return register?.size === size ? register.get() : 0;
    },
    write: (offset, size, value) => {
      const register = byOffset.get(offset);
      if (register?.size === size) register.set?.(value);
    },
  };
}

const featureWord = (features: bigint, select: number): number =>
  select < 2 ? Number((features >> BigInt(select * 32)) & 0xffff_ffffn) : 0;

/** Features are settled once the device has agreed to them. */
function acceptFeatures({ state }: VirtioCore, value: number): void {
  const FEATURES_OK = 8;
  const { driverFeatureSelect: select } = state;
  if (select > 1 || (state.status & FEATURES_OK) !== 0) return;
  const shift = BigInt(select * 32);
  state.driverFeatures = (state.driverFeatures & ~(0xffff_ffffn << shift)) | (BigInt(value) << shift);
}

/** A split queue has a power of two of descriptors. Packed ones need not, but drivers choose nothing else. */
function allowedSize({ state, model }: VirtioCore, size: number): boolean {
  const most = model.queueSizes[state.queueSelect] ?? 0;
  return size > 0 && size <= Math.min(most, MOST_DESCRIPTORS) && (size & (size - 1)) === 0;
}
