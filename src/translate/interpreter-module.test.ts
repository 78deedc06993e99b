import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ModuleReader } from '../wasm/module-reader.ts';
import { printFunction } from '../wasm/text.ts';
import { handlerCount } from './handler-table.ts';
import { buildInterpreter } from './interpreter-module.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/interpreter.md'), 'utf8');

test('the handler in docs/interpreter.md is the one that is generated', () => {
  const [, shown = ''] = /```wat\n(.*?)```/s.exec(page) ?? [];
  const expected = shown.replace(/ *;;.*/g, '');
  const [, name] = /^\(func (\$\S+) /.exec(expected) ?? [];
  assert.ok(name !== undefined, 'the page shows a named function');
  const bytes = buildInterpreter({ names: true });
  const printed = new ModuleReader(bytes).functions
    .filter(({ body }) => body)
    .map(({ index }) => printFunction(bytes, index))
    .filter((text) => text.startsWith(`(func ${name} `));
  // Numbers of types are not the page's business.
  assert.deepEqual(
    printed.map((text) => text.replace(/ \(type \d+\)/g, '')),
    [expected],
  );
});

test('the interpreter is a valid module with a handler in every place of its table', () => {
  const bytes = buildInterpreter({ names: false });
  assert.ok(WebAssembly.validate(bytes));
  const { tables, functions, exports } = new ModuleReader(bytes);
  assert.deepEqual(exports.map(({ name }) => name).sort(), [
    'followNext',
    'followTaken',
    'handlers',
    'proceed',
    'regionJump',
    'run',
  ]);
  assert.match(tables[0]!.text, new RegExp(`^${handlerCount} `));
  // Besides the handlers: the other functions that are exported, `jump`, `crossTaken`, `crossNext` and `loop`.
  assert.equal(functions.filter(({ body }) => body).length, handlerCount + 9);
});
