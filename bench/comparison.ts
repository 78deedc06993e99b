// Runs every system in turn, several times over, and brings the samples together.

import type { Architecture } from './architecture.ts';
import type { GuestImage } from './guest-image.ts';
import type { Row } from './rows.ts';
import type { Clock, Sample } from './run-guest.ts';
import { runGuest } from './run-guest.ts';
import { median } from './statistics.ts';
import type { System, SystemName } from './systems.ts';

/** The figures of one architecture. */
export interface Comparison {
  readonly architecture: Architecture;
  readonly rows: readonly Row[];
  readonly systems: readonly System[];
  /** Milliseconds of each run, by row and system. */
  readonly times: ReadonlyMap<string, ReadonlyMap<SystemName, readonly number[]>>;
}

/** Measures the rows. The systems take turns, so that what disturbs the host disturbs all of them alike. */
export async function compare(
  architecture: Architecture,
  image: GuestImage,
  rows: readonly Row[],
  systems: readonly System[],
  runs: number,
  clock: Clock,
): Promise<Comparison> {
  const times = new Map(rows.map(({ name }) => [name, new Map<SystemName, number[]>()]));
  const checksums = new Map<string, string>();

  const keep = (system: System, name: string, { milliseconds, checksum }: Sample): void => {
    const figures = times.get(name);
    if (figures === undefined) return;
    if (checksum !== undefined) {
      const expected = checksums.get(name) ?? checksum;
      checksums.set(name, expected);
      if (checksum !== expected) {
        process.stderr.write(`${system.title} computes ${checksum} in ${name}, others ${expected}: not counted\n`);
        return;
      }
    }
    figures.set(system.name, [...(figures.get(system.name) ?? []), milliseconds]);
  };

  const programs = rows.filter(({ group }) => group !== 'boot').map(({ name }) => name);
  for (let run = 1; run <= runs; run++) {
    for (const system of systems) {
      process.stderr.write(`${architecture}, run ${run} of ${runs}: ${system.title}\n`);
      if (system.boots && programs.length < rows.length) {
        const samples = await runGuest(system, { architecture, image, initrd: image.small, rows: [] }, clock);
        for (const [name, sample] of samples) keep(system, name, sample);
      }
      if (programs.length === 0) continue;
      const samples = await runGuest(system, { architecture, image, initrd: image.large, rows: programs }, clock);
      for (const [name, sample] of samples) if (programs.includes(name)) keep(system, name, sample);
    }
  }
  return { architecture, rows, systems, times };
}

/** The median time of a row on a system in milliseconds, if it has one. */
export function timeOf({ times }: Comparison, row: string, system: SystemName): number | undefined {
  const figures = times.get(row)?.get(system);
  return figures === undefined ? undefined : median(figures);
}

/** Lodge's time over another system's, by row; rows that one of them has no figure for are left out. */
export function ratios(comparison: Comparison, ours: SystemName, theirs: SystemName): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { name } of comparison.rows) {
    const [our, their] = [timeOf(comparison, name, ours), timeOf(comparison, name, theirs)];
    if (our !== undefined && their !== undefined) found.set(name, our / their);
  }
  return found;
}
