// The page docs/instructions.md: every instruction there is, from its declaration.

import { instructions } from '../src/isa/catalog.ts';
import type { Instruction } from '../src/isa/instruction.ts';

interface Row {
  readonly encodings: string[];
  readonly manuals: Set<string>;
}

const introduction = `# Instructions

Every instruction that Lodge knows, by the CPUID feature that it belongs to. This page is generated from the declarations
in \`src/isa\`; \`node build/js/tools/generate-instruction-list.js\` writes it anew, and a test holds it to them. The head of
\`src/isa/form.ts\` explains how encodings are written. Any other opcode raises #UD.
`;

/** The instructions of one feature, by mnemonic. */
function table(members: readonly Instruction[]): string {
  const rows = new Map<string, Row>();
  for (const { mnemonic, forms, manual } of members) {
    const row = rows.get(mnemonic) ?? { encodings: [], manuals: new Set() };
    row.encodings.push(...forms.map(({ text }) => `\`${text}\``));
    row.manuals.add(manual);
    rows.set(mnemonic, row);
  }
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([mnemonic, { encodings, manuals }]) => `| ${mnemonic} | ${encodings.join(', ')} | ${[...manuals].join(', ')} |`,
    );
  return ['| mnemonic | encodings | manual |', '|---|---|---|', ...lines].join('\n');
}

/** The whole page. */
export function instructionList(): string {
  const features = new Map<string, Instruction[]>();
  for (const instruction of instructions) {
    const name = instruction.feature ?? '';
    features.set(name, [...(features.get(name) ?? []), instruction]);
  }
  const sections = [...features]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, members]) =>
        `## ${name === '' ? 'In every x86-64 processor' : `Feature \`${name}\``}\n\n${table(members)}\n`,
    );
  return [introduction, ...sections].join('\n');
}
