// The one place where the command line meets the machine.

import { Domain as MachineDomain } from '../../machine/domain.ts';
import type { Domain, DomainOptions } from './domain.ts';
import { loadEngine } from '../../library/load-engine.ts';

/** Makes a domain. Rejects with a UserError when the guest cannot be booted as asked. */
export async function createDomain(options: DomainOptions): Promise<Domain> {
  const domain = new MachineDomain({
    engine: loadEngine(),
    execution: options.engine,
    memory: options.memory,
    kernel: options.kernel,
    initrd: options.initrd,
    append: options.append,
    modules: options.modules.map(({ data, commandLine }) => ({ bytes: data, commandLine })),
    clock: options.clock,
    devices: options.devices,
    disks: options.disks,
    shares: options.shares,
    network: options.network,
    channels: options.channels ?? [],
    serial: options.serial,
    countEngines: options.countEngines,
    dumpRegion: options.dumpRegion,
  });
  return {
    start: () => domain.run(),
    stop: () => domain.stop(),
    statistics: () => domain.statistics(),
  };
}
