import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code } from './code.ts';
import { ModuleBuilder } from './module-builder.ts';

function instantiate(builder: ModuleBuilder, imports: WebAssembly.Imports = {}): Record<string, CallableFunction> {
  const module = new WebAssembly.Module(builder.toBytes({ names: true }));
  return new WebAssembly.Instance(module, imports).exports as Record<string, CallableFunction>;
}

test('mutual tail calls through a table run in constant stack', () => {
  const builder = new ModuleBuilder();
  const type = builder.type(['i32', 'i64'], ['i64']);
  const table = builder.table({ initial: 3, maximum: 3 });
  const even = builder.declareFunction(type, 'even');
  const odd = builder.declareFunction(type, 'odd');
  builder.activeElements((code) => code.i32Const(1), [even, odd]);
  for (const [index, add, next] of [
    [odd, 1n, 1],
    [even, 1000n, 2],
  ] as const) {
    const code = builder.body(index);
    code.localGet(0);
    code.i32Eqz();
    code.if();
    code.localGet(1);
    code.return();
    code.end();
    code.localGet(0);
    code.i32Const(1);
    code.i32Sub();
    code.localGet(1);
    code.i64Const(add);
    code.i64Add();
    code.i32Const(next);
    code.returnCallIndirect(type, table);
  }
  builder.export('start', 'function', even);
  assert.equal(instantiate(builder)['start']?.(1_000_001, 0n), 500_001n * 1000n + 500_000n);
});

test('imports of every kind are numbered before definitions and reach the host', () => {
  const builder = new ModuleBuilder();
  const unary = builder.type(['i32'], ['i32']);
  assert.equal(builder.type(['i32'], ['i32']), unary);
  assert.notEqual(builder.type(['i32', 'i32'], []), builder.type(['i32'], ['i32', 'i32']));
  const twice = builder.importFunction('host', 'twice', unary);
  builder.importMemory('host', 'memory', { initial: 1, maximum: 2 });
  const table = builder.importTable('host', 'table', { initial: 1 });
  const base = builder.importGlobal('host', 'base', 'i32');
  const count = builder.global('i64', true, (code) => code.i64Const(40));
  const own = builder.declareFunction(unary);
  assert.deepEqual([twice, own, base, count], [0, 1, 0, 1]);
  builder.activeElements((code) => code.i32Const(0), [own], table);
  builder.export('own', 'function', own);
  builder.export('count', 'global', count);
  const code = builder.body(own);
  const local = code.addLocal('f64');
  const result = code.addLocal('i32');
  assert.deepEqual([local, result], [1, 2]);
  code.globalGet(count);
  code.i64Const(2);
  code.i64Add();
  code.globalSet(count);
  code.localGet(0);
  code.call(twice);
  code.globalGet(base);
  code.i32Add();
  code.localTee(result);
  code.i32Load8U(0);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  new Uint8Array(memory.buffer)[142] = 77;
  const imports = {
    host: {
      twice: (value: number) => value * 2,
      memory,
      table: new WebAssembly.Table({ element: 'anyfunc', initial: 1 }),
      base: new WebAssembly.Global({ value: 'i32' }, 100),
    },
  };
  const exports = instantiate(builder, imports);
  assert.equal(exports['own']?.(21), 77);
  assert.equal(imports.host.table.get(0), exports['own']);
  assert.equal((exports['count'] as unknown as WebAssembly.Global).value, 42n);
});

test('labels taken when a block is opened branch to it from any depth', () => {
  const builder = new ModuleBuilder();
  const index = builder.declareFunction(builder.type(['i32'], ['i32']));
  builder.export('pick', 'function', index);
  const code = builder.body(index);
  code.block();
  const outer = code.openBlocks;
  code.block();
  const middle = code.openBlocks;
  code.block();
  const inner = code.openBlocks;
  code.localGet(0);
  code.brTable([code.depthOf(inner), code.depthOf(middle)], code.depthOf(outer));
  code.end();
  code.i32Const(10);
  code.return();
  code.end();
  code.i32Const(20);
  code.return();
  code.end();
  code.i32Const(30);
  const exports = instantiate(builder);
  assert.deepEqual(
    [0, 1, 2, 99].map((value) => exports['pick']?.(value)),
    [10, 20, 30, 30],
  );
  assert.equal(code.openBlocks, 0);
});

test('a second table, declared functions and references validate and run', () => {
  const builder = new ModuleBuilder();
  const type = builder.type([], ['i32']);
  builder.table({ initial: 1 });
  const second = builder.table({ initial: 4 });
  const seven = builder.declareFunction(type, 'seven');
  builder.body(seven).i32Const(7);
  const call = builder.declareFunction(type, 'call');
  builder.declareElements([seven]);
  builder.activeElements((code) => code.i32Const(3), [call], second);
  const code = builder.body(call);
  code.i32Const(2);
  code.refFunc(seven);
  code.tableSet(second);
  code.i32Const(2);
  code.callIndirect(type, second);
  builder.export('call', 'function', call);
  builder.export('table', 'table', second);
  const exports = instantiate(builder);
  assert.equal(exports['call']?.(), 7);
  assert.equal((exports['table'] as unknown as WebAssembly.Table).get(3), exports['call']);
});

test('a part with its own locals leaves them to the next part', () => {
  const code = new Code(1);
  const outer = code.addLocal('i32');
  const taken: number[][] = [];
  for (const type of ['i64', 'i32'] as const) {
    code.withOwnLocals(() => taken.push([code.addLocal('i64'), code.addLocal(type)]));
  }
  assert.deepEqual([outer, ...taken], [1, [2, 3], [2, 4]]);
  assert.equal(code.addLocal('i32'), 4);
});

test('expectations are written as offsets of their branches from the start of the locals', () => {
  const builder = new ModuleBuilder();
  const type = builder.type(['i32'], ['i32']);
  builder.importFunction('host', 'imported', type);
  builder.body(builder.declareFunction(type, 'plain')).localGet(0);
  const index = builder.declareFunction(type, 'hinted');
  const code = builder.body(index);
  code.addLocal('i64');
  code.addLocal('f64');
  code.localGet(0);
  code.expect(false);
  code.if();
  code.localGet(0);
  code.expect(true);
  code.brIf(0);
  code.end();
  code.i32Const(7);
  builder.export('hinted', 'function', index);
  const bytes = builder.toBytes();
  // Two groups of locals take 5 bytes; the name of the section comes before what is compared.
  const name = Buffer.from('metadata.code.branch_hint');
  const at = Buffer.from(bytes).indexOf(name) + name.length;
  assert.deepEqual([...bytes.subarray(at, at + 9)], [1, index, 2, 5 + 2, 1, 0, 5 + 6, 1, 1]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { imported: () => 0 } });
  assert.equal((exports['hinted'] as CallableFunction)(1), 7);
});

test('a module that cannot be numbered or finished is refused with the reason', () => {
  const builder = new ModuleBuilder();
  const type = builder.type([], []);
  builder.declareFunction(type, 'forgotten');
  assert.throws(() => builder.toBytes(), { name: 'RangeError', message: 'Function 0 (forgotten) has no body.' });
  assert.throws(() => builder.importFunction('host', 'late', type), {
    message: 'Import host.late before defining a function: imports are numbered first.',
  });
  assert.throws(() => builder.body(1), RangeError);
});

test('a body far larger than the first capacity keeps every byte', () => {
  const builder = new ModuleBuilder();
  const index = builder.declareFunction(builder.type([], ['i64']));
  const code = builder.body(index, 16);
  let expected = 0n;
  code.i64Const(0);
  for (let value = 0n; value < 20_000n; value++) {
    code.i64Const(value * 0x1234_5678_9abn);
    code.i64Xor();
    expected ^= value * 0x1234_5678_9abn;
  }
  builder.export('sum', 'function', index);
  assert.equal(instantiate(builder)['sum']?.(), expected);
});
