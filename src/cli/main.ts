// The command line: finds the command and turns its errors into a sentence and an exit status.

import { UserError } from '../base/errors.ts';
import { suggest } from './options/nearest-spelling.ts';
import { asksForHelp } from './options/parse.ts';

interface Command {
  readonly name: string;
  readonly summary: string;
  readonly run: (args: readonly string[]) => Promise<number>;
  readonly help: () => Promise<string>;
}

// Each is loaded when it is called, to keep the start short.
const commands: readonly Command[] = [
  {
    name: 'run',
    summary: 'run a virtual machine',
    run: async (args) => (await import('./commands/run.ts')).run(args),
    help: async () => {
      const [{ helpText }, { runSyntax }] = await Promise.all([
        import('./options/help.ts'),
        import('./commands/run-syntax.ts'),
      ]);
      return helpText(runSyntax);
    },
  },
  {
    name: 'image',
    summary: 'build, list and remove images',
    run: async (args) => (await import('./commands/image.ts')).image(args),
    help: async () => {
      const [{ helpText }, { imageSyntax }] = await Promise.all([
        import('./options/help.ts'),
        import('./commands/image.ts'),
      ]);
      return helpText(imageSyntax);
    },
  },
  {
    name: 'disasm',
    summary: 'show machine code as text',
    run: async (args) => (await import('./commands/disasm.ts')).disasm(args),
    help: async () => {
      const [{ helpText }, { disasmSyntax }] = await Promise.all([
        import('./options/help.ts'),
        import('./commands/disasm.ts'),
      ]);
      return helpText(disasmSyntax);
    },
  },
];

async function generalHelp(): Promise<string> {
  const { twoColumns } = await import('./options/help.ts');
  const rows = commands.map(({ name, summary }): [string, string] => [name, summary]);
  const options: [string, string][] = [
    ['--help', 'show this help; lodge COMMAND --help shows that of a command'],
    ['--version', 'show the version'],
  ];
  return [
    'Usage: lodge COMMAND [ARGUMENT]…',
    'Runs unmodified x86 operating systems. To begin: lodge run debian',
    `Commands:\n${twoColumns(rows)}`,
    `Options:\n${twoColumns(options)}\n`,
  ].join('\n\n');
}

async function version(): Promise<string> {
  const [{ readFileSync }, { join }, { projectDirectory }] = await Promise.all([
    import('node:fs'),
    import('node:path'),
    import('../host/node/project-directory.ts'),
  ]);
  const json = readFileSync(join(projectDirectory(), 'package.json'), 'utf8');
  return `lodge ${(JSON.parse(json) as { version: string }).version}\n`;
}

async function main([first, ...args]: readonly string[]): Promise<number> {
  if (first === undefined) {
    process.stderr.write(await generalHelp());
    return 2;
  }
  const print = (text: string): number => {
    process.stdout.write(text);
    return 0;
  };
  if (first === '--help' || first === '-h') return print(await generalHelp());
  if (first === '--version') return print(await version());
  if (first === 'help') return main(args[0] === undefined ? ['--help'] : [args[0], '--help']);
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) {
    const known = first.startsWith('-') ? ['--help', '--version'] : commands.map(({ name }) => name);
    const what = first.startsWith('-') ? 'option' : 'command';
    throw new UserError(`There is no ${what} ${first}; ${suggest(first, known, 'lodge --help lists what there is.')}`);
  }
  if (asksForHelp(args)) return print(await command.help());
  return command.run(args);
}

let status: number;
try {
  status = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`lodge: ${error.message}\n`);
  status = error.status;
}
// Standard input may still be open, and would keep the process alive.
process.exit(status);
