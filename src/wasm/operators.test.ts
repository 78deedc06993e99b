import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Code } from './code.ts';
import { ModuleBuilder } from './module-builder.ts';
import { methodName, operators, signatureOf } from './operators.ts';
import type { OperatorName } from './operators.ts';
import type { ValueType } from './value-type.ts';

const names = Object.keys(operators) as OperatorName[];

/** Arguments for the method of an operator with each kind of immediate, where the operator has a fixed signature. */
function sampleImmediates(kind: string): unknown[] {
  if (kind === 'i32') return [-123_456];
  if (kind === 'i64') return [-0x1234_5678_9abc_def0n];
  if (kind === 'f32' || kind === 'f64') return [0.1];
  if (kind === 'v128' || kind === 'shuffle') return [Array.from({ length: 16 }, (_, lane) => lane)];
  if (kind === 'lane') return [1];
  if (kind.startsWith('memoryLane')) return [300, 1];
  if (/^memory\d$/.test(kind)) return [70_000];
  assert.ok(['none', 'memoryIndex', 'memoryPair'].includes(kind), `no sample for immediates of kind ${kind}`);
  return [];
}

/** Calls the method of an operator with sample immediates. */
function emit(code: Code, name: OperatorName): void {
  const method = code[methodName(name) as 'nop'] as (...immediates: unknown[]) => void;
  method.apply(code, sampleImmediates(operators[name][1]));
}

/** A module whose one function applies one operator to its parameters. */
function moduleWith(name: OperatorName, operands: readonly ValueType[], results: readonly ValueType[]): Uint8Array {
  const builder = new ModuleBuilder();
  builder.memory({ initial: 1 });
  const index = builder.declareFunction(builder.type(operands, results));
  const code = builder.body(index);
  for (let parameter = 0; parameter < operands.length; parameter++) code.localGet(parameter);
  emit(code, name);
  return builder.toBytes();
}

test('the engine accepts every operator with exactly the types its row declares', () => {
  const special: string[] = [];
  for (const name of names) {
    const signature = signatureOf(name);
    if (signature === undefined) {
      special.push(name);
      continue;
    }
    const { operands, results } = signature;
    assert.ok(WebAssembly.validate(moduleWith(name, operands, results) as BufferSource), `${name} does not validate`);
    const other = results[0] === 'i32' ? 'i64' : 'i32';
    assert.ok(
      !WebAssembly.validate(moduleWith(name, operands, [other]) as BufferSource),
      `${name} also validates with the wrong result`,
    );
  }
  const control = 'unreachable block loop if else end br br_if br_table return call call_indirect return_call';
  const variables = 'local.get local.set local.tee global.get global.set table.get table.set';
  const references = 'ref.null ref.is_null ref.func table.grow table.size table.fill';
  assert.deepEqual(special, `${control} return_call_indirect drop select ${variables} ${references}`.split(' '));
});

test('no two operators share an opcode and every operator has its own method', () => {
  assert.equal(new Set(names.map((name) => operators[name][0])).size, names.length);
  const methods = new Set(names.map(methodName));
  assert.equal(methods.size, names.length);
  for (const method of methods) assert.equal(typeof Code.prototype[method as 'nop'], 'function', method);
});

interface Binaryen {
  readBinary(bytes: Uint8Array): { setFeatures(features: number): void; emitText(): string };
  Features: { All: number };
}

test('an independent disassembler reads each operator by the name of its row', async () => {
  // Binaryen comes with AssemblyScript's compiler.
  const path = createRequire(import.meta.resolve('assemblyscript/asc')).resolve('binaryen');
  const { default: binaryen } = (await import(path)) as { default: Binaryen };
  const builder = new ModuleBuilder();
  builder.memory({ initial: 1 });
  const written: OperatorName[] = [];
  for (const name of names) {
    const signature = signatureOf(name);
    if (signature === undefined || name === 'nop') continue;
    const { operands, results } = signature;
    const code = builder.body(builder.declareFunction(builder.type(operands, results), `of ${name} end`));
    for (let parameter = 0; parameter < operands.length; parameter++) code.localGet(parameter);
    emit(code, name);
    written.push(name);
  }
  const text = binaryen.readBinary(builder.toBytes({ names: true })).emitText();
  const functions = text.split(/^ \(func /m).slice(1);
  assert.equal(functions.length, written.length);
  for (const [index, name] of written.entries()) {
    const operator = functions[index]?.match(/^  \(([\w.]+)/m)?.[1];
    assert.equal(operator, name, functions[index]);
  }
});

/** Runs one operator on constants and returns its result. */
function run(results: readonly ValueType[], write: (code: Code) => void): unknown {
  const builder = new ModuleBuilder();
  builder.memory({ initial: 1 });
  const index = builder.declareFunction(builder.type([], results));
  write(builder.body(index));
  builder.export('run', 'function', index);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(builder.toBytes()));
  return (exports['run'] as () => unknown)();
}

test('integer constants at the edges of their LEB128 lengths arrive as they were written', () => {
  const i64 = (value: bigint | number): unknown => run(['i64'], (code) => code.i64Const(value));
  const i32 = (value: number): unknown => run(['i32'], (code) => code.i32Const(value));
  for (const power of [0, 6, 7, 13, 14, 20, 27, 30, 31]) {
    for (const value of [2 ** power - 1, 2 ** power, -(2 ** power), -(2 ** power) - 1]) {
      assert.equal(i32(value), value | 0);
      assert.equal(i64(value), BigInt(value));
      assert.equal(i64(BigInt(value) << 32n), BigInt.asIntN(64, BigInt(value) << 32n));
    }
  }
  assert.equal(i32(0xffff_fffe), -2);
  assert.equal(i64(0xffff_fffe), 0xffff_fffen);
  assert.equal(i64(0xffff_ffff_ffff_fffen), -2n);
  assert.equal(i64(Number.MIN_SAFE_INTEGER), BigInt(Number.MIN_SAFE_INTEGER));
});

test('floating-point constants keep their value', () => {
  const f32 = run(['f32'], (code) => code.f32Const(0.1));
  const f64 = run(['f64'], (code) => code.f64Const(-0.1));
  assert.deepEqual([f32, f64], [Math.fround(0.1), -0.1]);
});

/** The result of each operator for -5 and 3: operators of the same type validate alike, so a swapped row shows here. */
const ofMinusFiveAndThree: Record<string, bigint> = {
  'i64.add': -5n + 3n,
  'i64.sub': -5n - 3n,
  'i64.mul': -15n,
  'i64.div_s': -1n,
  'i64.div_u': (2n ** 64n - 5n) / 3n,
  'i64.rem_s': -2n,
  'i64.rem_u': (2n ** 64n - 5n) % 3n,
  'i64.and': 3n,
  'i64.or': -5n,
  'i64.xor': -5n ^ 3n,
  'i64.shl': -40n,
  'i64.shr_s': -1n,
  'i64.shr_u': (2n ** 64n - 5n) >> 3n,
  'i64.rotl': BigInt.asIntN(64, ((2n ** 64n - 5n) << 3n) | 7n),
  'i64.rotr': BigInt.asIntN(64, ((2n ** 64n - 5n) >> 3n) | (3n << 61n)),
};

test('i64 arithmetic computes what its name says', () => {
  for (const [name, expected] of Object.entries(ofMinusFiveAndThree)) {
    const actual = run(['i64'], (code) => {
      code.i64Const(-5);
      code.i64Const(3);
      code[methodName(name) as 'i64Add']();
    });
    assert.equal(actual, expected, name);
  }
});

test('lanes, shuffles and memory lanes take their immediates in the order of the binary format', () => {
  const ascending = Array.from({ length: 16 }, (_, lane) => 0xf0 + lane);
  const vector = (code: Code): void => code.v128Const(ascending);
  const unsigned = run(['i32'], (code) => {
    vector(code);
    code.i8x16ExtractLaneU(5);
  });
  const signed = run(['i32'], (code) => {
    vector(code);
    code.i8x16ExtractLaneS(5);
  });
  assert.deepEqual([unsigned, signed], [0xf5, -11]);
  const reversed = run(['i32'], (code) => {
    vector(code);
    vector(code);
    code.i8x16Shuffle([31, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    code.i32x4ExtractLane(0);
  });
  assert.equal(reversed, 0xfcfdfeff | 0);
  const stored = run(['i64'], (code) => {
    code.i32Const(16);
    vector(code);
    code.v128Store32Lane(1000, 2);
    code.i32Const(1016);
    code.i64Load(0, 0);
  });
  assert.equal(stored, 0xfbfa_f9f8n);
  assert.throws(() => new Code(0).v128Const([1, 2, 3]), { message: 'A v128 immediate has 16 bytes, not 3.' });
});
