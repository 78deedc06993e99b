// Build step: writes the interpreter's generated WebAssembly to build/interpreter.wasm.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildInterpreter } from '../src/translate/interpreter-module.ts';

const target = fileURLToPath(new URL('../../interpreter.wasm', import.meta.url));
const bytes = buildInterpreter({ names: process.argv.includes('--names') });
new WebAssembly.Module(bytes);
writeFileSync(target, bytes);
