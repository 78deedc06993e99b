import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModuleBuilder } from './module-builder.ts';
import { printFunction, printModule } from './text.ts';

function sample(): ModuleBuilder {
  const builder = new ModuleBuilder();
  const type = builder.type(['i32', 'v128'], ['i32']);
  const report = builder.importFunction('host', 'report', builder.type(['i64'], []));
  builder.importMemory('host', 'memory', { initial: 1, maximum: 65536 });
  builder.table({ initial: 2 });
  builder.global('f64', true, (code) => code.f64Const(-0));
  const sum = builder.declareFunction(type, 'sum');
  builder.activeElements((code) => code.i32Const(1), [sum, report]);
  builder.export('sum"\n', 'function', sum);
  const code = builder.body(sum);
  const count = code.addLocal('i32');
  code.addLocal('i64');
  code.addLocal('i64');
  code.loop('i32');
  code.localGet(0);
  code.if();
  code.i64Const(-1n);
  code.call(report);
  code.else();
  code.localGet(count);
  code.i32Load16U(12);
  code.localGet(1);
  code.v128Store64Lane(0, 1, 0);
  code.end();
  code.localGet(0);
  code.localGet(1);
  code.i32Const(1);
  code.returnCallIndirect(type);
  code.end();
  return builder;
}

const sumText = `(func $sum (type 0) (param i32 v128) (result i32)
  (local i32 i64 i64)
  loop (result i32)
    local.get 0
    if
      i64.const -1
      call $report
    else
      local.get 2
      i32.load16_u offset=12
      local.get 1
      v128.store64_lane align=1 1
    end
    local.get 0
    local.get 1
    i32.const 1
    return_call_indirect 0 (type 0)
  end
)
`;

test('a function prints as indented text with the names of what it calls', () => {
  const bytes = sample().toBytes({ names: true });
  assert.ok(WebAssembly.validate(bytes));
  assert.equal(printFunction(bytes, 1), sumText);
});

test('a module prints its imports, definitions and exports', () => {
  assert.equal(
    printModule(sample().toBytes({ names: true })),
    `(module
  (type (;0;) (func (param i32 v128) (result i32)))
  (type (;1;) (func (param i64)))
  (import "host" "report" (func $report (type 1)))
  (import "host" "memory" (memory (;0;) 1 65536))
  (table (;0;) 2 funcref)
  (global (;0;) (mut f64) (f64.const -0))
  (export "sum\\22\\0a" (func $sum))
  (elem (i32.const 1) $sum $report)
${sumText.trimEnd().replace(/^/gm, '  ')}
)
`,
  );
});

test('without a name section, functions print by index', () => {
  const text = printModule(sample().toBytes());
  assert.match(text, /\(func \(;1;\) \(type 0\)/);
  assert.match(text, /\(import "host" "report" \(func \(;0;\) \(type 1\)\)\)/);
  assert.match(text, /call 0\n/);
});

test('bytes that are no module, end early or use an unknown operator are refused', () => {
  const bytes = sample().toBytes();
  assert.throws(() => printModule(new Uint8Array(8)), { message: /no WebAssembly module of version 1/ });
  assert.throws(() => printModule(bytes.subarray(0, bytes.length - 1)), { message: /ends too early/ });
  assert.throws(() => printFunction(bytes, 0), { message: 'The module has no function 0 with a body.' });
  const builder = new ModuleBuilder();
  const index = builder.declareFunction(builder.type([], []));
  builder.body(index).writer.byte(0xff);
  assert.throws(() => printFunction(builder.toBytes(), index), { message: /starts no operator.*0xff/ });
});
