// The plot of the comparison, as SVG: a panel for each architecture, a line for each row, and on a logarithmic axis each
// system's time as a multiple of QEMU's. Native times are left out: they would stretch the axis over two decades more.

import type { Comparison } from './comparison.ts';
import { ratios } from './comparison.ts';
import { groupTitles } from './rows.ts';
import { geometricMean } from './statistics.ts';
import type { SystemName } from './systems.ts';

const LABELS = 178;
const PANEL = 330;
const VALUES = 46;
const GAP = 26;
const TOP = 92;
const LINE = 19;
const FONT = "font-family='system-ui, sans-serif' font-size='12'";

// Text and lines take the colours of the page's scheme, marks have enough contrast in both.
const STYLE = `
  text { fill: #24292f } .dim { fill: #656d76 } .strong { font-weight: 600 }
  .grid { stroke: #d8dee4 } .one { stroke: #656d76 } .page { fill: #ffffff }
  .faster { fill: #1a7f5a } .slower { fill: #c4622d }
  .mark { fill: #ffffff; stroke-width: 1.6 } .interpreter { stroke: #6e7781 } .v86 { stroke: #8250df } .bochs { stroke: #bf3989 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .dim { fill: #8d96a0 } .grid { stroke: #30363d } .one { stroke: #8d96a0 } .page { fill: #0d1117 }
    .faster { fill: #3fb98a } .slower { fill: #e08a57 }
    .mark { fill: #0d1117 } .interpreter { stroke: #9198a1 } .v86 { stroke: #b08cf5 } .bochs { stroke: #e27bb1 }
  }`;

/** Systems besides Lodge, as circles, with their class in the style. */
const MARKS: readonly [system: SystemName, style: string, title: string][] = [
  ['lodge-interpreter', 'interpreter', "Lodge's interpreter"],
  ['v86', 'v86', 'v86'],
  ['bochs', 'bochs', 'Bochs'],
];

interface Axis {
  readonly ticks: readonly number[];
  /** The distance of a ratio from the left end of a panel. */
  at(ratio: number): number;
}

/** An axis over all of the ratios, from and to a 1, 2 or 5 times a power of ten. */
export function logarithmicAxis(figures: readonly number[]): Axis {
  const steps = [-3, -2, -1, 0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));
  const low = steps.findLast((step) => step <= Math.min(0.5, ...figures)) ?? steps[0]!;
  const high = steps.find((step) => step >= Math.max(2, ...figures)) ?? steps.at(-1)!;
  const scale = PANEL / Math.log(high / low);
  return {
    ticks: steps.filter((step) => step >= low && step <= high),
    at: (ratio) => Math.log(Math.min(high, Math.max(low, ratio)) / low) * scale,
  };
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const text = (x: number, y: number, content: string, style = '', anchor = 'start'): string =>
  `<text x='${x.toFixed(1)}' y='${y.toFixed(1)}' class='${style}' text-anchor='${anchor}'>${escape(content)}</text>`;
const vertical = (x: number, top: number, bottom: number, style: string): string =>
  `<line x1='${x.toFixed(1)}' x2='${x.toFixed(1)}' y1='${top}' y2='${bottom}' class='${style}'/>`;
const tick = (value: number): string => String(Number(value.toPrecision(1)));

/** The whole plot. The comparisons have the same rows. */
export function plotSvg(comparisons: readonly Comparison[]): string {
  const rows = comparisons[0]!.rows;
  const groups = [...new Set(rows.map(({ group }) => group))];
  const bottom = TOP + (rows.length + groups.length) * LINE + 8;
  const width = LABELS + comparisons.length * (PANEL + VALUES + GAP);
  const height = bottom + 34;
  const heights = new Map<string, number>();
  const parts: string[] = [];
  let y = TOP + LINE / 2;
  for (const group of groups) {
    heights.set(group, y);
    parts.push(text(8, y + 4, groupTitles[group], 'strong'));
    y += LINE;
    for (const { name, title } of rows.filter((row) => row.group === group)) {
      heights.set(name, y);
      parts.push(text(18, y + 4, title));
      y += LINE;
    }
  }
  const systemsShown: SystemName[] = ['lodge', ...MARKS.map(([system]) => system)];
  const shown = comparisons.flatMap((each) => systemsShown.map((system) => ratios(each, system, 'qemu')));
  const axis = logarithmicAxis(shown.flatMap((by) => [...by.values()]));
  comparisons.forEach((comparison, index) => {
    const left = LABELS + index * (PANEL + VALUES + GAP);
    parts.push(...panel(comparison, left, bottom, axis, heights));
  });
  return [
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${width} ${height}' width='${width}' height='${height}' ${FONT}>`,
    `<title>Lodge and other systems beside QEMU TCG</title><style>${STYLE}</style>`,
    `<rect class='page' width='${width}' height='${height}'/>`,
    text(8, 24, 'Time as a multiple of QEMU TCG’s: left of 1 is faster', 'strong'),
    ...legend(MARKS.filter(([system]) => comparisons.some((each) => ratios(each, system, 'qemu').size > 0))),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function legend(marks: typeof MARKS): string[] {
  const parts = ["<rect class='faster' x='8' y='37' width='16' height='9'/>", text(29, 46, 'Lodge, faster than QEMU')];
  parts.push("<rect class='slower' x='186' y='37' width='16' height='9'/>", text(207, 46, 'Lodge, slower'));
  let x = 306;
  for (const [, style, title] of marks) {
    parts.push(`<circle class='mark ${style}' cx='${x}' cy='42' r='4'/>`, text(x + 10, 46, title));
    x += 40 + title.length * 6;
  }
  return parts;
}

function panel(
  comparison: Comparison,
  left: number,
  bottom: number,
  axis: Axis,
  heights: ReadonlyMap<string, number>,
): string[] {
  const ours = ratios(comparison, 'lodge', 'qemu');
  const end = left + PANEL;
  const parts = [text(left, 72, comparison.architecture, 'strong'), text(end + VALUES, 72, '× QEMU', 'dim', 'end')];
  for (const value of axis.ticks) {
    const x = left + axis.at(value);
    parts.push(vertical(x, TOP - 8, bottom, value === 1 ? 'one' : 'grid'));
    parts.push(text(x, bottom + 16, tick(value), 'dim', 'middle'));
  }
  const one = left + axis.at(1);
  for (const { name, group } of comparison.rows) {
    const y = heights.get(name)!;
    const ratio = ours.get(name);
    if (ratio !== undefined) {
      const x = left + axis.at(ratio);
      const [from, to] = [Math.min(one, x), Math.max(one, x)];
      const style = ratio <= 1 ? 'faster' : 'slower';
      const size = `x='${from.toFixed(1)}' y='${y - 5}' width='${(to - from).toFixed(1)}' height='10'`;
      parts.push(`<rect class='${style}' ${size}/>`, text(end + VALUES, y + 4, ratio.toFixed(2), '', 'end'));
    }
    for (const [system, style] of MARKS) {
      const other = ratios(comparison, system, 'qemu').get(name);
      if (other === undefined) continue;
      parts.push(`<circle class='mark ${style}' cx='${(left + axis.at(other)).toFixed(1)}' cy='${y}' r='4'/>`);
    }
    if (name !== comparison.rows.find((row) => row.group === group)?.name) continue;
    const members = comparison.rows.filter((row) => row.group === group);
    const mean = geometricMean(members.flatMap((member) => ours.get(member.name) ?? []));
    if (!Number.isNaN(mean)) {
      parts.push(text(end + VALUES, heights.get(group)! + 4, mean.toFixed(2), 'strong', 'end'));
    }
  }
  return parts;
}
