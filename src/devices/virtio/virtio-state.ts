import { bool, list, record, u16, u32, u64, u8 } from '../../base/state-field.ts';
import type { FieldValue } from '../../base/state-field.ts';

/** Stands for "no vector" in a vector register (virtio 1.2, 4.1.5.1.2). */
export const NO_VECTOR = 0xffff;

const queue = record('one queue', {
  size: u16('number of descriptors, as the driver chose'),
  vector: u16('MSI-X vector', NO_VECTOR),
  enabled: bool('queue_enable'),
  descriptors: u64('guest-physical address of the descriptor area'),
  driver: u64('guest-physical address of the driver area'),
  device: u64('guest-physical address of the device area'),
  available: u16('position among what is available'),
  used: u16('position among what is used'),
  signalled: u16('position at the last look at whether the driver wants an interrupt'),
});

/** The fields of a virtio device with so many queues, but for those of its kind. */
export const virtioFields = (queues: number) => ({
  status: u8('device status'),
  deviceFeatureSelect: u32('device_feature_select'),
  driverFeatureSelect: u32('driver_feature_select'),
  driverFeatures: u64('the features that the driver has accepted'),
  configurationVector: u16('MSI-X vector of configuration changes', NO_VECTOR),
  queueSelect: u16('queue_select'),
  generation: u8('config_generation'),
  interruptStatus: u8('ISR status'),
  queues: list(queues, queue),
});

const anyNumber = record('virtio', virtioFields(0));
export type VirtioState = FieldValue<typeof anyNumber>;
export type QueueState = FieldValue<typeof queue>;
