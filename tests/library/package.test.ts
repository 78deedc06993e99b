// Lodge as a program sees it that depends on the package: `import … from 'lodge'` from a project of its own.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import { echoesAndPowersOff } from './guests.ts';

const repository = join(import.meta.dirname, '../../../..');

/** A project that has Lodge and the types of Node.js installed. */
function project(context: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'lodge-package-'));
  context.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'node_modules/@types'), { recursive: true });
  symlinkSync(repository, join(directory, 'node_modules/lodge'));
  symlinkSync(join(repository, 'node_modules/@types/node'), join(directory, 'node_modules/@types/node'));
  for (const [name, content] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

function exampleOfTheReadme(): string {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8');
  const [, example] = /\n## As a library\n[^#]*?```js\n([^]*?)```/.exec(readme) ?? [];
  assert.ok(example !== undefined);
  return example;
}

test('the example of the README does what it says, and its process exits though its input stays open', async (context) => {
  const directory = project(context, {
    'example.js': exampleOfTheReadme(),
    bzImage: echoesAndPowersOff,
    'initrd.img': 'ramdisk',
  });
  const child = spawn(process.execPath, ['example.js'], { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), 30_000);
  child.stdin.write('hello, q');
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  clearTimeout(limit);
  assert.equal(stdout, 'hello, q');
  assert.match(stderr, /^paused\npoweroff \d+\n$/);
  assert.equal(status, 0);
});

const typed = `
import { Machine, UserError } from 'lodge';
import type { MachineModule, MachineOptions, MachineState, Outcome, SerialPort, Statistics } from 'lodge';
const modules: MachineModule[] = [{ data: new Uint8Array(1), commandLine: 'module' }];
const options: MachineOptions = { kernel: 'kernel', memory: 2 ** 28, clock: 'instructions', modules };
const machine = new Machine(options);
const port: SerialPort = machine.serials[3];
port.sendBreak();
machine.on('end', (outcome: Outcome) => console.log(outcome.kind === 'exit' ? outcome.status : outcome.kind));
const state: MachineState = machine.state;
const statistics: Statistics = machine.statistics();
export const facts: [number, string, boolean] = [statistics.instructions, state, new Error() instanceof UserError];
// @ts-expect-error there is no such event
machine.on('explosion', () => {});
// @ts-expect-error there is no such clock
new Machine({ kernel: 'kernel', clock: 'sundial' });
// @ts-expect-error a kernel is needed
new Machine({ memory: '16M' });
`;

test('the declarations stand on their own in a strict project', (context) => {
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    allowJs: true,
    checkJs: true,
    noEmit: true,
  };
  const directory = project(context, {
    'typed.ts': typed,
    'example.js': exampleOfTheReadme(),
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['typed.ts', 'example.js'] }),
  });
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  const compile = (): string => spawnSync(process.execPath, [compiler, '-p', directory], { encoding: 'utf8' }).stdout;
  assert.equal(compile(), '');
  writeFileSync(join(directory, 'typed.ts'), `${typed}\nmachine.launch();\n`);
  assert.match(compile(), /Property 'launch' does not exist on type 'Machine'/);
});
