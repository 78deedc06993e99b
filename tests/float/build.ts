// Builds the two sides of the differential tests from one table of operations: a C program that runs
// instructions on this machine, and a Wasm module that runs the core's routines on the same cases.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Operation } from './operation.ts';

/** Bytes of a case and of an answer, as in native.c. */
export const caseSize = 64;
export const answerSize = 48;

function findRepository(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const repository = findRepository();
const output = join(repository, 'build', 'float-tests');

function execute(command: string, parameters: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8', cwd: repository });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed: ${error?.message ?? stderr}`);
}

/** Why the host's processor cannot be the judge, or undefined when it can. */
export function nativeObstacle(): string | undefined {
  if (process.arch !== 'x64' || process.platform !== 'linux') return 'the host is not x86-64 Linux';
  return spawnSync('gcc', ['--version']).status === 0 ? undefined : 'there is no gcc';
}

/** Whether the host's processor has AVX, which the sixteen extra comparison predicates need. */
export function hostHasAvx(): boolean {
  return /^flags.*\bavx\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** Compiles the native runner and returns a function that runs cases through it. */
export function buildNative(operations: readonly Operation[]): (cases: Uint8Array) => Uint8Array {
  mkdirSync(output, { recursive: true });
  const rows = operations.map((operation, index) => `case ${index}: ${operation.native} break;\n`);
  writeFileSync(join(output, 'operations.inc'), rows.join(''));
  const program = join(output, 'native');
  const source = join(repository, 'tests/float/native.c');
  execute('gcc', ['-O1', '-mno-red-zone', '-Wall', '-Wextra', '-I', output, '-o', program, source]);
  return (cases) => {
    const { stdout, status, signal } = spawnSync(program, [], { input: cases, maxBuffer: 1 << 30 });
    if (status !== 0) throw new Error(`The native runner ended with status ${status}, signal ${signal}.`);
    return stdout;
  };
}

const harness = `
const scratch: usize = memory.data(16);

function x87Result(control: u32): void { x87Condition = floatCondition; }
function x87Flags(eflags: u32, control: u32): void {
  store<u64>(answerAddress, floatFlags & ~control & 7 ? 0 : eflags);
}
function f32Result(value: u32, control: u32): void { store<u64>(answerAddress, sseFault(control) ? 0 : value); }
function f64Result(value: u64, control: u32): void { store<u64>(answerAddress, sseFault(control) ? 0 : value); }
function flagsResult(value: u32, control: u32): void { x87Condition = sseFault(control) ? 0 : value; }

export function base(): usize { return __heap_base; }

let answerAddress: usize = 0;
let x87Condition: u32 = 0;

export function run(input: usize, output: usize, count: u32): void {
  for (; count > 0; count -= 1) {
    const control = load<u32>(input, 4);
    const a = input + 16;
    const b = input + 32;
    const a32 = load<u32>(a);
    const b32 = load<u32>(b);
    const a64 = load<u64>(a);
    const b64 = load<u64>(b);
    const first = output;
    const second = output + 16;
    answerAddress = output;
    memory.fill(output, 0, 48);
    floatFlags = 0;
    floatCondition = 0;
    x87Condition = 0;
    switch (load<u32>(input)) {
CASES
    }
    // The word at 12 says what was pending in the register before.
    store<u32>(output, floatFlags | load<u32>(input, 12), 32);
    store<u32>(output, x87Condition, 36);
    store<u32>(output, u32((floatFlags & ~load<u32>(input, 8)) != 0), 40);
    input += 64;
    output += 48;
  }
}
`;

/** The core's folder of AssemblyScript, as the modules written to the output folder import it. */
const assembly = '../../src/core/assembly';

/** The names the core's arithmetic exports, with the file of each. */
function exportedNames(): Map<string, string> {
  const floats = readdirSync(join(output, assembly, 'float')).filter((file) => file.endsWith('.ts'));
  const names = new Map<string, string>();
  for (const file of [...floats.map((name) => `${assembly}/float/${name}`), `${assembly}/wide.ts`]) {
    const text = readFileSync(join(output, file), 'utf8');
    for (const match of text.matchAll(/^export (?:function|const|let) (\w+)/gm)) names.set(match[1]!, file);
  }
  return names;
}

/** Compiles AssemblyScript that may use every name the core's arithmetic exports, and instantiates it. */
export function compileCore(name: string, body: string): WebAssembly.Exports {
  mkdirSync(output, { recursive: true });
  const used = new Set(body.match(/\b\w+\b/g));
  const names = [...exportedNames()];
  const imports = names
    .filter(([exported]) => used.has(exported))
    .map(([exported, file]) => `import { ${exported} } from '${file}';\n`);
  const entry = join(output, `${name}.ts`);
  writeFileSync(entry, imports.join('') + body);
  const asc = join(repository, 'node_modules/assemblyscript/bin/asc.js');
  const wasm = join(output, `${name}.wasm`);
  execute(process.execPath, [asc, entry, '--runtime', 'stub', '-O2', '--initialMemory', '1024', '-o', wasm]);
  const abort = (): never => {
    throw new Error('The core aborted.');
  };
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)), { env: { abort } }).exports;
}

/** Compiles the core's routines under the harness and returns a function that runs cases through it. */
export function buildCore(name: string, operations: readonly Operation[]): (cases: Uint8Array) => Uint8Array {
  const cases = operations.map((operation, index) => `      case ${index}: { ${operation.core}; break; }`);
  const { memory, run, base } = compileCore(name, harness.replace('CASES', cases.join('\n'))) as unknown as {
    memory: WebAssembly.Memory;
    run(input: number, output: number, count: number): void;
    base(): number;
  };
  return (bytes) => {
    const input = (base() + 63) & ~63;
    const answers = input + bytes.length;
    const count = bytes.length / caseSize;
    new Uint8Array(memory.buffer, input, bytes.length).set(bytes);
    run(input, answers, count);
    return new Uint8Array(memory.buffer, answers, count * answerSize).slice();
  };
}
