// The table on standard output.

import type { Comparison } from './comparison.ts';
import { ratios, timeOf } from './comparison.ts';
import { geometricMean } from './statistics.ts';

/** Lines of columns, the first to the left, the others to the right. */
export function formatTable(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) line.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  const format = (line: readonly string[]): string =>
    line
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd();
  return lines.map((line) => `${format(line)}\n`).join('');
}

const seconds = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? '-' : (milliseconds / 1000).toFixed(3);
const ratio = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '-' : value.toFixed(2);

/** The table of an architecture: seconds of every system, and Lodge's as a multiple of each of the others'. */
export function comparisonTable(comparison: Comparison): string {
  const { rows, systems } = comparison;
  const first = systems[0];
  if (first === undefined) return '';
  const others = systems.slice(1);
  const against = others.map((other) => ratios(comparison, first.name, other.name));
  const heading = [comparison.architecture, ...systems.map(({ title }) => title)];
  const lines = [[...heading, ...others.map(({ title }) => `÷ ${title}`)]];
  for (const group of new Set(rows.map((row) => row.group))) {
    const members = rows.filter((row) => row.group === group);
    for (const { name, title } of members) {
      const times = systems.map((system) => seconds(timeOf(comparison, name, system.name)));
      lines.push([`  ${title}`, ...times, ...against.map((by) => ratio(by.get(name)))]);
    }
    const means = against.map((by) => geometricMean(members.flatMap(({ name }) => by.get(name) ?? [])));
    lines.push([`${group}: geometric mean`, ...systems.map(() => ''), ...means.map(ratio)]);
  }
  const all = against.map((by) => geometricMean([...by.values()]));
  lines.push(['all: geometric mean', ...systems.map(() => ''), ...all.map(ratio)]);
  return formatTable(lines);
}
