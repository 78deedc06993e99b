// Whole guests of which every block is translated, and whose regions are taken away at random.

import { createHash } from 'node:crypto';
import { guestPhysical } from '../../src/base/address.ts';
import { MIB } from '../../src/base/units.ts';
import { loadEngine } from '../../src/library/load-engine.ts';
import { Domain, type DomainOptions } from '../../src/machine/domain.ts';
import type { Outcome } from '../../src/machine/outcome.ts';
import type { Random } from '../instructions/random.ts';

/** Before one slice of so many, one region of so many is given up. */
const EVICTION = 4;
const EVICTED = 8;

type Guest = Pick<DomainOptions, 'kernel' | 'initrd' | 'append' | 'memory'>;

interface Run {
  /** What the guest did; the same on all engines. */
  readonly guest: {
    readonly outcome: Outcome;
    readonly output: string;
    readonly registers: string;
    /** A digest of all of its memory. */
    readonly memory: string;
    readonly instructions: number;
    readonly interrupts: number;
    readonly exceptions: number;
    readonly pageFaults: number;
  };
  readonly regions: number;
  /** Regions that were given up, or whose code was dropped. */
  readonly dropped: number;
}

/** How a guest is translated. */
export interface Forcing {
  /** The most instructions between two looks at what ran: then all of it is translated, up to 256 blocks at a time. */
  readonly slice: number;
  /** Where given, regions are given up by these numbers. */
  readonly evictions?: Random | null;
}

/**
 * Runs a guest by the clock of instructions.
 * @param forcing null: it is interpreted
 */
export async function forcedRun(guest: Guest, forcing: Forcing | null): Promise<Run> {
  const output: Uint8Array[] = [];
  const serial = Array.from({ length: 4 }, () => ({
    write: (bytes: Uint8Array) => void output.push(bytes),
    connect: () => {},
  }));
  const execution = forcing === null ? 'interpreter' : 'translator';
  const domain = new Domain({ ...guest, engine: loadEngine(), execution, clock: 'instructions', serial });
  const { vcpu } = domain;
  const run = vcpu.run.bind(vcpu);
  const { slice = Infinity, evictions } = forcing ?? {};
  vcpu.run = (budget) => {
    if (evictions?.oneIn(EVICTION)) vcpu.translator?.evict(() => evictions.oneIn(EVICTED));
    return run(Math.min(budget, slice));
  };
  const outcome = await domain.run();
  const digest = createHash('sha256');
  for (let at = 0; at < guest.memory; at += MIB) {
    digest.update(domain.cell.guestMemory.readBytes(guestPhysical(at), Math.min(MIB, guest.memory - at)));
  }
  const { instructions, interrupts, exceptions, pageFaults } = domain.statistics();
  const { regions = 0, dropped = 0 } = vcpu.translator?.statistics ?? {};
  return {
    guest: {
      outcome,
      output: Buffer.concat(output).toString('latin1'),
      registers: domain.describe(),
      memory: digest.digest('hex'),
      instructions,
      interrupts,
      exceptions,
      pageFaults,
    },
    regions,
    dropped,
  };
}
