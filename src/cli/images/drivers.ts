// Drivers that Debian builds as modules of its kernels, for the devices that a machine may have.

/** What the modules of every virtio device on PCI depend on, in the order in which they can be loaded. */
const VIRTIO = ['virtio_ring', 'virtio', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci'];

/**
 * Modules by the start of the PCI device's modalias, in the order in which they can be loaded. A kernel that has one built in
 * does not need it.
 */
const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  'pci:v00001AF4d00001041': [...VIRTIO, 'failover', 'net_failover', 'virtio_net'],
  // With the file system that its users will look for on a disk.
  'pci:v00001AF4d00001042': [
    ...VIRTIO,
    'virtio_blk',
    'crc16',
    'crc32c_generic',
    'libcrc32c',
    'mbcache',
    'jbd2',
    'ext4',
  ],
  'pci:v00001AF4d00001043': [...VIRTIO, 'virtio_console'],
  'pci:v00001AF4d00001049': [...VIRTIO, 'netfs', 'fscache', '9pnet', '9pnet_virtio', '9p'],
};

/** Every module that an image should have, if its kernel has it. */
export const driverModules: readonly string[] = [...new Set(Object.values(DRIVERS).flat())];

/** What `images/init` reads: a line a device, its alias and then the modules of those that are there. */
export function driverTable(there: ReadonlySet<string>): string {
  return Object.entries(DRIVERS)
    .map(([alias, modules]) => `${[alias, ...modules.filter((name) => there.has(name))].join(' ')}\n`)
    .join('');
}
