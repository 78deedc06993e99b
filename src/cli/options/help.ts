// Help text from the same tables that parsing uses.

import type { CommandSyntax } from './command.ts';

const WIDTH = 100;

/** Two columns, the right one wrapped. */
export function twoColumns(rows: readonly (readonly [left: string, right: string])[]): string {
  const left = Math.max(...rows.map(([cell]) => cell.length)) + 4;
  return rows
    .map(
      ([cell, description]) => `  ${cell}`.padEnd(left) + wrap(description, WIDTH - left).join(`\n${' '.repeat(left)}`),
    )
    .join('\n');
}

function wrap(paragraph: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The text of `--help` for a command, ended by a newline. */
export function helpText(syntax: CommandSyntax): string {
  const rows = Object.entries(syntax.options).map(([name, option]): [string, string] => {
    const notes = [
      ...(option.preset === undefined ? [] : [`${option.preset} unless given`]),
      ...(option.repeatable ? ['may be repeated'] : []),
    ];
    const written = option.placeholder === undefined ? `--${name}` : `--${name} ${option.placeholder}`;
    return [written, option.summary + (notes.length > 0 ? ` (${notes.join('; ')})` : '')];
  });
  rows.push(['--help', 'show this help']);
  const usage = syntax.usage.map((form, index) =>
    `${index === 0 ? 'Usage: ' : '       '}${syntax.name} ${form}`.trimEnd(),
  );
  const parts = [usage.join('\n'), wrap(syntax.summary, WIDTH).join('\n'), `Options:\n${twoColumns(rows)}`];
  for (const note of syntax.notes ?? []) {
    parts.push(
      note
        .split('\n')
        .flatMap((line) => (line.startsWith('  ') ? [line] : wrap(line, WIDTH)))
        .join('\n'),
    );
  }
  return `${parts.join('\n\n')}\n`;
}
